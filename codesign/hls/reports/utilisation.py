"""Vivado's `report_utilization`: of a synthesised or a placed design, flat or by instance."""

from __future__ import annotations

from pathlib import Path

from codesign.errors import ReportError
from codesign.hls.reports.record import Module, Report, Stage
from codesign.hls.reports.text import AGAIN, Row, heading, lacking, number, part_of, tables, whole

# What Vivado calls them from one family and version to the next.
_ROWS = {
    "lut": ("CLB LUTs", "Slice LUTs"),
    "ff": ("CLB Registers", "Slice Registers", "Registers"),
    "dsp": ("DSPs", "DSP Slices"),
}
_TILE = "Block RAM Tile"
_COLUMNS = {"lut": ("Total LUTs",), "ff": ("FFs",), "dsp": ("DSP Blocks", "DSP48 Blocks", "DSP Slices")}


def is_utilisation(text: str) -> bool:
    """Whether a text is such a report."""
    return "report_utilization" in text[:4000] or "\nUtilization Design Information" in text[:8000]


def stage_of(path: Path, state: str | None) -> Stage:
    """The stage of a design's state as Vivado words it.

    Raises:
        ReportError: it is missing or says neither.
    """
    words = (state or "").lower()
    if "synthesized" in words:
        return Stage.VSYNTH
    if any(word in words for word in ("placed", "route", "placer")):
        return Stage.IMPLEMENTATION
    raise lacking(path, "the line 'Design State' with Synthesized, Placed or Routed")


def _flat(path: Path, found: list[tuple[Row, list[Row]]], design: str) -> Module:
    used: dict[str, str] = {}
    for head, rows in found:
        if head[0] == "Site Type" and "Used" in head:
            column = head.index("Used")
            for row in rows:
                used.setdefault(row[0].strip().rstrip("*"), row[column])
    figures = {}
    for figure, names in _ROWS.items():
        name = next((name for name in names if name in used), None)
        if name is None:
            raise lacking(path, "the row", names)
        figures[figure] = whole(path, name, used[name])
    if _TILE not in used:
        raise lacking(path, "the row", (_TILE,))
    halves = 2 * number(path, _TILE, used[_TILE])
    if halves != int(halves) or halves < 0:
        raise ReportError(f"{path}: {_TILE} is {used[_TILE].strip()[:40]!r}, which is no number of halves; {AGAIN}")
    uram = whole(path, "URAM", used["URAM"]) if "URAM" in used else None
    return Module(design, bram18=int(halves), uram=uram, **figures)


def _by_instance(path: Path, head: Row, rows: list[Row], design: str) -> tuple[Module, tuple[Module, ...]]:
    places = {}
    for figure, names in _COLUMNS.items():
        name = next((name for name in names if name in head), None)
        if name is None:
            raise lacking(path, "the column", names)
        places[figure] = head.index(name)
    for name in ("Module", "RAMB36", "RAMB18"):
        if name not in head:
            raise lacking(path, "the column", (name,))
    if not rows or rows[0][head.index("Module")].strip() != "(top)" or rows[0][0].strip().startswith("("):
        raise lacking(path, "the row of the top")
    modules = []
    for row in rows:
        figures = {figure: whole(path, head[place], row[place]) for figure, place in places.items()}
        bram36, bram18 = (whole(path, name, row[head.index(name)]) for name in ("RAMB36", "RAMB18"))
        uram = whole(path, "URAM", row[head.index("URAM")]) if "URAM" in head else None
        modules.append(Module(row[0].strip(), bram18=2 * bram36 + bram18, uram=uram, **figures))
    total = modules[0]
    # A row in brackets is what an instance holds beside those below it.
    inner = tuple(module for module in modules[1:] if not module.name.startswith("("))
    return Module(design, total.lut, total.ff, total.dsp, total.bram18, total.uram), inner


def read_utilisation(path: Path, text: str) -> Report:
    """Read `report_utilization`, with or without `-hierarchical`.

    Raises:
        ReportError: a row, a column or the design's name or state is missing, or a number is none.
    """
    facts = heading(text)
    if not facts.get("Design"):
        raise lacking(path, "the line 'Design'")
    stage = stage_of(path, facts.get("Design State"))
    found = list(tables(text))
    modules: tuple[Module, ...] = ()
    deep = next(((head, rows) for head, rows in found if "Instance" in head and "Total LUTs" in head), None)
    if deep is not None:
        total, modules = _by_instance(path, *deep, facts["Design"])
    else:
        total = _flat(path, found, facts["Design"])
    return Report(
        stage,
        facts["Design"],
        part_of(facts.get("Device")),
        facts.get("Tool Version"),
        total,
        modules,
        files=(path,),
    )
