"""What vendors' tools report of a design; what a report does not say is None."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from codesign.errors import ReportError

FIGURES = ("lut", "ff", "dsp", "bram18", "uram", "latency", "latency_best", "interval", "slack_ns")
"""What is reported of a design or a module of it, in order."""


class Stage(str, Enum):
    """How far a design had come when it was reported."""

    CSYNTH = "csynth"
    """C synthesis: what Vitis HLS or Vivado HLS expects."""
    VSYNTH = "vsynth"
    """Logic synthesis by Vivado."""
    IMPLEMENTATION = "implementation"
    """Placed, or placed and routed, by Vivado."""


@dataclass(frozen=True)
class Module:
    """A module of a design.

    Attributes:
        name: as the tool calls it.
        lut: LUTs, with those of the modules inside.
        ff: flip-flops, likewise.
        dsp: DSP blocks, likewise.
        bram18: block RAMs of 18 Kb, likewise; one of 36 Kb counts two.
        uram: UltraRAMs, likewise.
        latency: clocks from its input to its output, at worst.
        latency_best: the same at best.
        interval: clocks from one of its inputs to the next, at worst.
        slack_ns: of its slowest path, in ns.
    """

    name: str
    lut: int | None = None
    ff: int | None = None
    dsp: int | None = None
    bram18: int | None = None
    uram: int | None = None
    latency: int | None = None
    latency_best: int | None = None
    interval: int | None = None
    slack_ns: float | None = None

    def document(self) -> dict[str, Any]:
        """The module for machines; null where not known."""
        return {"name": self.name, **{figure: getattr(self, figure) for figure in FIGURES}}


@dataclass(frozen=True)
class Report:
    """What was reported of a design at one stage.

    Attributes:
        stage: how far it had come.
        design: its top.
        part: that it was made for, as the tool writes it.
        tool: that reported, with its version.
        total: the whole design; its name is `design`.
        modules: of it, as the tool lists them; one inside another counts in both.
        clock_ns: clock period that was asked for, in ns.
        estimated_ns: clock period that C synthesis expects, in ns.
        files: that were read.
    """

    stage: Stage
    design: str
    part: str | None
    tool: str | None
    total: Module
    modules: tuple[Module, ...] = ()
    clock_ns: float | None = None
    estimated_ns: float | None = None
    files: tuple[Path, ...] = ()

    def document(self) -> dict[str, Any]:
        """The report for machines; null where not known."""
        return {
            "stage": self.stage.value,
            "design": self.design,
            "part": self.part,
            "tool": self.tool,
            "clock_ns": self.clock_ns,
            "estimated_ns": self.estimated_ns,
            **{figure: getattr(self.total, figure) for figure in FIGURES},
            "modules": [module.document() for module in self.modules],
            "files": [str(file) for file in self.files],
        }


def same_part(one: str | None, other: str | None) -> bool:
    """Whether two tools may mean the same part: they differ in dashes, in `xc` and in grades, which some leave out."""
    if one is None or other is None:
        return True
    a, b = (part.lower().replace("-", "").removeprefix("xc") for part in (one, other))
    return a.startswith(b) or b.startswith(a)


def joined(one: Report, other: Report) -> Report:
    """Two reports of the same design at the same stage as one, such as utilisation and timing.

    Raises:
        ReportError: they are of two designs, parts or stages, or say the same thing differently.
    """
    where = ", ".join(str(file) for file in (*one.files, *other.files))
    for word, a, b in (("stages", one.stage.value, other.stage.value), ("designs", one.design, other.design)):
        if a != b:
            raise ReportError(f"{where}: these are of two {word}, {a!r} and {b!r}; give the reports of one")
    if not same_part(one.part, other.part):
        raise ReportError(f"{where}: these are of two parts, {one.part!r} and {other.part!r}; give the reports of one")
    found = {}
    for figure in FIGURES:
        a, b = getattr(one.total, figure), getattr(other.total, figure)
        if a is not None and b is not None and a != b:
            raise ReportError(f"{where}: {figure} is {a} in one and {b} in the other; give the reports of one run")
        found[figure] = b if a is None else a
    longer = max((one.part or "", other.part or ""), key=len)
    return replace(
        one,
        part=longer or None,
        tool=one.tool or other.tool,
        total=replace(one.total, **found),
        modules=one.modules or other.modules,
        clock_ns=other.clock_ns if one.clock_ns is None else one.clock_ns,
        estimated_ns=other.estimated_ns if one.estimated_ns is None else one.estimated_ns,
        files=(*one.files, *other.files),
    )
