"""What the vendor's synthesis report promises of a design: latency and initiation interval, in cycles."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as Xml

from codesign.errors import RtlError

_LARGEST = 64 << 20


@dataclass(frozen=True)
class Claims:
    """What is promised of a design's timing; None where nothing is said.

    Attributes:
        source: who says so.
        latency: least and most clock cycles from a start to its answer.
        interval: least and most clock cycles from one start to the next.
        top: the module that the report is of; '' where it does not say.
        exact: the numbers must be met; those that a report gives of a dataflow design are estimates.
    """

    source: str
    latency: tuple[int, int] | None
    interval: tuple[int, int] | None
    top: str = ""
    exact: bool = True


class _Refusing(Xml.TreeBuilder):
    """Builds a tree of a report; a document type, with which entities would come, is refused."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        """Never part of a report.

        Raises:
            ValueError: always.
        """
        raise ValueError("it has a document type")


def _number(root: Xml.Element, *paths: str) -> int | None:
    for path in paths:
        text = (root.findtext(path) or "").strip()
        if text.isdecimal():
            return int(text)
    return None


def _range(root: Xml.Element, least: tuple[str, ...], most: tuple[str, ...]) -> tuple[int, int] | None:
    low, high = _number(root, *least), _number(root, *most)
    return None if low is None or high is None else (min(low, high), max(low, high))


def read_report(path: Path) -> Claims:
    """Read `<top>_csynth.xml` of Vivado HLS or Vitis HLS.

    Raises:
        RtlError: it cannot be read, or is no such report.
    """
    how = "run the vendor's synthesis again, or give --latency and --interval"
    try:
        if path.stat().st_size > _LARGEST:
            raise RtlError(f"{path} is larger than {_LARGEST >> 20} MiB; {how}")
        text = path.read_bytes()
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
            raise ValueError("it has a document type")
        parser = Xml.XMLParser(target=_Refusing())  # noqa: S314 - document types, and so entities, are refused above
        parser.feed(text)
        root = parser.close()
    except (OSError, ValueError, Xml.ParseError, RecursionError) as error:
        raise RtlError(f"{path} cannot be read as a synthesis report ({error}); {how}") from error
    if root.tag != "profile":
        raise RtlError(f"{path} is not a synthesis report (its root is {root.tag!r:.40}, not 'profile'); {how}")
    summary = "PerformanceEstimates/SummaryOfOverallLatency/"
    return Claims(
        path.name,
        _range(root, (summary + "Best-caseLatency",), (summary + "Worst-caseLatency",)),
        _range(
            root,
            (summary + "Interval-min", summary + "PipelineInitiationInterval"),
            (summary + "Interval-max", summary + "PipelineInitiationInterval"),
        ),
        (root.findtext("UserAssignments/TopModelName") or "").strip(),
        (root.findtext("PerformanceEstimates/PipelineType") or "").strip() != "dataflow",
    )
