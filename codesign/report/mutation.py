"""A mutation score as tables."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from codesign.verify.mutation.faults import FaultKind
from codesign.verify.mutation.score import Fate, Score


def table(score: Score) -> Table:
    """Kind of fault, how many were planted, caught, proven equivalent, survived: for the terminal."""
    title = f"planted faults, {score.frames} frames a scenario, seed {score.seed}"
    shown = Table(title=title, title_justify="left", show_footer=True)
    total = [str(score.count(fate)) for fate in (Fate.CAUGHT, Fate.EQUIVALENT, Fate.SURVIVED)]
    footers = ("all", str(len(score.verdicts)), *total)
    for name, footer in zip(("kind", "planted", "caught", "equivalent", "survived"), footers, strict=True):
        shown.add_column(name, footer=footer, justify="left" if name == "kind" else "right")
    for kind in FaultKind:
        fates = [verdict.fate for verdict in score.verdicts if verdict.kind is kind]
        if fates:
            counts = (fates.count(fate) for fate in (Fate.CAUGHT, Fate.EQUIVALENT, Fate.SURVIVED))
            shown.add_row(kind.value, str(len(fates)), *map(str, counts))
    return shown


def survivors(score: Score) -> Table | None:
    """Each fault that was not caught, with what is known of it; None where there is none."""
    lost = [verdict for verdict in score.verdicts if verdict.fate is not Fate.CAUGHT]
    if not lost:
        return None
    shown = Table(title="not caught", title_justify="left")
    for name in ("where", "fault", "what is known"):
        shown.add_column(name, overflow="fold")
    for verdict in lost:
        change = Text(f"{verdict.kind.value}\n{verdict.before}\n{verdict.after}")
        shown.add_row(f"{verdict.file}:{verdict.line}", change, Text(verdict.told))
    return shown


def summary(score: Score) -> str:
    """The score in a sentence."""
    real = len(score.verdicts) - score.count(Fate.EQUIVALENT)
    return f"{score.count(Fate.CAUGHT)} of {real} faults that change the design are caught: {100 * score.share:.1f} %"
