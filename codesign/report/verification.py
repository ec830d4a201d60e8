"""The ladder's outcome as a table."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from codesign.verify.record import notes
from codesign.verify.rung import RungResult, Status

_STYLE = {
    Status.EQUAL: "[green]equal[/green]",
    Status.DIFFERENT: "[bold red]DIFFERENT[/bold red]",
    Status.BROKEN: "[bold red]BROKEN[/bold red]",
    Status.PARTIAL: "[yellow]partial[/yellow]",
    Status.APPROXIMATE: "[yellow]approximate[/yellow]",
    Status.SKIPPED: "[dim]skipped[/dim]",
}


def table(results: Sequence[RungResult]) -> Table:
    """Rung, samples, mismatching samples, first difference: for the terminal."""
    shown = Table(title="verification ladder: every rung against the Graph's integers", title_justify="left")
    for name in ("rung", "result", "samples", "mismatching"):
        shown.add_column(name, justify="right" if name in ("samples", "mismatching") else "left")
    shown.add_column("first difference, measured error, facts", overflow="fold")
    for result in results:
        unsampled = result.status is Status.SKIPPED or result.samples == 0
        counts = ("-", "-") if unsampled else (str(result.samples), str(result.mismatching))
        shown.add_row(result.title, Text.from_markup(_STYLE[result.status]), *counts, Text(notes(result)))
    return shown
