"""What a whole run made: accuracy, ladder, cost and times, as tables and as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.table import Table

from codesign.report.conversion import graph_table
from codesign.report.verification import table as ladder_table
from codesign.road.running import Outcome
from codesign.verify.record import record


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
    manifest = outcome.converted.manifest
    say(
        f"RTL: latency {manifest.latency_cycles} cycles, interval {manifest.interval}, made for a clock period of "
        f"{manifest.clock_ns:g} ns"
    )
    for built in outcome.built:
        say(built.table())
    say(ladder_table(outcome.verified.results))
    say(_accuracy(outcome))
    say(_times(outcome))
    verdict = "every rung equal, every board fits" if outcome.passed else "FAILED: see the tables above"
    say(f"{outcome.recipe.name}: {verdict}. Results: {outcome.folder}")


def document(outcome: Outcome) -> dict[str, Any]:
    """A finished run for machines."""
    return {
        "recipe": outcome.recipe.name,
        "folder": str(outcome.folder),
        "passed": outcome.passed,
        "test_accuracy": outcome.trained.test_accuracy,
        "hardware_accuracy": None if outcome.accuracy is None else outcome.accuracy.share,
        "latency_cycles": outcome.converted.manifest.latency_cycles,
        "interval": outcome.converted.manifest.interval,
        "verification": record(outcome.verified.results, {}),
        "cost": [built.document() for built in outcome.built],
        "seconds": outcome.seconds,
    }
