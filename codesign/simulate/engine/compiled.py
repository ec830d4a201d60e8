"""Loops at which NumPy is slow, compiled by numba; imported by `worthwhile` alone, where it pays.

NumPy takes a pass over a tile for each operation; here a piece that fits the first cache goes through all of them.
"""

from __future__ import annotations

from typing import Any

from numba import njit, types
from numba.extending import intrinsic

from codesign.simulate.engine.codes import (
    ADD,
    ADD_FLOOR_CLIP,
    ADD_ROW,
    ADD_ROW_FLOOR_CLIP,
    ADD_ROW_TO_EVEN_CLIP,
    ADD_TO_EVEN_CLIP,
    CEIL,
    CLIP,
    FLOOR,
    MULTIPLY,
    MULTIPLY_ROW,
    TIES_AWAY,
    TIES_TO_ZERO,
    TO_EVEN,
    TRUNC,
    WRAP,
    ZERO_OUTSIDE,
)


def _instruction(name: str) -> Any:
    """A rounding instruction of the processor; numba's own functions give other types, or are calls."""

    @intrinsic  # type: ignore[untyped-decorator]
    def rounded(context: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            (operand,) = values
            return builder.call(builder.module.declare_intrinsic(f"llvm.{name}", [operand.type]), [operand])

        return value(value), generate

    return rounded


_floor, _ceil, _trunc, _to_even = (_instruction(name) for name in ("floor", "ceil", "trunc", "rint"))


@intrinsic  # type: ignore[untyped-decorator]
def _tally(context: Any, total: Any, yes: Any) -> Any:
    """`total + yes` in 32 bits, as wide as the floats that are looked at."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        total, yes = values
        return builder.add(total, builder.zext(yes, total.type))

    return types.int32(types.int32, types.boolean), generate


@intrinsic  # type: ignore[untyped-decorator]
def _add_cut(context: Any, total: Any, x: Any, weight: Any, shift: Any) -> Any:
    """`total + (x * weight >> shift)` in 32 bits; numba's own operators would take 64, half as many at a time."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        total, x, weight, shift = values
        return builder.add(total, builder.ashr(builder.mul(x, weight), shift))

    return types.int32(types.int32, types.int32, types.int32, types.int32), generate


def _cut_sums(x: Any, weight: Any, shift: Any, total: Any) -> None:
    """Add the products of each group, cut off, to what `total` holds.

    Args:
        x: (groups, n_in, samples) 32-bit integers.
        weight: (n_in, n_out) integers whose products with them fit 32 bits.
        shift: bits that are cut off each product.
        total: (groups, n_out, samples) integers, modulo 2**32.
    """
    for group in range(total.shape[0]):
        for column in range(total.shape[1]):
            for row in range(weight.shape[0]):
                factor = weight[row, column]
                if factor != 0:
                    for sample in range(total.shape[2]):
                        total[group, column, sample] = _add_cut(
                            total[group, column, sample], x[group, row, sample], factor, shift
                        )


def _on_grid(values: Any, out: Any, scale: Any, low: Any, high: Any) -> bool:
    """Numbers times `scale`; whether all of them are integers in [low, high], else `out` holds nothing of use."""
    bad = types.int32(0)
    for i in range(values.size):
        scaled = values[i] * scale
        out[i] = scaled
        bad = _tally(bad, not ((_trunc(scaled) == scaled) & (scaled >= low) & (scaled <= high)))
    return bool(bad == 0)


def _to_grid(values: Any, out: Any, numbers: Any, to_even: Any, overflow: Any, counts: Any) -> None:
    """Numbers onto a grid and into a range.

    Args:
        values: floats.
        out: where the integers go.
        numbers: in their dtype: the scale, from which rest on numbers are rounded up, to which they are rounded down,
            the lowest and the highest integer, the span of the range, its inverse, 1.
        to_even: round to the nearest integer instead, ties to the even one.
        overflow: what becomes of integers outside, one of `codes`.
        counts: gets how many were not on the grid, how many outside, how many NaN or infinite.
    """
    scale, up, down, low = numbers[0], numbers[1], numbers[2], numbers[3]
    high, span, inverse, one = numbers[4], numbers[5], numbers[6], numbers[7]
    zero = one - one
    rounded = outside = infinite = types.int32(0)
    for i in range(values.size):
        scaled = values[i] * scale
        cut = _trunc(scaled)
        rest = scaled - cut
        nearest = cut + (one if rest >= up else zero) - (one if rest <= down else zero)
        whole = _to_even(scaled) if to_even else nearest
        beyond = (whole < low) | (whole > high)
        rounded = _tally(rounded, rest != zero)
        outside = _tally(outside, beyond)
        infinite = _tally(infinite, whole - whole != zero)
        if overflow == CLIP:
            whole = low if whole < low else whole
            whole = high if whole > high else whole
        elif overflow == ZERO_OUTSIDE:
            whole = zero if beyond else whole
        else:
            whole = whole - _floor(whole * inverse) * span
            whole = whole - span if whole > high else whole
        out[i] = whole
    counts[0], counts[1], counts[2] = rounded, outside, infinite


def _chain(  # noqa: C901 (a loop for each code)
    source: Any, target: Any, copied: Any, length: Any, codes: Any, numbers: Any, parameters: Any
) -> None:
    """A chain of operations.

    Args:
        source: floats.
        target: where the results go.
        copied: the two are not the same; loops work on one array, as loops on two that may overlap use no vectors.
        length: of a piece.
        codes: of each operation, one of `codes`.
        numbers: (operations, 3) the ends of a clip, or 1 / span, -low / span and the span of a wrap.
        parameters: (operations, n) what is added or multiplied.
    """
    n = parameters.shape[1]
    half = types.float32(0.5)
    for piece in range((source.size + length - 1) // length):
        start = piece * length
        v, out = source[start : start + length], target[start : start + length]
        if copied:
            for i in range(v.size):
                out[i] = v[i]
        for k in range(codes.size):
            code, a, b, c = codes[k], numbers[k, 0], numbers[k, 1], numbers[k, 2]
            each, row = parameters[k], parameters[k, piece % n]
            if code == ADD_TO_EVEN_CLIP:
                for i in range(out.size):
                    x = _to_even(out[i] + each[i])
                    x = a if x < a else x
                    out[i] = b if x > b else x
            elif code == ADD_FLOOR_CLIP:
                for i in range(out.size):
                    x = _floor(out[i] + each[i])
                    x = a if x < a else x
                    out[i] = b if x > b else x
            elif code == ADD_ROW_TO_EVEN_CLIP:
                for i in range(out.size):
                    x = _to_even(out[i] + row)
                    x = a if x < a else x
                    out[i] = b if x > b else x
            elif code == ADD_ROW_FLOOR_CLIP:
                for i in range(out.size):
                    x = _floor(out[i] + row)
                    x = a if x < a else x
                    out[i] = b if x > b else x
            elif code == MULTIPLY:
                for i in range(out.size):
                    out[i] = out[i] * each[i]
            elif code == ADD:
                for i in range(out.size):
                    out[i] = out[i] + each[i]
            elif code == MULTIPLY_ROW:
                for i in range(out.size):
                    out[i] = out[i] * row
            elif code == ADD_ROW:
                for i in range(out.size):
                    out[i] = out[i] + row
            elif code == FLOOR:
                for i in range(out.size):
                    out[i] = _floor(out[i])
            elif code == CEIL:
                for i in range(out.size):
                    out[i] = _ceil(out[i])
            elif code == TRUNC:
                for i in range(out.size):
                    out[i] = _trunc(out[i])
            elif code == TO_EVEN:
                for i in range(out.size):
                    out[i] = _to_even(out[i])
            elif code == TIES_AWAY:
                for i in range(out.size):
                    x = _floor(abs(out[i]) + half)
                    out[i] = -x if out[i] < 0 else x
            elif code == TIES_TO_ZERO:
                for i in range(out.size):
                    x = _ceil(abs(out[i]) - half)
                    out[i] = -x if out[i] < 0 else x
            elif code == CLIP:
                for i in range(out.size):
                    x = a if out[i] < a else out[i]
                    out[i] = b if x > b else x
            elif code == WRAP:
                for i in range(out.size):
                    out[i] = out[i] - _floor(out[i] * a + b) * c
            elif code == ZERO_OUTSIDE:
                for i in range(out.size):
                    out[i] = out[i] if (out[i] >= a) & (out[i] <= b) else types.float32(0)


def _to_numbers(integers: Any, out: Any, step: Any) -> None:
    """What integers stand for; no number is minus zero."""
    for i in range(integers.size):
        out[i] = types.float64(integers[i] * step) + 0.0


def _compiled(function: Any, *signatures: str) -> Any:
    """Machine code, kept for the next process where there is a place: beside this file, or in the user's cache."""
    try:
        return njit(list(signatures), nogil=True, cache=True)(function)
    except (RuntimeError, OSError):  # there is none, or it is full
        return njit(list(signatures), nogil=True)(function)


_FLOATS = {name: f"Array({name}, 1, 'C', readonly=True)" for name in ("float32", "float64")}

cut_sums = _compiled(_cut_sums, "void(int32[:,:,::1],int32[:,::1],int32,int32[:,:,::1])")
on_grid = _compiled(
    _on_grid,
    *(f"boolean({_FLOATS[name]},float32[::1],{name},{name},{name})" for name in _FLOATS),
)
to_grid = _compiled(
    _to_grid,
    *(f"void({_FLOATS[name]},float32[::1],{name}[::1],boolean,int64,int64[::1])" for name in _FLOATS),
)
chain = _compiled(_chain, "void(float32[::1],float32[::1],boolean,int64,int64[::1],float32[:,::1],float32[:,::1])")
to_numbers = _compiled(_to_numbers, "void(float32[::1],float64[::1],float32)")
