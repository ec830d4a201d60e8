"""The tools, as a table."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from codesign.toolchain.doctor import Diagnosis, ToolReport


def _state(report: ToolReport) -> Text:
    if report.usable:
        return Text("found", style="green")
    return Text("LACKS", style="bold red") if report.tool.required else Text("not here", style="dim")


def table(diagnosis: Diagnosis) -> Table:
    """Tool, state, version, where, and for each that lacks: what for, and how to mend it."""
    shown = Table(title="tools", title_justify="left")
    for name in ("tool", "state", "version"):
        shown.add_column(name, no_wrap=True)
    shown.add_column("where; or what lacks without it, and the command that mends it", overflow="fold")
    for report in diagnosis.reports:
        version = report.found.version if report.found is not None else None
        told = "unknown" if report.found is not None and version is None else version or ""
        if report.usable and report.found is not None:
            text = str(report.found.where)
        else:
            text = report.problem or f"for {report.tool.needed_for}: {report.tool.mend}"
        shown.add_row(report.tool.name, _state(report), told, Text(text))
    return shown
