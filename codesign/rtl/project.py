"""Writing an RTL project: a module per node, a top module, scripts and a manifest."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from codesign.artifact import make_folder, write_atomic
from codesign.errors import BoardError, UsageError
from codesign.graph import Graph, digest
from codesign.resources import resource
from codesign.rtl.facing import Facing
from codesign.rtl.family import TIMING, Family, cut_for
from codesign.rtl.folded.multipliers import Multipliers
from codesign.rtl.limits import check_planned, require_alkaid
from codesign.rtl.manifest import PACKING, Interface, Language, Manifest
from codesign.rtl.names import top_name
from codesign.rtl.scripts import check_part, scripts
from codesign.rtl.top_module import TopModule, top_module

if TYPE_CHECKING:  # they need alkaid
    from codesign.rtl.network import Planned
    from codesign.rtl.schedule import Schedule
    from codesign.rtl.shell import Shell

SOURCES = "src"


def _texts(
    graph: Graph, planned: tuple[Planned, ...], facing: Facing, language: Language
) -> tuple[dict[str, str], TopModule, Shell, Schedule]:
    """The sources by file name, the top module, and what it does in time."""
    from codesign.rtl.composed import compose
    from codesign.rtl.parts import instance
    from codesign.rtl.primitives import primitives, tables

    made = compose(graph, planned, facing)
    units, border, timing = made.units, made.border, made.timing
    network = border.network
    top = top_module(top_name(graph.name), graph, border, units)
    if language is Language.VHDL:
        from codesign.rtl.vhdl import vhdl_texts

        return vhdl_texts(top_name(graph.name), graph, units, network), top, border, timing
    templates = {name for unit in units.values() for name in unit.templates}
    templates |= set(border.templates) | {name for part in network.parts if (name := instance(part)[1])}
    texts = {name: text for unit in units.values() for name, text in unit.files.items()}
    stages = [stage for unit in units.values() for stage in unit.stages]
    texts.update({f"{name}.v": text for name, text in tables(stages).items()})
    texts.update({f"{name}.v": text for name, text in primitives("\n".join(texts.values())).items()})
    texts.update({name: (resource("hls_templates") / "rtl" / name).read_text() for name in sorted(templates)})
    texts[f"{top_name(graph.name)}.v"] = top.text
    return texts, top, border, timing


def check_language(language: Language, facing: Facing) -> None:
    """Refuse ports that are not written in a language.

    Raises:
        UsageError: saying which are.
    """
    if language is Language.VHDL and (facing.interface is not Interface.VALID_READY or facing.axi_lite):
        ports = "AXI4-Lite" if facing.axi_lite else facing.interface.value
        raise UsageError(f"ports {ports} are written in Verilog alone; choose --language verilog, or valid_ready alone")


def write_project(
    graph: Graph,
    folder: Path,
    *,
    clock_ns: float,
    family: Family,
    part: str,
    reuse: Mapping[str, int] | None = None,
    multipliers: Multipliers = Multipliers.AUTO,
    facing: Facing | None = None,
    fitted: tuple[str, Mapping[str, int]] = ("", {}),
    language: Language = Language.VERILOG,
) -> Manifest:
    """Write the RTL project of a Graph; the same Graph and options give the same bytes.

    Args:
        graph: the design.
        folder: where `src/`, the scripts and `manifest.json` go.
        clock_ns: clock period that it is pipelined for, in nanoseconds.
        family: of the target.
        part: of the target, for the scripts; '' where it is not known.
        reuse: by node name, the reuse factor to build with in place of the Graph's.
        multipliers: what those of folded layers are made of.
        facing: what is asked of its ports; valid and ready where None.
        fitted: the board that the reuse factors were sought for, and what Yosys counted there; for the manifest.
        language: of the sources; VHDL for unrolled designs with plain ports.

    Raises:
        UnsupportedLayerError: the RTL flow cannot build a layer exactly.
        BoardError: the part or the clock period makes no sense.
        ToolMissingError: alkaid is not installed.
        OutputError: the folder cannot be written.
    """
    require_alkaid()
    from codesign.rtl.network import plan_units
    from codesign.rtl.units import Options

    facing = facing or Facing()
    check_part(part)
    if not (math.isfinite(clock_ns) and 0.1 <= clock_ns <= 1e6):
        raise BoardError(f"a clock period of {clock_ns} ns makes no sense; give 0.1 to 1000000, such as 10")
    cut = cut_for(family, clock_ns)
    facing.check(graph)
    check_language(language, facing)
    planned = plan_units(graph, Options(family, float(clock_ns), cut, dict(reuse or {}), multipliers))
    check_planned(planned, language)
    texts, top, border, timing = _texts(graph, planned, facing, language)
    files = {f"{SOURCES}/{name}": text for name, text in texts.items()}
    manifest = Manifest(
        top=top_name(graph.name),
        graph=graph.name,
        graph_digest=digest(graph),
        family=family,
        part=part,
        clock_ns=float(clock_ns),
        logic_ns=cut.logic_ns,
        timing_measured=TIMING[family].measured,
        latency_cycles=timing.latency,
        interval=timing.interval,
        interface=facing.interface,
        clock=border.clock,
        reset=border.reset,
        reset_low=border.reset_low,
        inputs=border.inputs,
        outputs=border.outputs,
        layers=top.layers,
        registers=border.registers,
        packing=PACKING,
        language=language,
        sources=tuple(files),
        sha256={path: hashlib.sha256(text.encode()).hexdigest() for path, text in files.items()},
        reuse={item.node.name: item.plan.reuse for item in planned if item.plan.reuse > 1},
        fitted_to=fitted[0],
        fitted=dict(fitted[1]),
    )
    files.update(
        scripts(
            manifest.top,
            manifest.sources,
            family=family,
            part=part,
            clock_ns=manifest.clock_ns,
            clock=manifest.clock,
        )
    )
    make_folder(folder)
    for path, text in files.items():
        write_atomic(folder / path, text)
    manifest.save(folder)
    return manifest
