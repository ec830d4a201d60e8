"""Vivado's `report_timing_summary`: worst slack, and the clock."""

from __future__ import annotations

import re
from pathlib import Path

from codesign.errors import ReportError
from codesign.hls.reports.record import Module, Report, Stage
from codesign.hls.reports.text import AGAIN, heading, lacking, number, part_of
from codesign.hls.reports.utilisation import stage_of

_CLOCK = re.compile(r"^(\S+)\s+\{[^}]*\}\s+(\d+\.\d+)\s+(\d+\.\d+)\s*$", re.MULTILINE)


def is_timing(text: str) -> bool:
    """Whether a text is such a report."""
    return "report_timing_summary" in text[:4000] or "\nTiming Summary Report" in text[:8000]


def _stage(path: Path, text: str, state: str | None) -> Stage:
    """Older versions do not print the state; paths then tell, as their wires are routed or not placed."""
    if state is not None:
        return stage_of(path, state)
    if re.search(r"net \(fo=\d+, unplaced\)", text):
        return Stage.VSYNTH
    if re.search(r"net \(fo=\d+, (routed|estimated)\)", text):
        return Stage.IMPLEMENTATION
    raise lacking(path, "the line 'Design State', or a path with its wires")


def _slack(path: Path, text: str) -> float | None:
    lines = text.splitlines()
    for index, line in enumerate(lines):
        names = line.split()
        if names[:1] == ["WNS(ns)"]:
            values = lines[index + 2].split() if len(lines) > index + 2 else []
            if not values:
                raise lacking(path, "the row below 'WNS(ns)'")
            # Without a constrained path there is no slack.
            return None if values[0] == "NA" else number(path, "WNS(ns)", values[0])
    raise lacking(path, "the table 'Design Timing Summary' with 'WNS(ns)'")


def read_timing(path: Path, text: str) -> Report:
    """Read `report_timing_summary`.

    Raises:
        ReportError: a table or the design's name is missing, a number is none, or there are clocks of several periods.
    """
    facts = heading(text)
    if not facts.get("Design"):
        raise lacking(path, "the line 'Design'")
    slack = _slack(path, text)
    at = text.find("| Clock Summary")
    if at < 0:
        raise lacking(path, "the table 'Clock Summary'")
    end = text.find("| Intra Clock Table", at)
    if end < 0:
        raise lacking(path, "what follows the table 'Clock Summary'")
    periods = {float(match[2]) for match in _CLOCK.finditer(text, at, end)}
    if len(periods) > 1:
        listed = ", ".join(f"{period:g}" for period in sorted(periods))
        raise ReportError(f"{path}: clocks of {listed} ns; give a report of the design alone, which has one clock")
    if not periods and slack is not None:
        raise ReportError(f"{path}: 'Clock Summary' lists no clock; {AGAIN}")
    return Report(
        _stage(path, text, facts.get("Design State")),
        facts["Design"],
        part_of(facts.get("Device")),
        facts.get("Tool Version"),
        Module(facts["Design"], slack_ns=slack),
        clock_ns=next(iter(periods), None),
        files=(path,),
    )
