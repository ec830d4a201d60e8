"""`estimate`: what a design or a model is expected to cost, before any tool runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codesign.board import load_board
from codesign.errors import UsageError
from codesign.estimate import Conditions, Estimate, Flow, IoType, Target, board_target, estimate, part_target
from codesign.estimate.reuse import reuse_by_node
from codesign.frontend.options import ConvertOptions
from codesign.graph import Graph
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
    """

    flow: Flow = Flow.RTL
    board: str = ""
    part: str = ""
    uncalibrated: bool = False
    clock_ns: float | None = None
    reuse: int | Mapping[str, int] | None = None
    multipliers: Multipliers = Multipliers.AUTO
    io_type: IoType = IoType.PARALLEL


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
    )


@dataclass(frozen=True)
class Estimated:
    """An estimate of what the user named.

    Attributes:
        path: that the user named.
        graph: the design.
        estimate: of it.
    """

    path: Path
    graph: Graph
    estimate: Estimate

    def document(self) -> dict[str, Any]:
        """All of it for machines."""
        return {"model": str(self.path), **self.estimate.document()}


def estimate_path(
    path: Path,
    asked: Asked,
    options: ConvertOptions,
    *,
    weights: Path | None = None,
    progress: Progress = lambda text: None,
) -> Estimated:
    """Estimate a design folder, a saved Graph, or a model file.

    Args:
        path: of it.
        asked: what is asked for.
        options: how a model file is converted; nothing to the others.
        weights: of a `.json` model.
        progress: told what is being done.

    Raises:
        CodesignError: the model, the part or what is asked for is refused; the message says why.
    """
    if path.is_file() or asked.board or asked.part:
        target_of(asked)  # refused before a model takes seconds to load
    source = read_source(path, options, weights=weights, progress=progress)
    if options.precision and not source.converted:
        raise UsageError(
            f"--precision states types of a model file, and {path} is a converted design; give the model in its place"
        )
    progress("estimating")
    return Estimated(path, source.graph, estimate(source.graph, conditions_of(asked, source)))


def estimate_graph(graph: Graph, asked: Asked) -> Estimate:
    """Estimate a Graph.

    Raises:
        CodesignError: the part or what is asked for is refused; the message says why.
    """
    return estimate(graph, conditions_of(asked, Source(graph)))
