"""Expressions of `ap_fixed` numbers as logic, with the type that each has in C++: `codesign.simulate.ap` traced."""

from __future__ import annotations

from dataclasses import dataclass

from codesign.graph import FixedPoint, Overflow, Rounding
from codesign.rtl.arithmetic import (
    Variable,
    add,
    add_constant,
    bits,
    choose,
    constant,
    invert,
    is_constant,
    is_negative,
    multiply,
    shift_left,
    shift_right,
    subtract,
    wrap,
)
from codesign.rtl.casting import cast
from codesign.simulate.ap import (
    compared_type,
    difference_type,
    plain_type,
    product_type,
    sum_type,
)

INT = FixedPoint(True, 32, 32)


@dataclass(frozen=True, eq=False)
class Number:
    """One number of an `ap_fixed` (or `ap_int`) type.

    Sums, differences and products are exact; only `to` rounds or overflows.

    Attributes:
        value: an integer of `type`.
        type: its modes matter for an assignment to the very same type alone.
    """

    value: Variable
    type: FixedPoint

    @classmethod
    def constant(cls, value: int, type_: FixedPoint = INT) -> Number:
        """An integer of a type; a C++ `int` where none is given."""
        return cls(constant(value), type_)

    def to(self, target: FixedPoint) -> Number:
        """Assigned to a variable of type `target`."""
        return Number(cast(self.value, self.type.fraction, target, source=self.type), target)

    def __add__(self, other: Number) -> Number:
        mine, theirs, _ = aligned(self, other)
        return Number(add(mine, theirs), sum_type(self.type, other.type))

    def __sub__(self, other: Number) -> Number:
        mine, theirs, _ = aligned(self, other)
        return Number(subtract(mine, theirs), difference_type(self.type, other.type))

    def __mul__(self, other: Number) -> Number:
        return Number(multiply(self.value, other.value), product_type(self.type, other.type))

    def shifted(self, n: int) -> Number:
        """`<< n`, or `>> -n`: within the same type, what leaves it at either end is lost."""
        moved = shift_left(self.value, n) if n >= 0 else shift_right(self.value, min(-n, bits(self.value) + 1))
        plain = plain_type(self.type)
        return Number(cast(moved, plain.fraction, plain), self.type)

    def _compared(self, other: Number) -> Number:
        """The right side as `ap_fixed` compares it: assigned first to a type as fine as the left one's."""
        finer = self.type.fraction - other.type.fraction
        if finer > 0 and other.type.overflow is Overflow.SAT_SYM:
            return other.to(compared_type(other.type, finer))
        return other

    def __gt__(self, other: Number) -> Variable:
        return _above(self, self._compared(other))

    def __lt__(self, other: Number) -> Variable:
        return _above(self._compared(other), self)

    def __le__(self, other: Number) -> Variable:
        return invert(self > other)

    def __ge__(self, other: Number) -> Variable:
        return invert(self < other)


def aligned(a: Number, b: Number) -> tuple[Variable, Variable, int]:
    """The integers of two numbers on one grid, and its fraction bits."""
    fraction = max(a.type.fraction, b.type.fraction)
    return shift_left(a.value, fraction - a.type.fraction), shift_left(b.value, fraction - b.type.fraction), fraction


def _above(a: Number, b: Number) -> Variable:
    """1 where a is greater than b."""
    finer = a.type.fraction - b.type.fraction
    if is_constant(a.value):  # k > v << s where (k - 1) >> s >= v; so much of k counts
        if finer <= 0:
            return _below_constant(b.value, int(a.value.low) << -finer)
        return _below_constant(b.value, -(-int(a.value.low) >> finer))
    if is_constant(b.value):
        limit = int(b.value.low) << finer if finer >= 0 else int(b.value.low) >> -finer
        return invert(_below_constant(a.value, limit + 1))
    mine, theirs, _ = aligned(a, b)
    return is_negative(subtract(theirs, mine))


def _below_constant(v: Variable, limit: int) -> Variable:
    """1 where `v < limit`."""
    if int(v.high) < limit:
        return constant(1)
    if int(v.low) >= limit:
        return constant(0)
    return is_negative(add_constant(v, -limit))


def select(condition: Variable, yes: Number, no: Number, target: FixedPoint) -> Number:
    """`if (condition) y = yes; else y = no;` for a variable of type `target`."""
    return Number(choose(condition, yes.to(target).value, no.to(target).value), target)


def either(condition: Variable, yes: Number, no: Number) -> tuple[Variable, int]:
    """The number `yes` where the condition holds, `no` elsewhere, exactly, as (integer, fraction bits)."""
    mine, theirs, fraction = aligned(yes, no)
    return choose(condition, mine, theirs), fraction


def towards_zero(v: Variable, n: int) -> Variable:
    """`v / 2**n`, cut off towards zero; `v * 2**-n` for a negative n."""
    if n <= 0:
        return shift_left(v, -n)
    width = bits(v) + 1
    return cast(v, n, FixedPoint(True, width, width, rounding=Rounding.TRN_ZERO))


def to_int(v: Variable) -> Variable:
    """An integer as a C++ int takes it: the low 32 bits, in two's complement."""
    return wrap(v, True, INT.width)


def clamp(v: Variable, last: int) -> Variable:
    """`v` moved into 0 to `last`."""
    if is_constant(v):
        return constant(min(max(int(v.low), 0), last))
    below = v.max_of(constant(0))
    return below if int(below.high) <= last else below.min_of(constant(last))
