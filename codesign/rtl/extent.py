"""How wide the numbers inside logic get, found by running what traces it on ranges in place of variables.

alkaid holds ranges in float64, so it cannot tell by itself that a number is too wide for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

# An Extent, one of alkaid's constants, or a number.
Bounded: TypeAlias = Any


@dataclass
class Widest:
    """Keeps the width of the widest number that was made.

    Attributes:
        bits: of it, from its lowest bit that can be 1 to its sign.
    """

    bits: int = 0


def _zeros(value: int) -> int:
    """Zeros below the lowest bit that is 1; as many for zero as alkaid says."""
    return (value & -value).bit_length() - 1 if value else 127


def _bits(low: int, high: int) -> int:
    magnitude = max(high.bit_length() if high > 0 else 0, (-low - 1).bit_length() if low < 0 else 0)
    return magnitude + int(low < 0)


@dataclass(frozen=True, eq=False)
class Extent:
    """All that is known of an integer: what alkaid's variables know, in exact arithmetic.

    It has those of their methods that `codesign.rtl.arithmetic` calls.

    Attributes:
        low: its least value.
        high: its greatest value.
        zeros: lowest bits that are always 0.
        widest: told how wide it is.
    """

    low: int
    high: int
    zeros: int = 0
    widest: Widest = field(default_factory=Widest)

    def __post_init__(self) -> None:
        if self.low != self.high:
            self.widest.bits = max(self.widest.bits, _bits(self.low, self.high) - self.zeros)

    @property
    def step(self) -> int:
        """The distance between two neighbouring values."""
        return 1 << self.zeros

    @property
    def kif(self) -> tuple[bool, int, int]:
        """Whether it has a sign, its other bits left of the binary point, and those right of it."""
        signed = self.low < 0
        return signed, _bits(self.low, self.high) - int(signed), -self.zeros

    def _made(self, low: int, high: int, zeros: int = 0) -> Extent:
        return Extent(low, high, zeros, self.widest)

    def _flag(self) -> Extent:
        return self._made(0, 1)

    def _of(self, other: Bounded) -> Extent:
        if isinstance(other, Extent):
            return other
        value = int(other if isinstance(other, (int, float)) else other.low)
        return self._made(value, value, _zeros(value))

    def _joined(self, low: int, high: int, *parts: Extent) -> Extent:
        return self._made(low, high, min(part.zeros for part in parts))

    def __neg__(self) -> Extent:
        return self._made(-self.high, -self.low, self.zeros)

    def __add__(self, other: Bounded) -> Extent:
        b = self._of(other)
        return self._joined(self.low + b.low, self.high + b.high, self, b)

    def __sub__(self, other: Bounded) -> Extent:
        return self + -self._of(other)

    def __mul__(self, other: Bounded) -> Extent:
        if isinstance(other, float) and 0 < other < 1:  # alkaid's shift to the right, of bits that are 0
            n = round(-math.log2(other))
            return self._made(self.low >> n, self.high >> n, self.zeros - n)
        b = self._of(other)
        ends = [x * y for x in (self.low, self.high) for y in (b.low, b.high)]
        if other is self and self.low < 0 < self.high:
            ends = [0, max(ends)]
        return self._made(min(ends), max(ends), self.zeros + b.zeros)

    def __invert__(self) -> Extent:
        return self._flag()

    def __and__(self, other: Bounded) -> Extent:
        return self._flag()

    def __or__(self, other: Bounded) -> Extent:
        b = self._of(other)
        width = max(_bits(self.low, self.high), _bits(b.low, b.high))
        return self._joined(-(1 << width) if min(self.low, b.low) < 0 else 0, (1 << width) - 1, self, b)

    def quantize(self, signed: int, integers: int, fraction: int) -> Extent:
        """Its bits from one place to another, as alkaid's."""
        zeros = max(self.zeros, -fraction)
        low, high = self.low >> -fraction << -fraction, self.high >> -fraction << -fraction
        least, most = -(1 << integers) if signed else 0, (1 << integers) - 1
        if least <= low and high <= most:
            return self._made(low, high, zeros)
        if integers <= zeros and not signed:
            return self._made(0, 0)
        return self._made(least, most >> zeros << zeros, zeros)

    def is_negative(self) -> Extent:
        """1 below zero, else 0."""
        return self._made(int(self.high < 0), int(self.low < 0))

    def unary_bit_op(self, operation: str) -> Extent:
        """A flag."""
        return self._flag()

    def msb_mux(self, true: Bounded, false: Bounded) -> Extent:
        """One of two."""
        a, b = self._of(true), self._of(false)
        return self._joined(min(a.low, b.low), max(a.high, b.high), a, b)

    def max_of(self, other: Bounded) -> Extent:
        """The larger of two."""
        b = self._of(other)
        return self._joined(max(self.low, b.low), max(self.high, b.high), self, b)

    def min_of(self, other: Bounded) -> Extent:
        """The smaller of two."""
        b = self._of(other)
        return self._joined(min(self.low, b.low), min(self.high, b.high), self, b)

    def lookup(self, values: Iterable[float]) -> Extent:
        """One of some integers."""
        found = [int(value) for value in values]
        return self._made(min(found), max(found), min(map(_zeros, found)))


def times_matrix(x: Iterable[Bounded], matrix: npt.NDArray[Any]) -> list[Extent]:
    """The extents of `x @ matrix`."""
    given = list(x)
    widest = next(v.widest for v in given if isinstance(v, Extent))
    low = np.array([int(v.low) for v in given], dtype=object)[:, None]
    high = np.array([int(v.high) for v in given], dtype=object)[:, None]
    weights = matrix.astype(object)
    up, down = np.maximum(weights, 0), np.minimum(weights, 0)
    least, most = (low * up + high * down).sum(axis=0), (high * up + low * down).sum(axis=0)
    zeros = min(v.zeros if isinstance(v, Extent) else _zeros(int(v.low)) for v in given)
    return [Extent(int(a), int(b), zeros, widest) for a, b in zip(least, most, strict=True)]
