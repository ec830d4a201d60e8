"""Casting integers between fixed-point grids, as `ap_fixed`'s assignment does (ap_fixed_base.h, operator=)."""

from __future__ import annotations

import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.graph.fixed_point import FixedPoint, Overflow, Rounding
from codesign.graph.floating import nearest

# int64, or object (Python integers) where a value could leave int64.
Integers = npt.NDArray[Any]

_SAFE_BITS = 62


def magnitude_bits(values: Integers) -> int:
    """Bits that the largest magnitude among `values` takes, the sign left out."""
    if values.size == 0:
        return 0
    return max(int(values.max()).bit_length(), int(values.min()).bit_length())


def widen(values: Integers, bits: int) -> Integers:
    """`values` in a dtype where magnitudes of `bits` bits do not overflow."""
    if bits > _SAFE_BITS and values.dtype != object:
        return np.asarray(values.astype(object))
    return values


def narrow(values: Integers) -> Integers:
    """`values` as int64 where all of them fit."""
    if values.dtype != object or magnitude_bits(values) > _SAFE_BITS:
        return values
    return values.astype(np.int64)


def shift_left(values: Integers, bits: int) -> Integers:
    """`values * 2**bits`, exactly."""
    return np.asarray(widen(values, magnitude_bits(values) + bits) << bits)  # one object alone is no array in NumPy


def _tie(kept: Integers, remainder: Integers, half: int, up: Integers | bool) -> Integers:
    increment = (remainder > half) | ((remainder == half) & up)
    return typing.cast(Integers, kept + increment.astype(kept.dtype))


# Each gives the rounded value from: the value floored, the bits cut off, half a step in them.
_ROUND: dict[Rounding, Callable[[Integers, Integers, int], Integers]] = {
    Rounding.TRN: lambda kept, rest, half: kept,
    Rounding.TRN_ZERO: lambda kept, rest, half: kept + ((kept < 0) & (rest != 0)).astype(kept.dtype),
    Rounding.RND: lambda kept, rest, half: _tie(kept, rest, half, True),
    Rounding.RND_MIN_INF: lambda kept, rest, half: _tie(kept, rest, half, False),
    Rounding.RND_INF: lambda kept, rest, half: _tie(kept, rest, half, kept >= 0),
    Rounding.RND_ZERO: lambda kept, rest, half: _tie(kept, rest, half, kept < 0),
    Rounding.RND_CONV: lambda kept, rest, half: _tie(kept, rest, half, (kept & 1) == 1),
}


def _wrap(values: Integers, to: FixedPoint) -> Integers:
    values = widen(values, to.width + 1)
    offset = 1 << (to.width - 1) if to.signed else 0
    return ((values + offset) & ((1 << to.width) - 1)) - offset


def _saturate(values: Integers, floored: Integers, to: FixedPoint) -> Integers:
    return np.clip(values, to.min_int, to.max_int)


def _lowest(to: FixedPoint) -> int:
    """The smallest integer that a cast into `to` leaves alone."""
    symmetric = to.overflow is Overflow.SAT_SYM and to.signed and to.width > 1  # one bit has no symmetric range
    return -to.max_int if symmetric else to.min_int


def _saturate_symmetric(values: Integers, floored: Integers, to: FixedPoint) -> Integers:
    return np.clip(values, _lowest(to), to.max_int)


def _saturate_zero(values: Integers, floored: Integers, to: FixedPoint) -> Integers:
    outside = (values < to.min_int) | (values > to.max_int)
    return np.where(outside, 0, values)


def _wrap_sign_magnitude(values: Integers, floored: Integers, to: FixedPoint) -> Integers:
    outside = (values < to.min_int) | (values > to.max_int)
    wrapped = _wrap(values, to)
    lost = (floored >> to.width) & 1  # the lowest bit cut off at the top
    flip = outside & (lost != (wrapped < 0))
    flipped = ~wrapped
    return np.where(flip, _wrap(np.where(lost == 1, flipped | to.min_int, flipped & to.max_int), to), wrapped)


_OVERFLOW: dict[Overflow, Callable[[Integers, Integers, FixedPoint], Integers]] = {
    Overflow.WRAP: lambda values, floored, to: _wrap(values, to),
    Overflow.SAT: _saturate,
    Overflow.SAT_SYM: _saturate_symmetric,
    Overflow.SAT_ZERO: _saturate_zero,
    Overflow.WRAP_SM: _wrap_sign_magnitude,
}


@dataclass(frozen=True)
class CastCounts:
    """What a cast did to its values.

    Attributes:
        total: values cast.
        rounded: values that were not on the target grid.
        overflowed: values outside the target's range after rounding (wrapped or saturated).
    """

    total: int
    rounded: int
    overflowed: int


def round_to(values: Integers, fraction: int, to: FixedPoint) -> Integers:
    """`values * 2**-fraction` as integers of the target's grid, rounded by its mode, range left alone.

    Raises:
        PrecisionError: the target is floating-point, and a number is infinite there.
    """
    if to.significant is not None:
        return nearest(values, fraction, to)
    shift = fraction - to.fraction
    if shift <= 0:
        return shift_left(values, -shift)
    values = widen(values, shift + 1)
    kept = values >> shift
    return _ROUND[to.rounding](kept, values & ((1 << shift) - 1), 1 << (shift - 1))


def cast(values: Integers, fraction: int, to: FixedPoint, *, source: FixedPoint | None = None) -> Integers:
    """Integers of type `to` for the numbers `values * 2**-fraction`.

    Args:
        values: int64 or object integers of any shape.
        fraction: fraction bits of `values`.
        to: the target type; its rounding and overflow modes decide.
        source: the type of `values` where it has one: an assignment between identical types changes
            nothing (it matters for SAT_SYM, which otherwise lifts the most negative value).

    Raises:
        PrecisionError: as `round_to`.
    """
    if source is not None and source == to:
        return values
    if to.significant is not None:
        return nearest(values, fraction, to)
    rounded = round_to(values, fraction, to)
    fits = magnitude_bits(rounded) <= to.width - int(to.signed)
    if fits and (to.signed or rounded.size == 0 or int(rounded.min()) >= 0):
        return narrow(rounded)
    shift = fraction - to.fraction
    floored = rounded if shift <= 0 else values >> shift
    return narrow(_OVERFLOW[to.overflow](rounded, floored, to))


def count(values: Integers, fraction: int, to: FixedPoint) -> CastCounts:
    """How many values a cast into `to` would round, and how many it would wrap or saturate."""
    if to.significant is not None:
        kept = np.count_nonzero(
            shift_left(nearest(values, fraction, to), max(fraction - to.fraction, 0))
            == shift_left(values, max(to.fraction - fraction, 0))
        )
        return CastCounts(int(values.size), int(values.size - kept), 0)
    shift = fraction - to.fraction
    inexact = int(np.count_nonzero(widen(values, shift + 1) & ((1 << shift) - 1))) if shift > 0 else 0
    rounded = round_to(values, fraction, to)
    outside = int(np.count_nonzero((rounded < _lowest(to)) | (rounded > to.max_int)))
    return CastCounts(int(values.size), inexact, outside)
