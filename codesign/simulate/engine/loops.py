"""What the loops in `compiled` are given: chains, ports and outputs as tables of numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from codesign.graph import FixedPoint, Overflow, Rounding
from codesign.simulate.engine import codes
from codesign.simulate.engine.edge import FLOAT32, Form, Layout, Tile
from codesign.simulate.engine.pointwise import (
    Affine,
    Clip,
    Direction,
    Floats,
    Operation,
    Round,
    Wrap,
    lowest_kept,
    number,
)

# Numbers of a piece of a tile: few enough for the first cache, enough for long vectors.
_PIECE = 1024

_DIRECTIONS: dict[Direction, int] = {
    Direction.DOWN: codes.FLOOR,
    Direction.UP: codes.CEIL,
    Direction.TO_ZERO: codes.TRUNC,
    Direction.TO_EVEN: codes.TO_EVEN,
    Direction.TIES_AWAY: codes.TIES_AWAY,
    Direction.TIES_TO_ZERO: codes.TIES_TO_ZERO,
}

# The two that have a step for an offset, a rounding and a range: (each number its own, one for a row).
_TOGETHER: dict[int, tuple[int, int]] = {
    codes.FLOOR: (codes.ADD_FLOOR_CLIP, codes.ADD_ROW_FLOOR_CLIP),
    codes.TO_EVEN: (codes.ADD_TO_EVEN_CLIP, codes.ADD_ROW_TO_EVEN_CLIP),
}

# A code, up to three numbers, and what is added or multiplied.
_Step = tuple[int, tuple[float, ...], Floats]
_NONE = number(0.0)


def _steps(operation: Operation, *, by_row: bool) -> list[_Step]:
    if isinstance(operation, Affine):
        found: list[_Step] = []
        if operation.scale.size > 1 or operation.scale[0] != 1:
            found.append((codes.MULTIPLY_ROW if by_row else codes.MULTIPLY, (), operation.scale))
        if operation.offset.any():
            found.append((codes.ADD_ROW if by_row else codes.ADD, (), operation.offset))
        return found
    if isinstance(operation, Round):
        return [(_DIRECTIONS[operation.direction], (), _NONE)]
    if isinstance(operation, Wrap):
        span = 2.0**operation.width
        return [(codes.WRAP, (1 / span, -operation.low / span, span), _NONE)]
    code = codes.CLIP if isinstance(operation, Clip) else codes.ZERO_OUTSIDE
    return [(code, (operation.low, operation.high), _NONE)]


def _together(steps: Sequence[_Step], *, by_row: bool) -> list[_Step]:
    """Fewer steps that do the same."""
    found: list[_Step] = []
    adding = codes.ADD_ROW if by_row else codes.ADD
    for code, numbers, parameter in steps:
        if code in _TOGETHER:
            offset = found.pop()[2] if found and found[-1][0] == adding else _NONE
            found.append((_TOGETHER[code][by_row], (-np.inf, np.inf), offset))
        elif code == codes.CLIP and found and any(found[-1][0] in pair for pair in _TOGETHER.values()):
            if found[-1][1] == (-np.inf, np.inf):
                found[-1] = (found[-1][0], numbers, found[-1][2])
            else:
                found.append((code, numbers, parameter))
        else:
            found.append((code, numbers, parameter))
    return found


def one_loop(
    operations: Sequence[Operation], size: int, samples: int, form: Form, code: ModuleType
) -> Callable[[Tile, Tile], None]:
    """A chain on C-contiguous tiles of float32, a function as that of `applied.bind`."""
    by_row = form.layout is Layout.COLUMNS
    steps = _together([step for item in operations for step in _steps(item, by_row=by_row)], by_row=by_row)
    length = samples if by_row else size * max(1, _PIECE // size)
    chosen = np.array([step for step, _, _ in steps], dtype=np.int64)
    numbers = np.zeros((len(steps), 3), dtype=FLOAT32)
    parameters = np.zeros((len(steps), size if by_row else length), dtype=FLOAT32)
    for k, (_, given, parameter) in enumerate(steps):
        numbers[k, : len(given)] = given
        parameters[k] = np.resize(np.resize(parameter, size), parameters.shape[1])

    def run(v: Tile, out: Tile) -> None:
        code.chain(v.reshape(-1), out.reshape(-1), v is not out, length, chosen, numbers, parameters)

    return run


# What is left above the integer nearer to zero moves it up from the first number on, and down from the second one,
# or where (True) only beyond that.
_MOVES: dict[Rounding, tuple[tuple[float, bool], tuple[float, bool]]] = {
    Rounding.TRN: ((2.0, False), (0.0, True)),
    Rounding.TRN_ZERO: ((2.0, False), (-2.0, False)),
    Rounding.RND: ((0.5, False), (-0.5, True)),
    Rounding.RND_MIN_INF: ((0.5, True), (-0.5, False)),
    Rounding.RND_INF: ((0.5, False), (-0.5, False)),
    Rounding.RND_ZERO: ((0.5, True), (-0.5, True)),
    Rounding.RND_CONV: ((2.0, False), (-2.0, False)),
}
_OVERFLOWS: dict[Overflow, int] = {
    Overflow.SAT: codes.CLIP,
    Overflow.SAT_SYM: codes.CLIP,
    Overflow.SAT_ZERO: codes.ZERO_OUTSIDE,
    Overflow.WRAP: codes.WRAP,
}


class GridLoop:
    """As `codesign.graph.grid.Grid`, into float32, for types with at least as many fraction bits as integers have."""

    def __init__(self, to: FixedPoint, dtype: np.dtype[Any]) -> None:
        """For floats of a dtype that `grid_dtype` gave."""
        kind = dtype.type
        (up, above), (down, below) = _MOVES[to.rounding]
        self._scale = kind(2.0**to.fraction)
        self._low, self._high = kind(lowest_kept(to)), kind(to.max_int)
        span = 2.0**to.width
        ends = np.nextafter(kind(up), kind(3)) if above else up, np.nextafter(kind(down), kind(-3)) if below else down
        self._numbers = np.array([self._scale, *ends, self._low, self._high, span, 1 / span, 1], dtype=dtype)
        self._to_even, self._overflow = to.rounding is Rounding.RND_CONV, _OVERFLOWS[to.overflow]
        self._counts = np.zeros(3, dtype=np.int64)
        self._plain = True

    @staticmethod
    def of(to: FixedPoint, dtype: np.dtype[Any] | None, values: Tile, out: Tile) -> GridLoop | None:
        """The loop from such values into such a tile, where there is one."""
        if dtype is None or values.dtype != dtype or out.dtype != FLOAT32 or not 0 <= to.fraction <= 100:
            return None
        return GridLoop(to, dtype)

    def put(self, values: Tile, out: Tile, code: ModuleType) -> tuple[int, int] | None:
        """As `Grid.put`, from and into C-contiguous memory."""
        flat, target = values.reshape(-1), out.reshape(-1)
        if self._plain and code.on_grid(flat, target, self._scale, self._low, self._high):
            return 0, 0
        code.to_grid(flat, target, self._numbers, self._to_even, self._overflow, self._counts)
        rounded, outside, infinite = (int(count) for count in self._counts)
        self._plain = rounded == outside == 0  # the next numbers will be like these
        return None if infinite else (rounded, outside)
