"""A pair: what was estimated of a design, and what a vendor's tool then reported of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache
from importlib import metadata

from codesign.errors import EstimateError
from codesign.estimate.conditions import Conditions, Flow
from codesign.estimate.figure import Figure
from codesign.estimate.local.comparison import compare
from codesign.estimate.record import Estimate
from codesign.graph import Graph, digest
from codesign.hls.reports.record import Report, Stage
from codesign.rtl import Family


@cache
def model_version() -> str:
    """Of codesign, whose models change with it."""
    return metadata.version("codesign")


@dataclass(frozen=True)
class Group:
    """Pairs that say something of each other's estimates.

    Attributes:
        flow: how the designs became gates.
        stage: at which they were reported.
        family: whose calibration was used.
        part: where the part is not of that family: pairs of another part then say nothing.
    """

    flow: Flow
    stage: Stage
    family: Family
    part: str | None = None


@dataclass(frozen=True)
class Pair:
    """What was estimated of a design, and what was reported of it.

    Attributes:
        graph: SHA-256 of the design.
        asked: SHA-256 of what else the estimate depends on: reuse factors, multipliers, clock, io_type, part.
        name: of the design.
        group: it belongs to.
        part: that was estimated for.
        tool: that reported, with its version; None where it did not say.
        version: of codesign, that estimated.
        date: when the pair was added, in ISO 8601, UTC.
        estimate: by `comparison.FIGURES`; None where it was not known.
        truth: likewise.
    """

    graph: str
    asked: str
    name: str
    group: Group
    part: str
    tool: str | None
    version: str
    date: str
    estimate: dict[str, Figure | None]
    truth: dict[str, float | None]

    @property
    def identity(self) -> tuple[str, str, Group]:
        """What a pair replaces another by: the same design, built the same way, at the same stage."""
        return self.graph, self.asked, self.group


def group_of(conditions: Conditions, stage: Stage) -> Group:
    """The group of an estimate at a stage."""
    target = conditions.target
    return Group(conditions.flow, stage, target.family, None if target.calibrated else target.part)


def _asked(conditions: Conditions) -> str:
    words = {
        "part": conditions.target.part,
        "clock_ns": conditions.clock_ns,
        "reuse": dict(sorted(conditions.reuse.items())),
        "multipliers": conditions.multipliers.value,
        "io_type": conditions.io_type.value,
    }
    return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()


def pair_of(graph: Graph, estimate: Estimate, report: Report, *, now: datetime | None = None) -> Pair:
    """A pair of an estimate, as the model made it, and a report.

    Args:
        graph: the design.
        estimate: of it, not corrected: a correction is fitted to what the model says.
        report: of it.
        now: when it is added; the present without it.

    Raises:
        ReportError: the report is not of what was estimated.
        EstimateError: the estimate is a corrected one, or nothing is both estimated and reported.
    """
    if estimate.corrected:
        raise EstimateError(
            f"design {graph.name!r}: the estimate is corrected by a local calibration already; add the one without"
        )
    rows = compare(estimate, report).rows
    if all(row.estimate is None or row.truth is None for row in rows):
        raise EstimateError(
            f"design {graph.name!r}: nothing is both estimated and reported; give a report with LUTs or latency"
        )
    when = (now or datetime.now(timezone.utc)).astimezone(timezone.utc).isoformat(timespec="seconds")
    return Pair(
        graph=digest(graph),
        asked=_asked(estimate.conditions),
        name=graph.name,
        group=group_of(estimate.conditions, report.stage),
        part=estimate.conditions.target.part,
        tool=report.tool,
        version=model_version(),
        date=when,
        estimate={row.name: row.estimate for row in rows},
        truth={row.name: row.truth for row in rows},
    )
