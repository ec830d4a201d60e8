"""The boards that ship with codesign, as a table and as JSON."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from codesign.board import list_boards
from codesign.board.cost_table import board_table


def table() -> Table:
    """Every board with what its part holds."""
    return board_table(list_boards())


def document() -> dict[str, Any]:
    """The boards for machines."""
    return {"boards": [board.document() for board in list_boards()]}
