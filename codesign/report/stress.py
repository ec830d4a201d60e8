"""How a design came through stress, as a table."""

from __future__ import annotations

import shlex

from rich.table import Table
from rich.text import Text

from codesign.verify.stress import Stressed
from rtl_sim.stress import Outcome


def _what(outcome: Outcome) -> str:
    lines = []
    if outcome.first is not None:
        lines.append(outcome.first.text)
    lines += outcome.claims_broken
    measured = outcome.timing
    if measured is not None and measured.throughput is not None:
        lines.append(
            f"latency {measured.latency}, interval {measured.interval}, {measured.throughput:.3g} frames a cycle"
        )
    if outcome.waveform:
        lines.append(f"waveform: {outcome.waveform}")
    return "\n".join(lines)


def table(stressed: Stressed) -> Table:
    """Scenario, result, cycles, and what was wrong or measured: for the terminal."""
    shown = Table(title=f"stress, {stressed.frames} frames a scenario, seed {stressed.seed}", title_justify="left")
    shown.add_column("scenario")
    shown.add_column("result")
    shown.add_column("cycles", justify="right")
    shown.add_column("faults", justify="right")
    shown.add_column("first fault, timing", overflow="fold")
    for outcome in stressed.outcomes:
        result = Text("held", style="green") if outcome.passed else Text("FAILED", style="bold red")
        shown.add_row(outcome.scenario, result, str(outcome.cycles), str(outcome.faults or "-"), Text(_what(outcome)))
    return shown


def replays(stressed: Stressed, design: str) -> list[str]:
    """A command for each failure that shows it again."""
    return [
        f"codesign verify {shlex.quote(design)} --stress --scenario {shlex.quote(outcome.scenario)} "
        f"--frames {stressed.frames} --seed {stressed.seed}"
        for outcome in stressed.outcomes
        if not outcome.passed
    ]
