"""Division by constants, digit by digit: each digit and the remainder that is left come out of a small table."""

from __future__ import annotations

from codesign.graph import FixedPoint
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
    join,
    look_up,
    shift_right,
    wrap,
)
from codesign.rtl.logic.number import Number, towards_zero
from codesign.simulate.ap import quotient_type

# A table of this many address bits is one LUT for each bit that it gives.
_ADDRESS_BITS = 6


def divided(a: Number, divisor: int, divisor_type: FixedPoint) -> Number:
    """`a / divisor` as `ap_fixed` divides: cut off towards zero, in the quotient's type.

    Args:
        a: the dividend.
        divisor: a positive integer.
        divisor_type: its type, without fraction bits.
    """
    type_ = quotient_type(a.type, divisor_type)
    return Number(divide_towards_zero(a.value, divisor), type_)


def divide_towards_zero(v: Variable, divisor: int) -> Variable:
    """`v / divisor`, cut off towards zero."""
    if divisor & (divisor - 1) == 0:
        return towards_zero(v, divisor.bit_length() - 1)
    if v.low >= 0:
        return floor_divide(v, divisor)
    # Below zero, divisor - 1 is added; and all is moved up by a multiple of the divisor, so that nothing is below zero.
    up = 1 << (-(int(v.low) // divisor)).bit_length()
    offset = choose(is_negative(v), constant(divisor * up + divisor - 1), constant(divisor * up))
    moved = add(v, offset)
    return add_constant(floor_divide(moved, divisor), -up)


def floor_divide(v: Variable, divisor: int) -> Variable:
    """`floor(v / divisor)` for a `v` that is never below zero."""
    if is_constant(v):
        return constant(int(v.low) // divisor)
    twos = (divisor & -divisor).bit_length() - 1
    v, odd = shift_right(v, twos), divisor >> twos
    if odd == 1:
        return v
    remainder_bits = (odd - 1).bit_length()
    step = max(_ADDRESS_BITS - remainder_bits, 1)
    width = bits(v)
    quotient, remainder = constant(0), constant(0)
    place = -(-width // step) * step
    while place:
        place -= step
        digit = wrap(shift_right(v, place), False, step)
        found, remainder = _digit(join(remainder, digit, step), odd, step)
        quotient = join(quotient, found, step)
    return quotient


def _digit(v: Variable, divisor: int, step: int) -> tuple[Variable, Variable]:
    """`v / divisor` and the remainder, where the quotient has at most `step` bits."""
    if is_constant(v):
        return constant(int(v.low) // divisor), constant(int(v.low) % divisor)
    most = int(v.high)
    if most.bit_length() <= _ADDRESS_BITS:
        index = wrap(v, False, most.bit_length())
        values = range(1 << most.bit_length())
        return look_up(index, [k // divisor for k in values]), look_up(index, [k % divisor for k in values])
    rest = add_constant(v, -divisor)
    below = is_negative(rest)
    return invert(below), wrap(choose(below, v, rest), False, (divisor - 1).bit_length())
