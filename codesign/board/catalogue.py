"""The boards that ship with codesign, and those that users describe themselves."""

from __future__ import annotations

from pathlib import Path

from codesign.board.board import Board
from codesign.board.description import nearest, read_board
from codesign.errors import BoardError
from codesign.resources import resource

_SUFFIXES = (".yaml", ".yml")


def board_names() -> tuple[str, ...]:
    """Names of the boards that ship with codesign, sorted; nothing is read but the folder."""
    return tuple(sorted(path.stem for path in resource("boards").glob("*.yaml")))


def list_boards() -> tuple[Board, ...]:
    """The boards that ship with codesign, by name."""
    return tuple(load_board(name) for name in board_names())


def load_board(name_or_path: str | Path) -> Board:
    """A board by its name, or from a YAML of one's own.

    Args:
        name_or_path: a name that `list_boards` knows, or a path: anything with a folder in it or ending in .yaml
            or .yml.

    Raises:
        BoardError: the name is unknown, or the YAML is malformed.
    """
    path = Path(name_or_path)
    if isinstance(name_or_path, Path) or len(path.parts) > 1 or path.suffix.lower() in _SUFFIXES:
        return read_board(path)
    names = board_names()
    if name_or_path not in names:
        raise BoardError(
            f"board {name_or_path[:80]!r} is unknown{nearest(name_or_path, list(names))}; give one of "
            f"{', '.join(names)}, or the path of a board's YAML"
        )
    return read_board(resource("boards") / f"{name_or_path}.yaml")
