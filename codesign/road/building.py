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
from codesign.board.sources import read_sources
from codesign.design import key_of, read_design
from codesign.errors import DesignError

Progress = Callable[[str], None]

WORK = "work"


@dataclass(frozen=True)
class Built:
    """A design on a board.

    Attributes:
        board: the board.
        cost: what it takes there.
        folder: holds `cost.json`.
    """

    board: Board
    cost: Cost
    folder: Path

    @property
    def fits(self) -> bool:
        """Whether it is known that everything fits."""
        return self.cost.fits is True

    def document(self) -> dict[str, Any]:
        """The cost for machines."""
        return self.cost.document()


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
    return Built(board, found, folder / "build" / board.name)
