"""Chains of element-wise operations on integers held in floats, and the proof that none of them rounds.

A value in a chain is n * 2**-f for an integer n: `State` bounds the value and f. An operation is exact in a float of p
mantissa bits as long as |n| < 2**p for everything that it computes, so a chain is checked once, from types and weights,
and then runs without looking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from math import ceil, floor
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from codesign.graph import FixedPoint, IntArray, Overflow, Rounding
from codesign.simulate.engine.edge import FLOAT64, MANTISSA, Edge

Floats: TypeAlias = npt.NDArray[np.float64]


class NotExactError(Exception):
    """A number could need more bits than the float has, or an operation has no exact counterpart in floats."""


@dataclass(frozen=True)
class State:
    """What is known of the values between two operations.

    Attributes:
        low: bound from below.
        high: bound from above.
        fraction: every value is a multiple of 2**-fraction.
        bits: mantissa bits of the float.
    """

    low: Fraction
    high: Fraction
    fraction: int
    bits: int

    def moved(self, low: Fraction, high: Fraction, fraction: int) -> State:
        """The next state.

        Raises:
            NotExactError: it has values that the float does not hold.
        """
        if max(abs(low), abs(high)) * Fraction(2) ** fraction >= 1 << self.bits:
            raise NotExactError
        return State(low, high, fraction, self.bits)


def granularity(values: npt.ArrayLike) -> int:
    """The smallest f for which all the floats are multiples of 2**-f; -1000 where all are zero."""
    array = np.asarray(values, dtype=np.float64)
    nonzero = array[array != 0]
    if nonzero.size == 0:
        return -1000
    mantissa, exponent = np.frexp(nonzero)
    whole = np.ldexp(mantissa, 53).astype(np.int64)
    trailing = np.frexp((whole & -whole).astype(np.float64))[1] - 1
    return int((53 - trailing - exponent).max())


@dataclass(frozen=True, eq=False)
class Affine:
    """`v * scale + offset`, each one number or one for each number of a sample (repeating along the last axis)."""

    scale: Floats
    offset: Floats

    def after(self, state: State) -> State:
        """What is known afterwards."""
        fraction = state.fraction + granularity(self.scale) if self.scale.any() else 0
        products = [state.low * Fraction(float(s)) for s in _ends(self.scale)]
        products += [state.high * Fraction(float(s)) for s in _ends(self.scale)]
        product = state.moved(min(products), max(products), fraction)
        ends = [Fraction(float(v)) for v in _ends(self.offset)]
        return product.moved(
            product.low + min(ends), product.high + max(ends), max(product.fraction, granularity(self.offset))
        )


class Direction(str, Enum):
    """Where rounding goes."""

    DOWN = "down"
    UP = "up"
    TO_ZERO = "to zero"
    TO_EVEN = "to the nearest, ties to the even one"
    TIES_AWAY = "to the nearest, ties away from zero"
    TIES_TO_ZERO = "to the nearest, ties to zero"


@dataclass(frozen=True)
class Round:
    """To integers."""

    direction: Direction

    def after(self, state: State) -> State:
        """What is known afterwards."""
        if self.direction in (Direction.TIES_AWAY, Direction.TIES_TO_ZERO):  # half a step is added on the way
            state.moved(state.low - 1, state.high + 1, max(state.fraction, 1))
        return state.moved(Fraction(self.of(state.low)), Fraction(self.of(state.high)), min(state.fraction, 0))

    def of(self, value: Fraction) -> int:
        """One number rounded."""
        half = Fraction(1, 2)
        if self.direction is Direction.TIES_AWAY:
            return floor(value + half) if value >= 0 else ceil(value - half)
        if self.direction is Direction.TIES_TO_ZERO:
            return ceil(value - half) if value >= 0 else floor(value + half)
        plain: dict[Direction, Callable[[Fraction], int]] = {
            Direction.DOWN: floor,
            Direction.UP: ceil,
            Direction.TO_ZERO: int,
            Direction.TO_EVEN: round,
        }
        return plain[self.direction](value)


@dataclass(frozen=True)
class Clip:
    """Moved to the nearer end where outside; either end may be missing."""

    low: float
    high: float

    def after(self, state: State) -> State:
        """What is known afterwards."""
        low, high = state.low, state.high
        if self.low != -np.inf:
            low, high = max(low, Fraction(self.low)), max(high, Fraction(self.low))
        if self.high != np.inf:
            low, high = min(low, Fraction(self.high)), min(high, Fraction(self.high))
        ends = [value for value in (self.low, self.high) if np.isfinite(value)]
        return state.moved(low, high, max(state.fraction, granularity(ends)))


@dataclass(frozen=True)
class Wrap:
    """Integers modulo 2**width, into the range that starts at `low`."""

    low: int
    width: int

    def after(self, state: State) -> State:
        """What is known afterwards."""
        span = 1 << self.width
        if state.fraction > 0:
            raise NotExactError
        state.moved(state.low - self.low, state.high - self.low + span, 0)
        state.moved(state.low - span, state.high, 0)
        return state.moved(Fraction(self.low), Fraction(self.low + span - 1), 0)


@dataclass(frozen=True)
class ZeroOutside:
    """Integers outside the range become zero."""

    low: int
    high: int

    def after(self, state: State) -> State:
        """What is known afterwards."""
        low, high = max(state.low, Fraction(self.low)), min(state.high, Fraction(self.high))
        return state.moved(min(low, high, Fraction(0)), max(low, high, Fraction(0)), state.fraction)


Operation: TypeAlias = Affine | Round | Clip | Wrap | ZeroOutside


def _ends(values: Floats) -> tuple[Any, Any]:
    return values.min(), values.max()


_HALF = Fraction(1, 2)

# Half a step is added first, then rounding goes one way.
_ROUNDINGS: dict[Rounding, tuple[Fraction, Direction]] = {
    Rounding.TRN: (Fraction(0), Direction.DOWN),
    Rounding.TRN_ZERO: (Fraction(0), Direction.TO_ZERO),
    Rounding.RND: (_HALF, Direction.DOWN),
    Rounding.RND_MIN_INF: (-_HALF, Direction.UP),
    Rounding.RND_INF: (Fraction(0), Direction.TIES_AWAY),
    Rounding.RND_ZERO: (Fraction(0), Direction.TIES_TO_ZERO),
    Rounding.RND_CONV: (Fraction(0), Direction.TO_EVEN),
}

# The same for numbers that are not negative, where it is less work.
_NOT_NEGATIVE: dict[Rounding, tuple[Fraction, Direction]] = {
    **_ROUNDINGS,
    Rounding.TRN_ZERO: _ROUNDINGS[Rounding.TRN],
    Rounding.RND_INF: _ROUNDINGS[Rounding.RND],
    Rounding.RND_ZERO: _ROUNDINGS[Rounding.RND_MIN_INF],
}


def number(value: float) -> Floats:
    """One number, as `Affine` takes it."""
    return np.array([value], dtype=np.float64)


def power(exponent: int) -> float:
    """2.0**exponent.

    Raises:
        NotExactError: even a float64 does not hold it.
    """
    if abs(exponent) > 900:
        raise NotExactError
    return float(2.0**exponent)


def lowest_kept(to: FixedPoint) -> int:
    """The smallest integer that a cast into `to` leaves alone."""
    symmetric = to.overflow is Overflow.SAT_SYM and to.signed and to.width > 1  # one bit has no symmetric range
    return -to.max_int if symmetric else to.min_int


def cast_operations(
    low: int, high: int, fraction: int, to: FixedPoint, source: FixedPoint | None = None
) -> tuple[list[Operation], int, int]:
    """The cast of integers in [low, high] with `fraction` fraction bits into `to`, as `codesign.graph.cast.cast`.

    Returns:
        (operations, smallest result, largest result).

    Raises:
        NotExactError: the overflow mode has no counterpart in floats.
    """
    if source is not None and source == to:
        return [], low, high
    operations: list[Operation] = []
    shift = fraction - to.fraction
    if shift > 0:
        offset, direction = (_ROUNDINGS if low < 0 else _NOT_NEGATIVE)[to.rounding]
        operations += [Affine(number(power(-shift)), number(float(offset))), Round(direction)]
        low, high = (Round(direction).of(Fraction(value, 1 << shift) + offset) for value in (low, high))
    elif shift < 0:
        operations.append(Affine(number(power(-shift)), number(0.0)))
        low, high = low << -shift, high << -shift
    lowest = lowest_kept(to)
    if lowest <= low and high <= to.max_int:
        return operations, low, high
    if to.overflow in (Overflow.SAT, Overflow.SAT_SYM):
        clipped = Clip(float(lowest) if low < lowest else -np.inf, float(to.max_int) if high > to.max_int else np.inf)
        low, high = (min(max(end, lowest), to.max_int) for end in (low, high))
        return [*operations, clipped], low, high
    if to.overflow is Overflow.SAT_ZERO:
        return (
            [*operations, ZeroOutside(to.min_int, to.max_int)],
            min(max(low, to.min_int), 0),
            max(min(high, to.max_int), 0),
        )
    if to.overflow is Overflow.WRAP:
        return [*operations, Wrap(to.min_int, to.width)], to.min_int, to.max_int
    raise NotExactError


def simplified(operations: Iterable[Operation]) -> tuple[Operation, ...]:
    """Fewer operations that compute the same, where neighbours can be one."""
    found: list[Operation] = []
    for item in operations:
        operation = item
        while found:
            merged = _merged(found[-1], operation)
            if merged is None:
                break
            found.pop()
            if len(merged) == 2:  # an exchange: the first may now merge further down
                found = list(simplified([*found, merged[0]]))
                operation = merged[1]
                continue
            operation = merged[0]
        found.append(operation)
    return tuple(found)


def _merged(first: Operation, second: Operation) -> tuple[Operation, ...] | None:
    """One operation for two, two in the other order, or None."""
    if isinstance(first, Affine) and isinstance(second, Affine):
        return (Affine(first.scale * second.scale, first.offset * second.scale + second.offset),)
    if isinstance(first, Clip) and isinstance(second, Clip):
        low = min(max(first.low, second.low), second.high)
        return (Clip(low, max(min(first.high, second.high), low)),)
    if isinstance(first, Clip) and isinstance(second, Affine) and second.scale.size == second.offset.size == 1:
        scale, offset = float(second.scale[0]), float(second.offset[0])
        if scale > 0:
            return second, Clip(first.low * scale + offset, first.high * scale + offset)
    if isinstance(first, Clip) and isinstance(second, Round):
        ends = [float(second.of(Fraction(end))) if np.isfinite(end) else end for end in (first.low, first.high)]
        return second, Clip(*ends)
    return None


def check(operations: Iterable[Operation], state: State) -> State:
    """The state after a chain.

    Raises:
        NotExactError: something in it does not fit the float.
    """
    for operation in operations:
        state = operation.after(state)
    return state


def settle(operations: Sequence[Operation], state: State) -> tuple[Operation, ...]:
    """The shortest form of a chain that is exact.

    Raises:
        NotExactError: none is.
    """
    short = simplified(operations)
    try:
        check(short, state)
    except NotExactError:
        check(operations, state)
        return tuple(operations)
    return short


def floats(values: IntArray) -> Floats:
    """Integers as float64.

    Raises:
        NotExactError: it does not hold them.
    """
    if values.size and max(int(values.max()), -int(values.min())) >= 1 << MANTISSA[FLOAT64]:
        raise NotExactError
    return values.astype(np.float64)


def entering(edge: Edge, dtype: np.dtype[Any]) -> State:
    """The state of the integers of an edge in floats of `dtype`.

    Raises:
        NotExactError: the float does not hold them.
    """
    return whole_numbers(edge.low, edge.high, dtype)


def whole_numbers(low: int, high: int, dtype: np.dtype[Any]) -> State:
    """The state of integers in [low, high] in floats of `dtype`.

    Raises:
        NotExactError: the float does not hold them.
    """
    return State(Fraction(0), Fraction(0), 0, MANTISSA[dtype]).moved(Fraction(low), Fraction(high), 0)
