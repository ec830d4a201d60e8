"""Finding the reports of a project: of hls4ml, of our own RTL, or a folder with reports in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import reduce
from pathlib import Path

from codesign.errors import ReportError
from codesign.hls.reports.csynth import is_csynth, read_csynth
from codesign.hls.reports.record import Report, Stage, joined, same_part
from codesign.hls.reports.summary import is_summary, read_summary
from codesign.hls.reports.text import read_text
from codesign.hls.reports.timing import is_timing, read_timing
from codesign.hls.reports.utilisation import is_utilisation, read_utilisation

_MOST_MODULES = 2000
_XML = "_csynth.xml"
_LEVELS = ("", "*/", "*/*/")
# Beside the project, as hls4ml's and our own scripts name them, or where Vivado leaves those of its runs.
_VIVADO = (
    "vivado_synth.rpt",
    "util.rpt",
    "utilization_synth.rpt",
    "timing_synth.rpt",
    "utilization.rpt",
    "timing.rpt",
    "*_utilization_synth.rpt",
    "*_utilization_placed.rpt",
    "*_timing_summary_routed.rpt",
    "*.runs/impl_1/*_utilization_placed.rpt",
    "*.runs/impl_1/*_timing_summary_routed.rpt",
)
KNOWN = "*_csynth.xml, csynth.rpt, or what report_utilization or report_timing_summary of Vivado wrote"


def read_report(path: Path) -> Report:
    """Read one report of any kind.

    Raises:
        ReportError: it is none that is known, or is truncated; names what is missing.
    """
    text = read_text(path)
    for known, read in (
        (is_csynth, read_csynth),
        (is_summary, read_summary),
        (is_timing, read_timing),
        (is_utilisation, read_utilisation),
    ):
        if known(text):
            return read(path, text)
    raise ReportError(f"{path} is no report that can be read; give {KNOWN}")


def _syn_folder(folder: Path) -> Path | None:
    """The folder with the reports of C synthesis, of one solution."""
    found = sorted({path for level in _LEVELS for path in folder.glob(f"{level}syn/report") if path.is_dir()})
    found = [path for path in found if any(path.glob(f"*{_XML}"))]
    if len(found) > 1:
        listed = ", ".join(str(path.relative_to(folder)) for path in found[:5])
        raise ReportError(f"{folder} holds {len(found)} solutions ({listed}); give the folder of one of them")
    if found:
        return found[0]
    return folder if any(folder.glob(f"*{_XML}")) else None


def _top(folder: Path, reports: Path, names: list[str]) -> str:
    """Name of the top among the modules: the only one, or the one that the project is named after."""
    if len(names) == 1:
        return names[0]
    script = folder / "project.tcl"
    if script.is_file():
        match = re.search(r'^set project_name "([^"]+)"', read_text(script), re.MULTILINE)
        for name in (match[1], f"{match[1]}_axi") if match else ():
            if name in names:
                return name
    whole = reports / "csynth.xml"
    if whole.is_file():
        name = read_csynth(whole).design
        if name in names:
            return name
    raise ReportError(
        f"{reports} holds {len(names)} modules and nothing tells the top; give the folder with project.tcl, or the "
        f"{_XML} of the top"
    )


def _csynth(folder: Path) -> Report | None:
    reports = _syn_folder(folder)
    if reports is None:
        return None
    files = {path.name.removesuffix(_XML): path for path in sorted(reports.glob(f"*{_XML}"))}
    if len(files) > _MOST_MODULES:
        raise ReportError(
            f"{reports} holds {len(files)} reports, more than {_MOST_MODULES}; give that of the top alone"
        )
    top = _top(folder, reports, list(files))
    total = read_csynth(files.pop(top))
    # A module's own report calls it by its own name, or by that of the top.
    modules = tuple(replace(read_csynth(path).total, name=name) for name, path in files.items())
    return replace(total, modules=modules)


def _vivado(folder: Path) -> Iterable[Report]:
    paths = {path.resolve(): path for pattern in _VIVADO for path in sorted(folder.glob(pattern))}
    return [read_report(path) for path in paths.values()]


def read_reports(path: Path) -> tuple[Report, ...]:
    """Read what vendors' tools reported of a design.

    Args:
        path: a report, or the folder of an hls4ml project, of an RTL project, or of a solution.

    Returns:
        One report for each stage, in the order of stages; at least one.

    Raises:
        ReportError: there is none, one is truncated or foreign, or they are of several designs or runs.
    """
    if not path.is_dir():
        return (read_report(path),)
    found: list[Report] = []
    csynth = _csynth(path)
    if csynth is not None:
        found.append(csynth)
    vivado = list(_vivado(path))
    for stage in (Stage.VSYNTH, Stage.IMPLEMENTATION):
        of_stage = [report for report in vivado if report.stage is stage]
        if of_stage:
            found.append(reduce(joined, of_stage))
    if not found:
        inner = [name for name in ("hls", "rtl") if (path / name).is_dir()]
        hint = f"give {' or '.join(str(path / name) for name in inner)}" if inner else f"run the tools, or give {KNOWN}"
        raise ReportError(f"{path} holds no report; {hint}")
    for report in found[1:]:
        if not same_part(found[0].part, report.part):
            files = ", ".join(str(file) for file in (*found[0].files[:1], *report.files[:1]))
            raise ReportError(
                f"{files}: these are of two parts, {found[0].part!r} and {report.part!r}; give one design's"
            )
    return tuple(found)
