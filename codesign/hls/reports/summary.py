"""Vitis HLS' `csynth.rpt`: one row for each module, with its slack."""

from __future__ import annotations

import re
from pathlib import Path

from codesign.errors import ReportError
from codesign.hls.reports.record import Module, Report, Stage
from codesign.hls.reports.text import AGAIN, Row, lacking, number, tables, whole

_TITLE = re.compile(r"^== Synthesis Summary Report of '([^']+)'", re.MULTILINE)
_FACT = re.compile(r"^\s*\* (Version|Target device):\s*(.*?)\s*$", re.MULTILINE)
_NAMES = ("Modules & Loops", "Slack", "Latency (cycles)", "Interval", "BRAM", "DSP", "FF", "LUT", "URAM")
_NAME = re.compile(r"(\s*)([+o])\s(.*?)\*?\s*")


def is_summary(text: str) -> bool:
    """Whether a text is such a report."""
    return _TITLE.search(text) is not None


def _module(path: Path, head: Row, row: Row, name: str) -> Module:
    def cell(column: str) -> str:
        return row[head.index(column)].strip()

    def count(column: str) -> int:
        # Here a dash is none; in the columns of time it is unknown.
        return 0 if cell(column) == "-" else whole(path, f"{column} of {name}", cell(column))

    def cycles(column: str) -> int | None:
        return None if cell(column) in ("-", "?") else whole(path, f"{column} of {name}", cell(column))

    slack = None if cell("Slack") == "-" else number(path, f"Slack of {name}", cell("Slack"))
    return Module(
        name,
        count("LUT"),
        count("FF"),
        count("DSP"),
        count("BRAM"),
        count("URAM"),
        cycles("Latency (cycles)"),
        None,
        cycles("Interval"),
        slack,
    )


def read_summary(path: Path, text: str) -> Report:
    """Read `csynth.rpt`; loops are left out, they are counted in their modules.

    Raises:
        ReportError: the table or a column is missing or cut off, or a number is none.
    """
    title = _TITLE.search(text)
    if title is None:
        raise lacking(path, "the title 'Synthesis Summary Report'")
    facts = dict(_FACT.findall(text[: text.find("== HW Interfaces")] if "== HW Interfaces" in text else text))
    table = next(((head, rows) for head, rows in tables(text) if head[0] == _NAMES[0]), None)
    if table is None:
        raise lacking(path, "the table 'Performance & Resource Estimates'")
    head, rows = table
    for name in _NAMES:
        if name not in head:
            raise lacking(path, "the column", (name,))
    modules = []
    for row in rows:
        match = _NAME.fullmatch(row[0])
        if match is None:
            raise ReportError(f"{path}: row {row[0].strip()[:60]!r} is neither a module nor a loop; {AGAIN}")
        if match[2] == "+":
            modules.append(_module(path, head, row, match[3]))
    if not modules or modules[0].name != title[1]:
        raise lacking(path, f"the row of {title[1]!r}")
    version = facts.get("Version", "")
    return Report(
        Stage.CSYNTH,
        title[1],
        facts.get("Target device") or None,
        f"Vitis HLS {version}" if version else None,
        modules[0],
        tuple(modules[1:]),
        files=(path,),
    )
