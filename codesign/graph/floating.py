"""Floating-point numbers: rounding onto them, and their IEEE bits."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.errors import PrecisionError
from codesign.graph.fixed_point import FixedPoint

# As `codesign.graph.cast.Integers`; those of floating-point types are always Python integers in an object array.
Integers = npt.NDArray[Any]


def _nearest(value: int, shift: int, to: FixedPoint, significant: int) -> int:
    magnitude = abs(value)
    cut = max(shift, magnitude.bit_length() - significant)
    if cut > 0:
        kept, rest, half = magnitude >> cut, magnitude & ((1 << cut) - 1), 1 << (cut - 1)
        kept += rest > half or (rest == half and kept & 1)
    else:
        kept = magnitude << -cut
    found = kept << (cut - shift)
    if found > to.max_int:
        raise PrecisionError(
            f"a number of {found.bit_length() - to.fraction} bits before its point is infinite in a {to}, which stands "
            "for no integer; scale the inputs or weights down, or choose double or a fixed-point type"
        )
    return found if value >= 0 else -found


def nearest(values: Integers, fraction: int, to: FixedPoint) -> Integers:
    """The numbers `values * 2**-fraction` as integers of a floating-point type, rounded to nearest, ties to even.

    Subnormal numbers are numbers like all others, and there is one zero.

    Raises:
        PrecisionError: one is infinite there.
    """
    significant = to.significant or 0
    shift = fraction - to.fraction
    flat = [_nearest(int(value), shift, to, significant) for value in values.ravel()]
    return _objects(flat, values.shape)


def _objects(flat: list[int], shape: tuple[int, ...]) -> Integers:
    found = np.empty(len(flat), dtype=object)
    found[:] = flat
    return found.reshape(shape)


def holds(values: Integers, type_: FixedPoint) -> bool:
    """Whether all integers in a floating-point type's range are numbers of it; true for a fixed-point type."""
    significant = type_.significant
    if significant is None:
        return True
    return all(
        value == 0 or value.bit_length() - (value & -value).bit_length() < significant
        for value in map(abs, map(int, values.ravel()))
    )


def to_doubles(values: Integers, type_: FixedPoint) -> npt.NDArray[np.float64]:
    """Integers of a floating-point type as the doubles that they stand for, exactly."""
    unit = 1 << type_.fraction
    return np.array([int(value) / unit for value in values.ravel()], dtype=np.float64).reshape(values.shape)


def from_doubles(values: npt.NDArray[np.float64], type_: FixedPoint) -> Integers:
    """The inverse of `to_doubles`; minus zero becomes zero.

    Raises:
        PrecisionError: a double is infinite, none, or no number of the type.
    """
    if not np.all(np.isfinite(values)):
        raise PrecisionError(
            f"a {type_} is infinite or not a number, which stands for no integer; scale the inputs down"
        )
    unit = 1 << type_.fraction
    pairs = [value.as_integer_ratio() for value in np.asarray(values, dtype=np.float64).ravel().tolist()]
    flat = [top * unit // bottom for top, bottom in pairs]
    found = _objects(flat, values.shape)
    if any(unit % bottom for _, bottom in pairs) or not holds(found, type_):
        raise PrecisionError(f"a number has more digits than a {type_} holds")
    return found


def to_bits(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Doubles as the integers that have their bits, in which Graphs keep weights; minus zero becomes zero."""
    return np.ascontiguousarray(values + 0.0, dtype=np.float64).view(np.int64)


def from_bits(bits: npt.NDArray[np.int64], type_: FixedPoint) -> Integers:
    """The integers of a floating-point type whose doubles have these bits; those of another type as they are.

    Raises:
        PrecisionError: as `from_doubles`.
    """
    if type_.significant is None:
        return bits
    return from_doubles(np.ascontiguousarray(bits, dtype=np.int64).view(np.float64), type_)


def parse(text: str, to: FixedPoint) -> float:
    """Decimal text as C++ reads it into a floating-point type, which rounds once.

    Raises:
        PrecisionError: it is infinite there.
        ValueError: it is no number.
    """
    number = Fraction(text)
    guess = float(text)
    if to.significant == 53:
        return guess
    nearby = np.float32(guess)
    candidates = [nearby, np.nextafter(nearby, np.float32(-np.inf)), np.nextafter(nearby, np.float32(np.inf))]
    if not np.all(np.isfinite(candidates)):
        raise PrecisionError(f"{text} is infinite in a {to}; scale it down")
    # Of two that are as near, the even one: the lowest bit of its significand is 0.
    best = min(candidates, key=lambda item: (abs(Fraction(float(item)) - number), int(item.view(np.int32)) & 1))
    return float(best)
