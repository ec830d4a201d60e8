"""What a whole run made: accuracy, ladder, cost and times, as tables."""

from __future__ import annotations

from collections.abc import Callable

from rich.table import Table

from codesign.board.cost_table import cost_table
from codesign.report.conversion import graph_table, rtl_line
from codesign.report.verification import table as ladder_table
from codesign.road.running import Outcome


def _times(outcome: Outcome) -> Table:
    table = Table(title="seconds by stage", title_justify="left")
    table.add_column("stage")
    table.add_column("seconds", justify="right")
    for name, seconds in outcome.seconds.items():
        table.add_row(name, f"{seconds:.1f}")
    table.add_row("total", f"{sum(outcome.seconds.values()):.1f}")
    return table


def _accuracy(outcome: Outcome) -> str:
    trained = outcome.trained
    text = (
        f"Held-out accuracy of the QKeras model: {100 * trained.test_accuracy:.2f} % "
        f"({trained.test_correct} of {trained.counts.test})"
    )
    if outcome.accuracy is not None:
        found = outcome.accuracy
        text += f"; of the hardware's integers: {100 * found.share:.2f} % ({found.correct} of {found.total})"
    return text


def show(outcome: Outcome, say: Callable[..., None]) -> None:
    """Print a finished run for people."""
    say(graph_table(outcome.converted.graph))
    say(rtl_line(outcome.converted))
    for built in outcome.built:
        say(cost_table(built.cost))
    say(ladder_table(outcome.verified.results))
    say(_accuracy(outcome))
    say(_times(outcome))
    verdict = "every rung equal, every board fits" if outcome.passed else "FAILED: see the tables above"
    say(f"{outcome.recipe.name}: {verdict}. Results: {outcome.folder}")
