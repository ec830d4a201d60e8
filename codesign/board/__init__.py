"""Boards: what their parts hold, and what a design takes of it by real synthesis."""

from codesign.board.board import Board, Family, Resource
from codesign.board.catalogue import board_names, list_boards, load_board
from codesign.board.cost import Cost, ResourceUse, cost
from codesign.board.sources import RtlSources, read_sources
from codesign.board.synthesis import synthesise
from codesign.board.utilisation import Utilisation

__all__ = [
    "Board",
    "Cost",
    "Family",
    "Resource",
    "ResourceUse",
    "RtlSources",
    "Utilisation",
    "board_names",
    "cost",
    "list_boards",
    "load_board",
    "read_sources",
    "synthesise",
]
