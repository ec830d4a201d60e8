"""`build`: synthesis of a design for a board, and what it costs there."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codesign import rtl
from codesign.artifact import stage, write_atomic
from codesign.board import Board, Cost, Utilisation, cost, load_board, synthesise
from codesign.board.rtl_family import rtl_family
from codesign.board.sources import read_sources
from codesign.design import key_of, read_design, read_graph
from codesign.errors import CodesignError, DesignError
from codesign.estimate import RESOURCES, Conditions, Estimate, Flow, board_target, estimate
from codesign.estimate.local import Row
from codesign.graph import Graph

Progress = Callable[[str], None]

WORK = "work"


@dataclass(frozen=True)
class Built:
    """A design on a board.

    Attributes:
        board: the board.
        cost: what it takes there.
        folder: holds `cost.json`.
        estimate: what was to be expected before synthesis; None where it cannot be told.
    """

    board: Board
    cost: Cost
    folder: Path
    estimate: Estimate | None = None

    @property
    def fits(self) -> bool:
        """Whether it is known that everything fits."""
        return self.cost.fits is True

    @property
    def expected(self) -> tuple[Row, ...]:
        """Each resource that was estimated beside what synthesis counted; none where there is no estimate."""
        if self.estimate is None or self.cost.utilisation is None:
            return ()
        counted = self.cost.utilisation
        return tuple(
            Row(resource.value, getattr(self.estimate, resource.value), counted.used(resource))
            for resource in RESOURCES
        )

    def document(self) -> dict[str, Any]:
        """The cost for machines, and the estimate beside it."""
        return {**self.cost.document(), "estimated": {row.name: row.document() for row in self.expected} or None}


def build(
    folder: Path,
    board_name: str,
    *,
    known: Utilisation | None = None,
    progress: Progress = lambda text: None,
) -> Built:
    """Synthesise the RTL of a design for a board and write `build/<board>/cost.json`.

    Args:
        folder: the design folder.
        board_name: of a board that ships with codesign, or the path of a board's YAML.
        known: what synthesis counted before for the same design and family.
        progress: told what is being done.

    Raises:
        DesignError: the folder holds no design, or one without an RTL project.
        GraphError: the design's Graph is damaged.
        BoardError: the board is unknown or malformed.
        ToolMissingError: Yosys is not installed.
        ToolFailedError: Yosys failed.
    """
    board = load_board(board_name)
    design = read_design(folder)
    if design.rtl_refused:
        raise DesignError(f"{folder} has no RTL project to synthesise: {design.rtl_refused}")
    manifest = rtl.Manifest.load(folder / "rtl")
    manifest.require_verilog("Yosys")
    progress(f"synthesising for {board.title}")
    usable = known is not None and known.family is board.family
    utilisation = known if usable else synthesise(read_sources(folder / "rtl"), board, folder / WORK / "synthesis")
    found = cost(utilisation, board, manifest.latency_cycles, manifest.interval, manifest.clock_ns)
    document = {"format": "codesign-cost", "version": 1, "design": design.key, **found.document()}
    with stage(folder / "build" / board.name, key_of(document)) as temporary:
        write_atomic(temporary / "cost.json", json.dumps(document, indent=1) + "\n")
    return Built(board, found, folder / "build" / board.name, _expected(read_graph(folder, design), manifest, board))


def _expected(graph: Graph, manifest: rtl.Manifest, board: Board) -> Estimate | None:
    """What is to be expected of a design's RTL.

    None where the estimator does not know it: other ports than plain ones are no part of an estimate, a search for a
    fit chooses what multipliers are made of, and RTL that was pipelined for another family is not what it expects.
    """
    if manifest.interface is not rtl.Interface.VALID_READY or manifest.registers or manifest.fitted_to:
        return None
    if manifest.family is not rtl_family(board):
        return None
    try:
        return estimate(graph, Conditions(Flow.RTL, board_target(board), manifest.clock_ns))
    except CodesignError:
        return None
