"""Chains of element-wise operations at work: as passes of NumPy, or as one loop where machine code pays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from codesign.simulate.engine.edge import FLOAT32, Form, Layout, Tile
from codesign.simulate.engine.loops import one_loop
from codesign.simulate.engine.pointwise import Affine, Clip, Direction, Floats, Operation, Round, Wrap, ZeroOutside
from codesign.simulate.engine.worthwhile import machine_code

Apply: TypeAlias = Callable[[Tile, Tile], None]

# Nanoseconds that a pass of NumPy takes for a number.
_PASS = 0.1


def _spread(values: Floats, size: int, samples: int, form: Form) -> Any:
    """A parameter in the shape in which NumPy works along long runs."""
    if values.size == 1:
        return form.dtype.type(values[0])
    row = np.resize(values, size).astype(form.dtype)
    return np.tile(row, (samples, 1)) if form.layout is Layout.ROWS else row[:, None]


def _affine(operation: Affine, size: int, samples: int, form: Form) -> list[Apply]:
    scale = _spread(operation.scale, size, samples, form)
    offset = _spread(operation.offset, size, samples, form)
    steps: list[Apply] = []
    if operation.scale.size > 1 or operation.scale[0] != 1:
        steps.append(lambda v, out: np.multiply(v, scale, out=out))
    if operation.offset.any():
        steps.append(lambda v, out: np.add(v, offset, out=out))
    return steps


_PLAIN: dict[Direction, Any] = {
    Direction.DOWN: np.floor,
    Direction.UP: np.ceil,
    Direction.TO_ZERO: np.trunc,
    Direction.TO_EVEN: np.rint,
}


def _round(operation: Round, size: int, samples: int, form: Form) -> list[Apply]:
    plain = _PLAIN.get(operation.direction)
    if plain is not None:
        return [lambda v, out: plain(v, out=out)]
    half = form.dtype.type(0.5)
    kept = np.empty(samples * size, dtype=form.dtype)

    def magnitude(v: Tile, out: Tile) -> None:
        sign = kept[: v.size].reshape(v.shape)
        np.copyto(sign, v)
        np.abs(v, out=out)
        if operation.direction is Direction.TIES_AWAY:
            np.floor(np.add(out, half, out=out), out=out)
        else:
            np.ceil(np.subtract(out, half, out=out), out=out)
        np.copysign(out, sign, out=out)

    return [magnitude]


def _clip(operation: Clip, size: int, samples: int, form: Form) -> list[Apply]:
    low, high = form.dtype.type(operation.low), form.dtype.type(operation.high)
    return [lambda v, out: v.clip(low, high, out=out)]


def _wrap(operation: Wrap, size: int, samples: int, form: Form) -> list[Apply]:
    kind = form.dtype.type
    down, span, shift = (
        kind(2.0**-operation.width),
        kind(2.0**operation.width),
        kind(-operation.low / 2**operation.width),
    )
    turns = np.empty(samples * size, dtype=form.dtype)

    def wrap(v: Tile, out: Tile) -> None:
        turn = turns[: v.size].reshape(v.shape)
        np.multiply(v, down, out=turn)
        np.add(turn, shift, out=turn)
        np.floor(turn, out=turn)
        np.multiply(turn, span, out=turn)
        np.subtract(v, turn, out=out)

    return [wrap]


def _zero_outside(operation: ZeroOutside, size: int, samples: int, form: Form) -> list[Apply]:
    low, high = form.dtype.type(operation.low), form.dtype.type(operation.high)
    inside = np.empty(samples * size, dtype=np.bool_)
    below = np.empty(samples * size, dtype=np.bool_)

    def keep(v: Tile, out: Tile) -> None:
        yes, no = inside[: v.size].reshape(v.shape), below[: v.size].reshape(v.shape)
        np.greater_equal(v, low, out=yes)
        np.less_equal(v, high, out=no)
        np.logical_and(yes, no, out=yes)
        np.multiply(v, yes, out=out)

    return [keep]


_BIND: dict[type[Any], Callable[[Any, int, int, Form], list[Apply]]] = {
    Affine: _affine,
    Round: _round,
    Clip: _clip,
    Wrap: _wrap,
    ZeroOutside: _zero_outside,
}


def bind(operations: Sequence[Operation], size: int, samples: int, form: Form) -> Apply:
    """A function that applies a chain to a tile and leaves the result in another, which may be the same."""
    steps = [step for item in operations for step in _BIND[type(item)](item, size, samples, form)]
    loop: list[Apply] = []

    def run(v: Tile, out: Tile) -> None:
        if len(steps) > 1 and form.dtype == FLOAT32 and v.flags.carray and out.flags.carray and v.shape == out.shape:
            code = machine_code.after(_PASS * len(steps) * v.size)
            if code is not None:
                if not loop:
                    loop.append(one_loop(operations, size, samples, form, code))
                loop[0](v, out)
                return
        for step in steps:
            step(v, out)
            v = out
        if v is not out:
            np.copyto(out, v)

    return run
