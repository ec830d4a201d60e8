"""C synthesis' XML: read by hls4ml's own parser, after we have seen that it is whole and harmless."""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from codesign.errors import ReportError
from codesign.hls.reports.record import Module, Report, Stage
from codesign.hls.reports.text import AGAIN, lacking, number, read_text, whole

_NEEDED = (
    "UserAssignments/TopModelName",
    "UserAssignments/TargetClockPeriod",
    "PerformanceEstimates/SummaryOfTimingAnalysis/EstimatedClockPeriod",
    "PerformanceEstimates/SummaryOfOverallLatency/Best-caseLatency",
    "PerformanceEstimates/SummaryOfOverallLatency/Worst-caseLatency",
    "PerformanceEstimates/SummaryOfOverallLatency/Interval-min",
    "PerformanceEstimates/SummaryOfOverallLatency/Interval-max",
    "AreaEstimates/Resources/LUT",
    "AreaEstimates/Resources/FF",
    "AreaEstimates/Resources/BRAM_18K",
    "AreaEstimates/AvailableResources",
)
_DSP = ("DSP", "DSP48E")
_UNKNOWN = frozenset({"", "-", "?", "undef", "N/A", "NA", "inf"})


def is_csynth(text: str) -> bool:
    """Whether a text is such a report."""
    return bool(re.match(r"\s*(<\?xml[^>]*>\s*)?<profile>", text))


def _root(path: Path, text: str) -> ElementTree.Element:
    """The document, refused where it could do more than hold figures.

    Raises:
        ReportError: it is cut off, declares entities or a type, or is no report.
    """
    if re.search(r"<!(DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise ReportError(f"{path} declares a document type, which no report does; give the one that the tool wrote")
    declared = re.match(r"\s*<\?xml[^>]*encoding\s*=\s*[\"']([^\"']*)", text)
    if declared and declared[1].lower() not in ("utf-8", "us-ascii", "ascii"):
        raise ReportError(f"{path} is in {declared[1][:40]!r}, which no report is; give the one that the tool wrote")
    try:
        root = ElementTree.fromstring(text.encode())  # noqa: S314 - no document type, so no entity to unfold or fetch
    except ElementTree.ParseError as error:
        raise ReportError(f"{path} is no whole XML ({error}); {AGAIN}") from None
    for needed in _NEEDED:
        if root.find(f"./{needed}") is None:
            raise lacking(path, f"<{needed}>")
    if all(root.find(f"./AreaEstimates/Resources/{name}") is None for name in _DSP):
        raise lacking(path, "<AreaEstimates/Resources/DSP>", _DSP)
    return root


def _parsed(path: Path, text: str) -> Mapping[str, str]:
    """What hls4ml's parser finds, which looks for a project of a certain shape and prints."""
    from hls4ml.report import parse_vivado_report

    with tempfile.TemporaryDirectory(prefix="codesign-report-") as name:
        folder = Path(name)
        reports = folder / "top_prj" / "solution1" / "syn" / "report"
        reports.mkdir(parents=True)
        (folder / "project.tcl").write_text('set project_name "top"\nset backend "vitis"\n')
        (folder / "top_prj" / "hls.app").write_text(
            '<project><solutions><solution name="solution1"/></solutions></project>'
        )
        (reports / "top_csynth.xml").write_text(text, encoding="utf-8")
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                found = parse_vivado_report(name)
        except Exception as error:
            raise ReportError(f"{path}: hls4ml cannot read it ({type(error).__name__}); {AGAIN}") from error
    report = (found or {}).get("CSynthesisReport")
    if not isinstance(report, Mapping):
        raise ReportError(f"{path}: hls4ml finds no C synthesis in it; {AGAIN}")
    return {str(key): str(value or "") for key, value in report.items()}


def _cycles(path: Path, what: str, text: str) -> int | None:
    return None if text.strip() in _UNKNOWN else whole(path, what, text)


def _period(path: Path, root: ElementTree.Element, name: str) -> float | None:
    text = (root.findtext(f"./{name}") or "").strip()
    return None if text in _UNKNOWN else number(path, name, text)


def read_csynth(path: Path, text: str | None = None) -> Report:
    """Read a `*_csynth.xml`: a whole design, or a module of one.

    The slack is what Vitis HLS prints in its summary: clock period less uncertainty less estimated period.

    Raises:
        ReportError: it is truncated, or no such report; names what is missing.
    """
    text = read_text(path) if text is None else text
    root = _root(path, text)
    found = _parsed(path, text)
    clock = _period(path, root, "UserAssignments/TargetClockPeriod")
    estimated = _period(path, root, "PerformanceEstimates/SummaryOfTimingAnalysis/EstimatedClockPeriod")
    uncertainty = _period(path, root, "UserAssignments/ClockUncertainty")
    slack = None
    if clock is not None and estimated is not None and uncertainty is not None:
        slack = round(clock - uncertainty - estimated, 6)
    name = (root.findtext("./UserAssignments/TopModelName") or "").strip()
    if not name:
        raise lacking(path, "<UserAssignments/TopModelName>")
    counts = {key: whole(path, key, found[key]) for key in ("LUT", "FF", "DSP", "BRAM_18K")}
    total = Module(
        name,
        counts["LUT"],
        counts["FF"],
        counts["DSP"],
        counts["BRAM_18K"],
        whole(path, "URAM", found["URAM"]) if "URAM" in found else None,
        _cycles(path, "Worst-caseLatency", found["WorstLatency"]),
        _cycles(path, "Best-caseLatency", found["BestLatency"]),
        _cycles(path, "Interval-max", found["IntervalMax"]),
        slack,
    )
    version = (root.findtext("./ReportVersion/Version") or "").strip()
    return Report(
        Stage.CSYNTH,
        name,
        (root.findtext("./UserAssignments/Part") or "").strip() or None,
        f"Vivado HLS or Vitis HLS {version}" if version else None,
        total,
        clock_ns=clock,
        estimated_ns=estimated,
        files=(path,),
    )
