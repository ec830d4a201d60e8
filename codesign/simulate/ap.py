"""Expressions of `ap_fixed` numbers, with the type that each of them has in C++ (ap_fixed_base.h, RType).

Kernels that follow C++ with casts and divisions in the middle are written with it, line by line.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.graph import FixedPoint, Overflow
from codesign.graph.cast import Integers, cast, magnitude_bits, shift_left, widen

Flags = npt.NDArray[np.bool_]
_INT = FixedPoint(True, 32, 32)


def _sum(a: FixedPoint, b: FixedPoint, *, signed: bool) -> FixedPoint:
    integer = max(a.integer + (b.signed and not a.signed), b.integer + (a.signed and not b.signed)) + 1
    return FixedPoint(signed, integer + max(a.fraction, b.fraction), integer)


def sum_type(a: FixedPoint, b: FixedPoint) -> FixedPoint:
    """Of `a + b`."""
    return _sum(a, b, signed=a.signed or b.signed)


def difference_type(a: FixedPoint, b: FixedPoint) -> FixedPoint:
    """Of `a - b`."""
    return _sum(a, b, signed=True)


def negative_type(a: FixedPoint) -> FixedPoint:
    """Of `-a`."""
    return FixedPoint(True, a.width + 1, a.integer + 1)


def product_type(a: FixedPoint, b: FixedPoint) -> FixedPoint:
    """Of `a * b`."""
    return FixedPoint(a.signed or b.signed, a.width + b.width, a.integer + b.integer)


def quotient_type(a: FixedPoint, b: FixedPoint) -> FixedPoint:
    """Of `a / b`."""
    width = int(b.signed) + a.width + max(b.fraction, 0)
    return FixedPoint(a.signed or b.signed, width, int(b.signed) + a.integer + b.fraction)


def compared_type(a: FixedPoint, finer: int) -> FixedPoint:
    """What a right side is assigned to where the left one has so many more fraction bits."""
    return replace(a, width=a.width + finer)


def plain_type(a: FixedPoint) -> FixedPoint:
    """The type without its modes."""
    return FixedPoint(a.signed, a.width, a.integer)


@dataclass(frozen=True, eq=False)
class Ap:
    """Numbers of an `ap_fixed` (or `ap_int`) type.

    Sums, differences and products are exact and have the type that holds every one of them; a quotient is cut off
    towards zero; only `to` rounds or overflows.

    Attributes:
        values: integers of `type`, of any shape.
        type: theirs; the modes matter for an assignment to the very same type alone.
    """

    values: Integers
    type: FixedPoint

    @classmethod
    def constant(cls, value: int) -> Ap:
        """A C++ `int`, which takes part in expressions as `ap_int<32>`."""
        return cls(np.asarray(value, dtype=np.int64), _INT)

    def to(self, target: FixedPoint) -> Ap:
        """Assigned to a variable of type `target`."""
        return Ap(cast(self.values, self.type.fraction, target, source=self.type), target)

    def _aligned(self, other: Ap) -> tuple[Integers, Integers, int]:
        fraction = max(self.type.fraction, other.type.fraction)
        mine = shift_left(self.values, fraction - self.type.fraction)
        theirs = shift_left(other.values, fraction - other.type.fraction)
        bits = max(magnitude_bits(mine), magnitude_bits(theirs)) + 1
        return widen(mine, bits), widen(theirs, bits), fraction

    def __add__(self, other: Ap) -> Ap:
        mine, theirs, _ = self._aligned(other)
        return Ap(mine + theirs, sum_type(self.type, other.type))

    def __sub__(self, other: Ap) -> Ap:
        mine, theirs, _ = self._aligned(other)
        return Ap(mine - theirs, difference_type(self.type, other.type))

    def __neg__(self) -> Ap:
        values = -widen(self.values, magnitude_bits(self.values) + 1)
        return Ap(values, negative_type(self.type))

    def __mul__(self, other: Ap) -> Ap:
        bits = magnitude_bits(self.values) + magnitude_bits(other.values)
        return Ap(widen(self.values, bits) * widen(other.values, bits), product_type(self.type, other.type))

    def __truediv__(self, other: Ap) -> Ap:
        """The quotient, cut off towards zero; no divisor may be zero."""
        dividend = shift_left(self.values, max(other.type.fraction, 0))
        divisor = widen(other.values, magnitude_bits(dividend))
        whole = np.abs(dividend) // np.abs(divisor)
        quotient = np.where((dividend < 0) != (divisor < 0), -whole, whole)
        type_ = quotient_type(self.type, other.type)
        return Ap(cast(quotient, type_.fraction, type_), type_)

    def shifted(self, bits: int) -> Ap:
        """`<< bits`, or `>> -bits`: within the same type, what leaves it at either end is lost."""
        moved = shift_left(self.values, bits) if bits >= 0 else self.values >> -bits
        plain = plain_type(self.type)
        return Ap(cast(moved, plain.fraction, plain), self.type)

    def _compared(self, other: Ap) -> tuple[Integers, Integers]:
        """Both as `ap_fixed` compares them: a coarser right side is first assigned to a finer type of its own modes.

        Only the lowest value of a SAT_SYM type is changed by it: the finer type cuts it off.
        """
        finer = self.type.fraction - other.type.fraction
        if finer > 0 and other.type.overflow is Overflow.SAT_SYM:
            other = other.to(compared_type(other.type, finer))
        mine, theirs, _ = self._aligned(other)
        return mine, theirs

    def __lt__(self, other: Ap) -> Flags:
        mine, theirs = self._compared(other)
        return np.asarray(mine < theirs, dtype=bool)

    def __gt__(self, other: Ap) -> Flags:
        mine, theirs = self._compared(other)
        return np.asarray(mine > theirs, dtype=bool)

    def __le__(self, other: Ap) -> Flags:
        return ~(self > other)

    def __ge__(self, other: Ap) -> Flags:
        return ~(self < other)

    def same(self, other: Ap) -> Flags:
        """`==`, number by number."""
        mine, theirs = self._compared(other)
        return np.asarray(mine == theirs, dtype=bool)

    def to_int(self) -> Integers:
        """Converted to a C++ `int`: the fraction cut off towards zero, the low 32 bits of what is left."""
        return np.asarray(cast(self.truncated(), 0, _INT), dtype=np.int64)

    def truncated(self) -> Integers:
        """Converted to a C++ integer wide enough: the fraction cut off towards zero."""
        if self.type.fraction <= 0:
            return shift_left(self.values, -self.type.fraction)
        magnitude = np.abs(self.values) >> self.type.fraction
        return np.where(self.values < 0, -magnitude, magnitude)


def choose(condition: Flags, yes: Ap, no: Ap, target: FixedPoint) -> Ap:
    """`if (condition) y = yes; else y = no;` for a variable of type `target`."""
    return Ap(np.where(condition, yes.to(target).values, no.to(target).values), target)


def either(condition: Flags, yes: Ap, no: Ap) -> tuple[Integers, int]:
    """The numbers of `yes` where the condition holds, of `no` elsewhere, exactly, as (integers, fraction bits)."""
    mine, theirs, fraction = yes._aligned(no)
    return np.where(condition, mine, theirs), fraction


def to_int(values: Integers) -> Integers:
    """Integers as a C++ int takes them: the low 32 bits, in two's complement."""
    return cast(values, 0, _INT)


def stacked(items: list[Ap], axis: int = -1) -> Ap:
    """Numbers of one type beside each other along a new axis."""
    values: Any = [item.values for item in items]
    return Ap(np.stack(values, axis=axis), items[0].type)
