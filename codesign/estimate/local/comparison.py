"""An estimate beside what a vendor's tool reported of the same design."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from codesign.errors import ReportError
from codesign.estimate.conditions import Flow
from codesign.estimate.figure import Figure, document
from codesign.estimate.record import Estimate
from codesign.estimate.target import family_of_part
from codesign.hls.reports.record import Report, Stage

FIGURES = ("lut", "ff", "dsp", "bram", "latency_cycles", "interval", "fmax_mhz")
"""What is compared, and corrected, in order; block RAM in blocks of 18 Kb."""


def expected(estimate: Estimate, stage: Stage) -> dict[str, Figure | None]:
    """What an estimate says of a stage, by `FIGURES`: of LUTs, the vitis flow tells C synthesis from what is placed."""
    found = {name: getattr(estimate, name) for name in FIGURES}
    if estimate.flow is Flow.VITIS and stage is not Stage.CSYNTH and estimate.lut_implemented is not None:
        found["lut"] = estimate.lut_implemented
    return found


def reported(report: Report) -> dict[str, float | None]:
    """What a report says, by `FIGURES`: the highest clock frequency is that at which the slowest path has no slack."""
    total = report.total
    fmax = None
    placed = report.stage is Stage.IMPLEMENTATION
    if placed and report.clock_ns is not None and total.slack_ns is not None and total.slack_ns < report.clock_ns:
        fmax = 1000 / (report.clock_ns - total.slack_ns)
    counts = {"lut": total.lut, "ff": total.ff, "dsp": total.dsp, "bram": total.bram18}
    return {**counts, "latency_cycles": total.latency, "interval": total.interval, "fmax_mhz": fmax}


def check_comparable(estimate: Estimate, report: Report) -> None:
    """Refuse a report that is not of what was estimated.

    Raises:
        ReportError: it is of the other flow, of a part of another family, or at another clock period.
    """
    where = ", ".join(str(file) for file in report.files[:2]) or report.design
    if report.stage is Stage.CSYNTH and estimate.flow is not Flow.VITIS:
        raise ReportError(
            f"{where}: C synthesis reports the hls4ml project, and the estimate is of the {estimate.flow.value} flow; "
            "estimate with --flow vitis, or give Vivado's report of the RTL"
        )
    target, asked = estimate.conditions.target, estimate.conditions.clock_ns
    if report.part is not None and target.calibrated:
        family = family_of_part(report.part)
        if family is not target.family:
            told = "of no known family" if family is None else family.value
            raise ReportError(
                f"{where}: is of part {report.part} ({told}), and the estimate of {target.part} "
                f"({target.family.value}); estimate for the part of the report"
            )
    if report.clock_ns is not None and not math.isclose(report.clock_ns, asked, rel_tol=0.01):
        raise ReportError(
            f"{where}: was made for a clock period of {report.clock_ns:g} ns, and the estimate for {asked:g}; "
            f"estimate with --clock-ns {report.clock_ns:g}"
        )


@dataclass(frozen=True)
class Row:
    """One figure of an estimate beside the truth.

    Attributes:
        name: of the figure, one of `FIGURES`.
        estimate: what was expected; None where it is not known.
        truth: what was reported; None where the report does not say.
    """

    name: str
    estimate: Figure | None
    truth: float | None

    @property
    def error(self) -> float | None:
        """Relative error of the estimate, above 0 where it is too high; None where either is not known.

        Of a truth of 0 it is 0 where the estimate is too, and else unknown.
        """
        if self.estimate is None or self.truth is None:
            return None
        if self.truth == 0:
            return 0.0 if self.estimate.value == 0 else None
        return self.estimate.value / self.truth - 1

    @property
    def inside(self) -> bool | None:
        """Whether the truth lies in the estimate's interval; None where either is not known."""
        if self.estimate is None or self.truth is None:
            return None
        return self.estimate.low <= self.truth <= self.estimate.high

    def document(self) -> dict[str, Any]:
        """The row for machines; null where not known."""
        return {
            "estimate": document(self.estimate),
            "truth": self.truth,
            "error": self.error,
            "inside": self.inside,
        }


@dataclass(frozen=True)
class Comparison:
    """An estimate beside the truth.

    Attributes:
        estimate: of the design.
        report: of the same.
        rows: by `FIGURES`, in order.
    """

    estimate: Estimate
    report: Report
    rows: tuple[Row, ...]

    def __getitem__(self, name: str) -> Row:
        """The row of a figure.

        Raises:
            KeyError: there is none of that name.
        """
        by_name: Mapping[str, Row] = {row.name: row for row in self.rows}
        return by_name[name]

    def document(self) -> dict[str, Any]:
        """The comparison for machines."""
        return {
            "design": self.report.design,
            "stage": self.report.stage.value,
            "part": self.report.part,
            "tool": self.report.tool,
            "figures": {row.name: row.document() for row in self.rows},
        }


def compare(estimate: Estimate, report: Report) -> Comparison:
    """Set an estimate beside a report of the same design.

    Raises:
        ReportError: it is of the other flow, of a part of another family, or at another clock period.
    """
    check_comparable(estimate, report)
    guess, truth = expected(estimate, report.stage), reported(report)
    return Comparison(estimate, report, tuple(Row(name, guess[name], truth[name]) for name in FIGURES))
