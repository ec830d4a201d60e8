"""Reading a report's text, and the tables in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from codesign.errors import ReportError

MOST_BYTES = 64 << 20
AGAIN = "the report is truncated or of another tool; run the tool again"

_HEAD = re.compile(r"\|\s*(Tool Version|Date|Design|Device|Design State|Command)\s*:\s*(.*?)\s*\|?\s*$")
_RULE = re.compile(r"\s*\+[-+]+\+\s*$")

Row = tuple[str, ...]


def read_text(path: Path) -> str:
    """The text of a report.

    Raises:
        ReportError: it is not there, is no text, or is too large to be a report.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ReportError(f"{path} cannot be read ({error.strerror}); give a report, or the folder with it") from None
    if len(content) > MOST_BYTES:
        raise ReportError(f"{path} is larger than {MOST_BYTES >> 20} MiB, which no report is; give the report itself")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise ReportError(f"{path} is not text; give a report that Vitis HLS, Vivado HLS or Vivado wrote") from None
    if "\0" in text:
        raise ReportError(f"{path} is not text; give a report that Vitis HLS, Vivado HLS or Vivado wrote")
    return text


def heading(text: str) -> dict[str, str]:
    """What stands between the rules at the top of a report of Vivado: tool, design, device, state."""
    found: dict[str, str] = {}
    for line in text.splitlines()[:40]:
        match = _HEAD.match(line)
        if match:
            found.setdefault(match[1], match[2])
    return found


def part_of(device: str | None) -> str | None:
    """A part as it is ordered, from what Vivado prints: 7z020clg400-1 is xc7z020clg400-1."""
    if not device:
        return None
    return f"xc{device}" if device[0].isdigit() else device


def _cells(line: str) -> Row:
    return tuple(line.strip().strip("|").split("|"))


def tables(text: str) -> Iterator[tuple[Row, list[Row]]]:
    """Each table drawn with + - |: the cells of its head, in which lines are joined, and its rows, not stripped.

    A table without a closing rule, as where a report was cut off, is not one.
    """
    lines = iter(text.splitlines())
    for line in lines:
        if not _RULE.match(line):
            continue
        head: list[Row] = []
        for line in lines:
            if not line.lstrip().startswith("|"):
                break
            head.append(_cells(line))
        if not head or not _RULE.match(line):
            continue
        rows: list[Row] = []
        closed = False
        for line in lines:
            if _RULE.match(line):
                closed = True
                break
            if not line.lstrip().startswith("|"):
                break
            rows.append(_cells(line))
        width = max(map(len, head))
        if closed and all(len(row) == width for row in (*head, *rows)):
            names = tuple(
                " ".join(cell.strip() for cell in column if cell.strip()) for column in zip(*head, strict=True)
            )
            yield names, rows


def number(path: Path, what: str, cell: str) -> float:
    """A number in a table, without the share that may follow it in brackets.

    Raises:
        ReportError: it is none.
    """
    match = re.fullmatch(r"\s*(-?\d+(?:\.\d*)?(?:e[-+]?\d+)?)\s*(?:\([^()]*\))?\s*", cell)
    if match is None:
        raise ReportError(f"{path}: {what} is {cell.strip()[:40]!r}, which is no number; {AGAIN}")
    return float(match[1])


def whole(path: Path, what: str, cell: str) -> int:
    """A whole number at least 0 in a table.

    Raises:
        ReportError: it is none.
    """
    found = number(path, what, cell)
    if found != int(found) or found < 0:
        raise ReportError(f"{path}: {what} is {cell.strip()[:40]!r}, which is no count; {AGAIN}")
    return int(found)


def lacking(path: Path, what: str, names: Sequence[str] = ()) -> ReportError:
    """The refusal of a report in which something is missing."""
    listed = f" ({' or '.join(names)})" if names else ""
    return ReportError(f"{path}: {what}{listed} is missing; {AGAIN}")
