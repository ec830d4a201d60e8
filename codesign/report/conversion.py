"""What a conversion made, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.table import Table
from rich.text import Text

from codesign.graph import Convolution, Dense, DepthwiseConvolution, Graph, Node, Normalize
from codesign.road.conversion import Converted


def _parameters(node: Node) -> str:
    if isinstance(node, (Dense, Convolution, DepthwiseConvolution)):
        return f"weight {node.weight_type}, bias {node.bias_type}, accumulator {node.accumulator}"
    if isinstance(node, Normalize):
        return f"scale {node.scale_type}, bias {node.bias_type}"
    return ""


def graph_table(graph: Graph) -> Table:
    """Node by node: operation, shape and types."""
    table = Table(title=Text(f"Graph {graph.name!r}"), title_justify="left")
    for name in ("node", "operation", "shape", "result type", "parameters"):
        table.add_column(name, overflow="fold")
    for node in graph:
        shape = "x".join(map(str, node.shape))
        cells = (node.name, type(node).__name__, shape, str(node.result), _parameters(node))
        table.add_row(*(Text(cell) for cell in cells))
    return table


def rtl_line(converted: Converted) -> str:
    """The RTL project in one sentence, or why there is none."""
    manifest = converted.manifest
    if manifest is None:
        return f"No RTL project: {converted.design.rtl_refused}. The Graph and the HLS project are complete."
    fitted = ""
    if manifest.fitted_to:
        counts = ", ".join(f"{name} {number}" for name, number in manifest.fitted.items())
        folds = ", ".join(f"{name} {clocks}" for name, clocks in manifest.reuse.items()) or "none"
        fitted = f"; fits {manifest.fitted_to} ({counts}), clocks of folded layers: {folds}"
    return (
        f"RTL: latency {manifest.latency_cycles} cycles, interval {manifest.interval}, made for a clock period of "
        f"{manifest.clock_ns:g} ns{fitted}"
    )


def show(converted: Converted, say: Callable[..., None]) -> None:
    """Print a finished conversion for people."""
    say(graph_table(converted.graph))
    if converted.samples is not None and (converted.samples.rounded or converted.samples.overflowed):
        kept = converted.samples
        say(
            f"Of {kept.total} sample values, {kept.rounded} were rounded to the input type and "
            f"{kept.overflowed} were outside its range."
        )
    say(rtl_line(converted))
    say(f"{'Up to date' if converted.reused else 'Written'}: {converted.folder}")


def document(converted: Converted) -> dict[str, Any]:
    """A finished conversion for machines."""
    manifest = converted.manifest
    return {
        "folder": str(converted.folder),
        "reused": converted.reused,
        "graph_digest": converted.design.graph_digest,
        "nodes": [
            {"name": node.name, "operation": type(node).__name__, "shape": list(node.shape), "type": str(node.result)}
            for node in converted.graph
        ],
        "latency_cycles": None if manifest is None else manifest.latency_cycles,
        "interval": None if manifest is None else manifest.interval,
        "clock_ns": converted.design.clock_ns,
        "rtl_refused": converted.design.rtl_refused or None,
    }
