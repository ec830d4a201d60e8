"""An estimate beside what a tool reported of the same design."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.table import Table
from rich.text import Text

from codesign.board.cost_table import UNKNOWN
from codesign.estimate import Figure
from codesign.estimate.local import Comparison, Row
from codesign.hls.reports import Report, Stage
from codesign.report.estimate import count, shown
from codesign.road.estimating import Estimated

TITLES = {
    "lut": "LUT",
    "ff": "FF",
    "dsp": "DSP",
    "bram": "BRAM (18 Kb)",
    "latency_cycles": "latency (cycles)",
    "interval": "interval (cycles)",
    "fmax_mhz": "Fmax (MHz)",
}

STAGES = {Stage.CSYNTH: "C synthesis", Stage.VSYNTH: "logic synthesis", Stage.IMPLEMENTATION: "implementation"}

if set(STAGES) != set(Stage):
    raise ImportError(f"no words for {set(Stage) - set(STAGES)}")


def _mhz(value: float) -> str:
    return f"{value:,.1f}"


def _estimate(row: Row) -> str:
    return shown(row.estimate, _mhz) if row.name == "fmax_mhz" else count(row.estimate)


def _off(row: Row) -> str:
    return UNKNOWN if row.error is None else f"{row.error:+.1%}"


def _inside(row: Row) -> str:
    return UNKNOWN if row.inside is None else "yes" if row.inside else "no"


def title(report: Report) -> str:
    """Design, stage and tool of a report."""
    tool = "" if report.tool is None else f" by {report.tool}"
    return f"estimate and truth: {report.design}, {STAGES[report.stage]}{tool}"


def truth_table(found: Comparison) -> Table:
    """Figure by figure that the report tells: estimate, truth, error, and whether the truth lies in the interval."""
    table = Table(title=Text(title(found.report)), title_justify="left")
    table.add_column("figure")
    for name in ("estimate", "reported", "error", "in the interval"):
        table.add_column(name, justify="right")
    for row in found.rows:
        if row.truth is not None:
            truth = Figure.exactly(row.truth)
            told = shown(truth, _mhz) if row.name == "fmax_mhz" else count(truth)
            table.add_row(TITLES[row.name], _estimate(row), told, _off(row), _inside(row))
    return table


def expected_line(rows: Sequence[Row]) -> str:
    """What was expected of what synthesis counted, in a line; '' where nothing was."""
    known = [row for row in rows if row.estimate is not None and row.truth is not None]
    told = ", ".join(f"{row.name.upper()} {count(row.estimate)}, error {_off(row)}" for row in known)
    return f"Estimated without synthesis: {told}." if told else ""


def show(estimated: Estimated, say: Callable[..., None]) -> None:
    """Print what tools reported beside the estimate, and what became of the pair."""
    for comparison in estimated.comparisons:
        say(truth_table(comparison))
    if estimated.pairs is not None:
        say(f"Added to {estimated.file}, which now holds {estimated.pairs}; --calibrate uses them from now on.")
