"""The RTL family of a board."""

from __future__ import annotations

from collections.abc import Mapping

from codesign.board.board import Board
from codesign.board.board import Family as BoardFamily
from codesign.rtl import Family

_FAMILIES: Mapping[BoardFamily, Family] = {
    BoardFamily.XC7: Family.XILINX_7SERIES,
    BoardFamily.XCUP: Family.XILINX_ULTRASCALE_PLUS,
    BoardFamily.ECP5: Family.ECP5,
    BoardFamily.ICE40: Family.ICE40,
    BoardFamily.GOWIN: Family.GOWIN,
}

_BOARD_FAMILIES = {rtl: board for board, rtl in _FAMILIES.items()}

if set(_FAMILIES) != set(BoardFamily) or set(_BOARD_FAMILIES) != set(Family):
    raise ImportError("the families of boards and of RTL differ")


def rtl_family(board: Board | None) -> Family:
    """The family that RTL is pipelined for; 7 series without a board, as the default part is one."""
    return Family.XILINX_7SERIES if board is None else _FAMILIES[board.family]


def board_family(family: Family) -> BoardFamily:
    """The family of boards whose parts RTL of a family is made for."""
    return _BOARD_FAMILIES[family]
