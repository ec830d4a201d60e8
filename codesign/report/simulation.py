"""What a simulation found, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from codesign.road.simulation import Simulated
from codesign.simulate.trace import LayerTrace


def _shown(value: int | None) -> str:
    return "-" if value is None else str(value)


def _alarming(count: int | None) -> Text:
    return Text(_shown(count), style="red" if count else "")


def trace_table(layers: Sequence[LayerTrace]) -> Table:
    """Per layer: its type, the integers it took, what was rounded or overflowed, and bits never used."""
    table = Table(title="layers on these samples (integers of each result type)", title_justify="left")
    table.add_column("node")
    table.add_column("result type", overflow="fold")
    for name in (
        "min",
        "max",
        "rounded",
        "wrapped",
        "satu-\nrated",
        "accum.\nover\nflowed",
        "unused\nhigh\nbits",
        "dead\nlow\nbits",
    ):
        table.add_column(name, justify="right", no_wrap=True)
    for layer in layers:
        table.add_row(
            layer.node,
            str(layer.type),
            _shown(layer.low),
            _shown(layer.high),
            str(layer.rounded),
            _alarming(layer.wrapped),
            _alarming(layer.saturated),
            _alarming(layer.accumulator_overflowed),
            _shown(layer.headroom),
            _shown(layer.dead_bits),
        )
    return table


def overflowing(layers: Sequence[LayerTrace]) -> list[str]:
    """Names of the layers that overflowed on these samples."""
    return [layer.node for layer in layers if layer.overflowed or layer.accumulator_overflowed]


def show(simulated: Simulated, say: Callable[..., None]) -> None:
    """Print a finished simulation for people."""
    if simulated.layers:
        say(trace_table(simulated.layers))
        names = overflowing(simulated.layers)
        say(f"Overflowed on these samples: {', '.join(names)}" if names else "No layer overflowed on these samples.")
    samples = simulated.samples
    if samples.rounded or samples.overflowed:
        say(
            f"Of {samples.total} input values, {samples.rounded} were rounded to the input type and "
            f"{samples.overflowed} were outside its range."
        )
    say(f"{simulated.count} samples: {simulated.output}")


def document(simulated: Simulated) -> dict[str, Any]:
    """A finished simulation for machines."""
    return {
        "samples": simulated.count,
        "output": str(simulated.output),
        "input_values": simulated.samples.total,
        "input_values_rounded": simulated.samples.rounded,
        "input_values_overflowed": simulated.samples.overflowed,
        "layers": [
            {
                "node": layer.node,
                "layer": layer.layer,
                "type": str(layer.type),
                "min": layer.low,
                "max": layer.high,
                "rounded": layer.rounded,
                "wrapped": layer.wrapped,
                "saturated": layer.saturated,
                "accumulator_overflowed": layer.accumulator_overflowed,
                "unused_high_bits": layer.headroom,
                "dead_low_bits": layer.dead_bits,
            }
            for layer in simulated.layers
        ],
    }
