"""`estimate`: what a design or a model is expected to cost, before any tool runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from codesign.board import load_board
from codesign.errors import EstimateError, UsageError
from codesign.estimate import Conditions, Estimate, Flow, IoType, Target, board_target, estimate, part_target
from codesign.estimate.local import (
    Calibration,
    Comparison,
    add,
    compare,
    corrected,
    default_path,
    fit,
    pair_of,
    read_pairs,
)
from codesign.estimate.reuse import reuse_by_node
from codesign.frontend.options import ConvertOptions
from codesign.graph import FixedPoint, Graph, digest
from codesign.hls.reports import read_reports
from codesign.precision import retyped
from codesign.road.reading import Source, read_source
from codesign.rtl import Multipliers

Progress = Callable[[str], None]

DEFAULT_CLOCK_NS = 10.0


@dataclass(frozen=True)
class Asked:
    """What an estimate is asked for, as the user says it.

    Attributes:
        flow: how the design becomes gates.
        board: that ships with codesign, or the path of a board's YAML; '' for the design's own, or a part alone.
        part: in place of a board; '' where a board is named.
        uncalibrated: a part of a family without calibration is estimated all the same, with wider intervals.
        clock_ns: clock period in ns; None for the design's own, or 10.
        reuse: for every layer that has one, or by layer; None for the design's own.
        multipliers: what multipliers are made of.
        io_type: of the hls4ml project.
        precision: types in place of the Graph's, by layer and hls4ml's type name.
        clock_uncertainty: part of the period that Vitis HLS leaves for routing.
        quick: the RTL's logic is predicted, not traced.
    """

    flow: Flow = Flow.RTL
    board: str = ""
    part: str = ""
    uncalibrated: bool = False
    clock_ns: float | None = None
    reuse: int | Mapping[str, int] | None = None
    multipliers: Multipliers = Multipliers.AUTO
    io_type: IoType = IoType.PARALLEL
    precision: Mapping[str, Mapping[str, FixedPoint]] = field(default_factory=dict)
    clock_uncertainty: float = 0.125
    quick: bool = False


@dataclass(frozen=True)
class Truth:
    """What tools reported, and the file of earlier pairs of estimate and truth.

    Attributes:
        report: a report, or a folder with reports of the same design; None for none.
        correct: correct the estimate by the earlier pairs.
        file: that these are in; None for the user's own.
        add: add this estimate and these reports to them.
    """

    report: Path | None = None
    correct: bool = False
    file: Path | None = None
    add: bool = False


NO_TRUTH = Truth()


def target_of(asked: Asked, design_board: str = "") -> Target:
    """The board or part that is asked for.

    Args:
        asked: by the user.
        design_board: that the design was made for; '' for none.

    Raises:
        UsageError: both are named, or none.
        BoardError: the board is unknown.
        EstimateError: there is no calibration for the part's family.
    """
    if asked.board and asked.part:
        raise UsageError(f"board {asked.board[:80]} and part {asked.part[:80]} are both given; name one of them")
    if asked.part:
        return part_target(asked.part, uncalibrated=asked.uncalibrated)
    board = asked.board or design_board
    if not board:
        raise UsageError("an estimate needs a part: name a board (see `codesign boards`) or a part")
    return board_target(load_board(board))


def conditions_of(asked: Asked, source: Source) -> Conditions:
    """What is asked for, with what the design says where the user does not.

    Raises:
        UsageError: no part, or two.
        BoardError: the board is unknown.
        EstimateError: a reuse factor names no layer, or the part has no calibration.
    """
    clock_ns = asked.clock_ns or source.clock_ns or DEFAULT_CLOCK_NS
    return Conditions(
        flow=asked.flow,
        target=target_of(asked, source.board),
        clock_ns=clock_ns,
        reuse={} if asked.reuse is None else reuse_by_node(source.graph, asked.reuse),
        multipliers=asked.multipliers,
        io_type=asked.io_type,
        clock_uncertainty=asked.clock_uncertainty,
        quick=asked.quick,
    )


@dataclass(frozen=True)
class Estimated:
    """An estimate of what the user named.

    Attributes:
        path: that the user named.
        graph: the design.
        estimate: of it.
        comparisons: with each report.
        pairs: in the local calibration file after this one was added; None where none was.
        file: of the local calibration; None where it has no part in this.
    """

    path: Path
    graph: Graph
    estimate: Estimate
    comparisons: tuple[Comparison, ...] = ()
    pairs: int | None = None
    file: Path | None = None

    def document(self) -> dict[str, Any]:
        """All of it for machines."""
        return {
            "model": str(self.path),
            **self.estimate.document(),
            "reports": [comparison.document() for comparison in self.comparisons],
            "calibration": None if self.file is None else {"file": str(self.file), "pairs": self.pairs},
        }


def estimate_path(
    path: Path,
    asked: Asked,
    options: ConvertOptions,
    truth: Truth = NO_TRUTH,
    *,
    weights: Path | None = None,
    progress: Progress = lambda text: None,
) -> Estimated:
    """Estimate a design folder, a saved Graph, or a model file, and set it beside what tools reported of it.

    Args:
        path: of it.
        asked: what is asked for.
        options: how a model file is converted; nothing to the others.
        truth: what tools reported.
        weights: of a `.json` model.
        progress: told what is being done.

    Raises:
        CodesignError: the model, the part, a report or what is asked for is refused; the message says why.
    """
    if path.is_file() or asked.board or asked.part:
        target_of(asked)  # refused before a model takes seconds to load
    reports = () if truth.report is None else read_reports(truth.report)
    source, asked = read_asked(path, asked, options, weights=weights, progress=progress)
    progress("estimating")
    made = estimate(source.graph, conditions_of(asked, source))
    # Beside a report stands what the other designs' pairs say, or the truth would be set against itself.
    calibration = known_calibration(truth, without=digest(source.graph) if reports else None)
    found = made if calibration is None else corrected(made, calibration)
    comparisons = tuple(compare(found, report) for report in reports)
    file = None if calibration is None else truth.file or default_path()
    pairs = None
    if truth.add and file is not None:
        pairs = len(add(file, *(pair_of(source.graph, made, report) for report in reports)))
    return Estimated(path, source.graph, found, comparisons, pairs, file)


def known_calibration(truth: Truth, *, without: str | None = None) -> Calibration | None:
    """What earlier pairs of estimate and truth teach; None where they are not asked for.

    Args:
        truth: whether, and the file.
        without: SHA-256 of a design whose own pairs are left aside.

    Raises:
        EstimateError: there is none yet and none is to be added, or the file is damaged.
    """
    if not (truth.correct or truth.add):
        return None
    file = truth.file or default_path()
    earlier = read_pairs(file)
    if not earlier and not truth.add:
        raise EstimateError(f"{file} holds no pair of estimate and truth yet; add some with --report DIR --calibrate")
    return fit(earlier, without=without)


def read_asked(
    path: Path,
    asked: Asked,
    options: ConvertOptions,
    *,
    weights: Path | None = None,
    progress: Progress = lambda text: None,
) -> tuple[Source, Asked]:
    """The Graph that is asked about with the types that are asked for, and what else is asked.

    Raises:
        CodesignError: the model, the Graph or a type is refused.
    """
    source = read_source(path, replace(options, precision=asked.precision), weights=weights, progress=progress)
    if source.converted:  # the conversion has derived the other types from these
        return source, replace(asked, precision={})
    return replace(source, graph=_retyped(source.graph, asked)), replace(asked, precision={})


def _retyped(graph: Graph, asked: Asked) -> Graph:
    return retyped(graph, asked.precision) if asked.precision else graph


def estimate_graph(graph: Graph, asked: Asked) -> Estimate:
    """Estimate a Graph.

    Raises:
        CodesignError: the part or what is asked for is refused; the message says why.
    """
    graph = _retyped(graph, asked)
    return estimate(graph, conditions_of(asked, Source(graph)))
