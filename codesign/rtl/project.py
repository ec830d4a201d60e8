"""Writing an RTL project: a module per node, a top module, scripts and a manifest."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

from codesign.artifact import make_folder, write_atomic
from codesign.errors import BoardError
from codesign.graph import Graph, digest
from codesign.rtl.family import TIMING, Family, cut_for
from codesign.rtl.limits import check_supported
from codesign.rtl.manifest import PACKING, Manifest
from codesign.rtl.names import module_name, top_name
from codesign.rtl.scripts import check_part, scripts
from codesign.rtl.top_module import CLOCK, IN_VALID, OUT_VALID, RESET, TopModule, top_module

SOURCES = "src"


def _texts(graph: Graph, family: Family, cut: float) -> tuple[dict[str, str], TopModule]:
    from codesign.rtl.logic import check_logic, node_logic
    from codesign.rtl.node_module import node_module
    from codesign.rtl.primitives import primitives, tables

    modules = {}
    for index, node in enumerate(graph):
        sources = graph.sources(node) or (node,)
        logic = node_logic(node, sources, ternary_adders=TIMING[family].ternary_adders)
        check_logic(node, sources, logic)
        modules[node.name] = node_module(module_name(index, node.name), node, sources, logic, cut)
    top = top_module(top_name(graph.name), graph, modules)
    texts = {module.name: module.text for module in modules.values()}
    stages = [stage for module in modules.values() for stage in module.stages]
    texts.update(tables(stages))
    texts.update(primitives("\n".join(texts.values())))
    texts[top_name(graph.name)] = top.text
    return texts, top


def write_project(graph: Graph, folder: Path, *, clock_ns: float, family: Family, part: str) -> Manifest:
    """Write the RTL project of a Graph; the same Graph and options give the same bytes.

    Args:
        graph: the design.
        folder: where `src/`, the scripts and `manifest.json` go.
        clock_ns: clock period that it is pipelined for, in nanoseconds.
        family: of the target.
        part: of the target, for the scripts; '' where it is not known.

    Raises:
        UnsupportedLayerError: the RTL flow cannot build a layer exactly.
        BoardError: the part or the clock period makes no sense.
        ToolMissingError: alkaid is not installed.
        OutputError: the folder cannot be written.
    """
    check_supported(graph)
    check_part(part)
    if not (math.isfinite(clock_ns) and 0.1 <= clock_ns <= 1e6):
        raise BoardError(f"a clock period of {clock_ns} ns makes no sense; give 0.1 to 1000000, such as 10")
    cut = cut_for(family, clock_ns)
    texts, top = _texts(graph, family, cut)
    files = {f"{SOURCES}/{name}.v": text for name, text in texts.items()}
    manifest = Manifest(
        top=top_name(graph.name),
        graph=graph.name,
        graph_digest=digest(graph),
        family=family,
        part=part,
        clock_ns=float(clock_ns),
        cut=cut,
        cut_measured=TIMING[family].measured,
        latency_cycles=top.latency,
        interval=1,
        clock=CLOCK,
        reset=RESET,
        in_valid=IN_VALID,
        out_valid=OUT_VALID,
        inputs=top.inputs,
        outputs=top.outputs,
        layers=top.layers,
        packing=PACKING,
        sources=tuple(files),
        sha256={path: hashlib.sha256(text.encode()).hexdigest() for path, text in files.items()},
    )
    files.update(
        scripts(manifest.top, manifest.sources, family=family, part=part, clock_ns=manifest.clock_ns, clock=CLOCK)
    )
    make_folder(folder)
    for path, text in files.items():
        write_atomic(folder / path, text)
    manifest.save(folder)
    return manifest
