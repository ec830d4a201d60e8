"""A sweep as a table: the configurations that no other beats, beside the design as it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from rich.table import Table
from rich.text import Text

from codesign.board.cost_table import UNKNOWN
from codesign.estimate import Figure, Flow
from codesign.estimate.sweep import MOST_TRACED, Row, Swept
from codesign.estimate.sweep.space import text
from codesign.report.estimate import count, fits, number
from codesign.road.sweeping import TABLE, Sweeping

MOST_ROWS = 40
_MOST_REASONS = 3
_AS_IT_WAS = "as it was"


def _kept(row: Row, swept: Swept) -> str:
    if row.kept is None:
        return UNKNOWN
    if swept.quality:
        return UNKNOWN if row.kept.quality is None else f"{row.kept.quality:.2%}"
    return f"{row.kept.bits_kept:,}"


def _value(figure: Figure | None) -> str:
    return UNKNOWN if figure is None else number(figure.value)


def _columns(swept: Swept) -> Mapping[str, str]:
    """Titles of the figures that stand without their interval, by their names in `Costs`."""
    placed = {"lut_implemented": "LUT\nplaced"} if swept.conditions.flow is Flow.VITIS else {}
    times = {"latency_ns": "latency\n(ns)", "interval_ns": "interval\n(ns)"}
    return {**placed, "ff": "FF", "dsp": "DSP", "bram": "BRAM", **times}


def _cells(row: Row, swept: Swept) -> list[str | Text]:
    costs, names = row.costs, _columns(swept)
    limited = swept.conditions.target.board is not None
    if costs is None:
        return [_kept(row, swept), *[UNKNOWN] * (1 + len(names) + limited)]
    others = [_value(getattr(costs, name)) for name in names]
    cells: list[str | Text] = [_kept(row, swept), count(costs.lut), *others]
    return [*cells, fits(costs.fits, known=costs.lut is not None)] if limited else cells


def front_table(found: Sweeping) -> Table:
    """The front, the best in quality (or in bits kept) first; above it the design as it was."""
    swept = found.swept
    board = swept.conditions.target.board
    table = Table(
        title=Text(
            f"{swept.graph!r} on {swept.conditions.target.part if board is None else board.name}, "
            f"{swept.conditions.flow.value} flow: {len(found.front):,} of {len(swept.built):,} configurations "
            "that none beats"
        ),
        title_justify="left",
    )
    for place, axis in enumerate(swept.space.axes):
        least = len(_AS_IT_WAS) if place == 0 else 5
        table.add_column(Text(axis.key), justify="right", overflow="fold", min_width=least)
    quality = "quality" if swept.quality else "bits\nkept"
    for name in (quality, "LUT", *_columns(swept).values()):
        table.add_column(name, justify="right", no_wrap=True)
    if board is not None:
        table.add_column("fits", justify="right", no_wrap=True)
    blank = [_AS_IT_WAS, *[""] * (len(swept.space.axes) - 1)]
    table.add_row(*blank, *_cells(swept.original, swept))
    table.add_section()
    for row in found.front[:MOST_ROWS]:
        values = [] if row.point is None else [text(value) for value in row.point.values]
        table.add_row(*values, *_cells(row, swept))
    return table


def lines(found: Sweeping) -> list[str]:
    """What the table leaves out: rows beyond the most that are shown, refusals, and what was written."""
    said = ["LUTs stand with their interval, the rest without; --out DIR writes all of it."]
    if found.swept.quality:
        said.append(f"Quality is {found.swept.quality}.")
    quick = sum(row.quick for row in found.swept.built)
    if quick and quick < len(found.swept.built):
        said.append(
            f"{quick:,} configurations have quick estimates alone; those that seemed best by these, {MOST_TRACED} at "
            "most, were traced, and the front is theirs."
        )
    elif quick:
        said.append("All are quick estimates: nothing was traced, latencies may be off.")
    more = len(found.front) - MOST_ROWS
    if more > 0:
        said.append(f"{more:,} more are not shown.")
    refused = Counter(row.refusal for row in found.swept.refused)
    for reason, times in refused.most_common(_MOST_REASONS):
        said.append(f"{times:,} configurations cannot be built: {reason}")
    if len(refused) > _MOST_REASONS:
        said.append(f"{len(refused) - _MOST_REASONS:,} other reasons are in {TABLE}.")
    if not found.may_fit:
        said.append("None of them fits.")
    if found.folder is not None:
        said[0] = f"LUTs stand with their interval, the rest without; all of it is in {found.folder}."
    if found.no_picture:
        said.append(f"No picture: {found.no_picture}")
    return said


def show(found: Sweeping, say: Callable[..., None]) -> None:
    """Print a finished sweep for people."""
    say(front_table(found))
    for line in lines(found):
        say(line)
