"""Interval arithmetic on what a tensor can hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from codesign.errors import PrecisionError
from codesign.graph.fixed_point import FixedPoint, Overflow, narrowest
from codesign.graph.nodes import MergeOperation

_MAX_WIDTH = 1024


def _fraction_of(number: Fraction) -> int:
    """The fewest fraction bits that hold a number, a multiple of some power of two; negative for one above 1."""
    if number.denominator > 1:
        return number.denominator.bit_length() - 1
    whole = abs(number.numerator)
    return 1 - (whole & -whole).bit_length() if whole else -_MAX_WIDTH


@dataclass(frozen=True)
class Interval:
    """All that a tensor can hold: multiples of `2**-fraction` in [low, high]."""

    low: Fraction
    high: Fraction
    fraction: int

    @classmethod
    def of(cls, type_: FixedPoint) -> Interval:
        """Everything that a type can hold."""
        return cls(type_.low, type_.high, type_.fraction)

    def clipped(self, type_: FixedPoint) -> Interval:
        """What is left after a cast into `type_`."""
        symmetric = type_.overflow is Overflow.SAT_SYM and type_.signed and type_.width > 1
        low = type_.low + type_.step if symmetric else type_.low  # a cast lifts the lowest number
        if self.fraction <= type_.fraction and low <= self.low and self.high <= type_.high:
            return Interval(self.low, self.high, self.fraction)
        return Interval.of(type_)

    def type(self, layer: str) -> FixedPoint:
        """The narrowest type that holds it all.

        Raises:
            PrecisionError: no ap_fixed is that wide.
        """
        found = narrowest(min(self.low, Fraction(0)), max(self.high, Fraction(0)), self.fraction)
        if found.width > _MAX_WIDTH:
            raise PrecisionError(
                f"layer {layer!r} needs {found.width} bits to lose nothing, ap_fixed holds {_MAX_WIDTH}; "
                "quantize the layers before it"
            )
        return found

    def with_zero(self) -> Interval:
        """The same and zero, as padding adds it."""
        return Interval(min(self.low, Fraction(0)), max(self.high, Fraction(0)), self.fraction)

    def between(self, low: Fraction | None, high: Fraction | None) -> Interval:
        """What is left where all below `low` becomes `low`, and all above `high` becomes `high`; None is no end."""
        ends = [self.low, self.high]
        fraction = self.fraction
        for end, pick in ((low, max), (high, min)):
            if end is not None:
                cut = [pick(number, end) for number in ends]
                fraction = fraction if cut == ends else max(fraction, _fraction_of(end))
                ends = cut
        return Interval(ends[0], ends[1], fraction)

    def joined(self, other: Interval) -> Interval:
        """All that either holds."""
        return Interval(min(self.low, other.low), max(self.high, other.high), max(self.fraction, other.fraction))

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.low + other.low, self.high + other.high, max(self.fraction, other.fraction))

    def __sub__(self, other: Interval) -> Interval:
        return Interval(self.low - other.high, self.high - other.low, max(self.fraction, other.fraction))

    def __mul__(self, other: Interval) -> Interval:
        ends = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(ends), max(ends), self.fraction + other.fraction)

    def halved(self) -> Interval:
        """Every number divided by two."""
        return Interval(self.low / 2, self.high / 2, self.fraction + 1)


def affine(x: Interval, weight: Any, weight_fraction: int, bias: Any, bias_fraction: int) -> Interval:
    """The range of `x @ weight + bias` over all x in its interval, for integer weight (n_in, n_out) and bias."""
    positive = np.maximum(weight, 0).astype(object).sum(axis=0)
    negative = np.minimum(weight, 0).astype(object).sum(axis=0)
    biases = np.asarray(bias).astype(object)
    # All over one denominator, in Python's integers.
    scale, offset = Fraction(2) ** -weight_fraction, Fraction(2) ** -bias_fraction
    parts = (x.low * scale, x.high * scale, offset)
    whole = math.lcm(*(part.denominator for part in parts))
    least, most, step = (int(part * whole) for part in parts)
    lows = positive * least + negative * most + biases * step
    highs = positive * most + negative * least + biases * step
    # The bias alone, and any partial sum, must fit as well.
    low, high = min(lows.min(), biases.min() * step), max(highs.max(), biases.max() * step)
    return Interval(Fraction(low, whole), Fraction(high, whole), max(x.fraction + weight_fraction, bias_fraction))


def averaged(x: Interval, terms: int) -> tuple[Interval, Interval]:
    """The range of sums of `terms` numbers, and of their means with as many more fraction bits as the sum grows."""
    growth = (terms - 1).bit_length()
    total = Interval(x.low * terms, x.high * terms, x.fraction + growth)
    return total, Interval(x.low, x.high, x.fraction + growth)


MERGED: Mapping[MergeOperation, Callable[[Interval, Interval], Interval]] = {
    MergeOperation.ADD: Interval.__add__,
    MergeOperation.SUBTRACT: Interval.__sub__,
    MergeOperation.MULTIPLY: Interval.__mul__,
    MergeOperation.AVERAGE: lambda first, second: (first + second).halved(),
    MergeOperation.MAXIMUM: Interval.joined,
    MergeOperation.MINIMUM: Interval.joined,
}
"""The range of what two numbers become."""
