"""Costs and boards as tables for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from codesign.board.board import LIMITED, Board, Resource
from codesign.board.cost import Cost

UNKNOWN = "unknown"

TITLES = {
    Resource.LUT: "LUT",
    Resource.LUT_MEMORY: "of these, memory",
    Resource.FF: "FF",
    Resource.DSP: "DSP",
    Resource.BRAM: "BRAM",
    Resource.CARRY: "carry",
    Resource.WIDE_MUX: "wide mux",
}


def _shown(value: float | None, form: str = "{:,}") -> str:
    return UNKNOWN if value is None else form.format(value)


def _fits(fits: bool | None) -> Text:
    if fits is None:
        return Text(UNKNOWN, style="yellow")
    return Text("yes", style="green") if fits else Text("NO", style="bold red")


def cost_table(found: Cost) -> RenderableType:
    """Used, limit, share and whether it fits, resource by resource; below it latency and interval."""
    table = Table(title=Text(f"cost on {found.board} ({found.part})"), title_justify="left")
    table.add_column("resource")
    for name in ("used", "limit", "share", "fits"):
        table.add_column(name, justify="right")
    for use in found.uses:
        share = "-" if use.limit == 0 else _shown(use.share, "{:.1%}")
        title = f"BRAM ({found.bram_unit_kbits} Kb)" if use.resource is Resource.BRAM else TITLES[use.resource]
        table.add_row(title, _shown(use.used), f"{use.limit:,}", share, _fits(use.fits))
    lines = [
        f"Latency {_shown(found.latency_cycles)} cycles ({_shown(found.latency_ns, '{:g}')} ns), interval "
        f"{_shown(found.interval)} cycles ({_shown(found.interval_ns, '{:g}')} ns), at the clock period of "
        f"{_shown(found.clock_ns, '{:g}')} ns that the RTL was made for."
    ]
    if found.utilisation is not None:
        took = found.utilisation.seconds
        lines.append(f"Counted by Yosys {found.utilisation.yosys} in {took:.1f} s; nothing was placed or routed.")
    if found.other:
        cells = ", ".join(f"{number} x {cell}" for cell, number in found.other)
        lines.append(f"Cells whose use of the part is unknown: {cells}.")
    return Group(table, *(Text(line) for line in lines))


def board_table(boards: Sequence[Board]) -> Table:
    """Boards, their parts and what these hold."""
    table = Table(title="boards", title_justify="left")
    for name in ("board", "made as", "part", "family"):
        table.add_column(name, overflow="fold")
    for resource in LIMITED:
        table.add_column(TITLES[resource], justify="right", min_width=7)  # a number cut short is a wrong number
    table.add_column("clock", justify="right")
    for board in boards:
        limits = [f"{board.limit(resource):,}" for resource in LIMITED if resource is not Resource.BRAM]
        limits.append(f"{board.bram:,} x {board.bram_unit_kbits} Kb")
        clock = f"{board.clock_mhz:g} MHz, {board.clock_pin}"
        words = (board.name, board.title, board.part, board.family.value, *limits, clock)
        table.add_row(*(Text(word) for word in words))
    return table
