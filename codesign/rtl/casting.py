"""Casts in hardware: every rounding and overflow mode of `ap_fixed`, as `codesign.graph.cast` computes them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from codesign.graph import FixedPoint, Overflow, Rounding
from codesign.graph.cast import round_to
from codesign.rtl.arithmetic import (
    Variable,
    add,
    all_bits,
    any_bit,
    bits,
    both,
    choose,
    constant,
    either,
    invert,
    is_constant,
    is_negative,
    shift_left,
    shift_right,
    subtract,
    wrap,
)


def _bit(v: Variable, n: int) -> Variable:
    return wrap(shift_right(v, n), False, 1)


def _below(v: Variable, n: int) -> Variable:
    """1 where one of the lowest n bits is 1."""
    return any_bit(wrap(v, False, n))


def _tie_or_more(rises: Callable[[Variable, int], Variable]) -> Callable[[Variable, int], Variable]:
    """To nearest: up from half a step on, and from half a step itself only where `rises`."""

    def up(v: Variable, n: int) -> Variable:
        return both(_bit(v, n - 1), either(_below(v, n - 1), rises(v, n)))

    return up


# What is added to the floor. It is an adder of the bits that stay alone, and one for all modes.
_UP: dict[Rounding, Callable[[Variable, int], Variable]] = {
    Rounding.TRN: lambda v, n: constant(0),
    Rounding.TRN_ZERO: lambda v, n: both(is_negative(v), _below(v, n)),
    Rounding.RND: lambda v, n: _bit(v, n - 1),
    Rounding.RND_MIN_INF: _tie_or_more(lambda v, n: constant(0)),
    Rounding.RND_INF: _tie_or_more(lambda v, n: invert(is_negative(v))),
    Rounding.RND_ZERO: _tie_or_more(lambda v, n: is_negative(v)),
    Rounding.RND_CONV: _tie_or_more(_bit),
}


def round_off(v: Variable, n: int, rounding: Rounding) -> Variable:
    """`v / 2**n` as an integer.

    Args:
        v: an integer.
        n: bits to drop, at least 1.
        rounding: how.
    """
    found = add(shift_right(v, n), _UP[rounding](v, n))
    ends = np.array([int(v.low), int(v.high)], dtype=object)
    low, high = round_to(ends, n, FixedPoint(True, 1, 1, rounding))
    # Rounding keeps the order, so its ends are known; alkaid adds the ends of both terms.
    least, most = (int(end).bit_length() if end >= 0 else (-int(end) - 1).bit_length() for end in (low, high))
    needed = max(least, most) + int(low < 0)
    return found if needed >= bits(found) else wrap(found, bool(low < 0), needed)


def _fits(v: Variable, to: FixedPoint) -> Variable:
    """1 where `v` is inside the target's range: all bits that a wrap would drop equal its sign."""
    if not to.signed:
        return invert(any_bit(shift_right(v, to.width)))
    dropped = shift_right(v, to.width - 1)
    return either(invert(any_bit(dropped)), all_bits(dropped))


def _clipped(v: Variable, to: FixedPoint, low: int) -> Variable:
    outside = choose(is_negative(v), constant(low), constant(to.max_int))
    return choose(_fits(v, to), wrap(v, to.signed, to.width), outside)


def _saturate(v: Variable, floored: Variable, to: FixedPoint) -> Variable:
    return _clipped(v, to, to.min_int)


def _saturate_symmetric(v: Variable, floored: Variable, to: FixedPoint) -> Variable:
    if not to.signed:
        return _clipped(v, to, 0)
    if to.width == 1:
        return _clipped(v, to, to.min_int)  # one bit has no symmetric range
    clipped = _clipped(v, to, -to.max_int)
    lowest = both(is_negative(clipped), invert(any_bit(wrap(clipped, False, to.width - 1))))
    return choose(lowest, constant(-to.max_int), clipped)


def _saturate_zero(v: Variable, floored: Variable, to: FixedPoint) -> Variable:
    return choose(_fits(v, to), wrap(v, to.signed, to.width), constant(0))


def _wrap_sign_magnitude(v: Variable, floored: Variable, to: FixedPoint) -> Variable:
    wrapped = wrap(v, True, to.width)
    lost = wrap(shift_right(floored, to.width), False, 1)
    sign = is_negative(wrapped)
    differs = either(both(lost, invert(sign)), both(invert(lost), sign))
    flip = both(invert(_fits(v, to)), differs)
    magnitude = subtract(constant((1 << (to.width - 1)) - 1), wrap(wrapped, False, to.width - 1))
    return choose(flip, subtract(magnitude, shift_left(lost, to.width - 1)), wrapped)


_OVERFLOW: dict[Overflow, Callable[[Variable, Variable, FixedPoint], Variable]] = {
    Overflow.WRAP: lambda v, floored, to: wrap(v, to.signed, to.width),
    Overflow.SAT: _saturate,
    Overflow.SAT_SYM: _saturate_symmetric,
    Overflow.SAT_ZERO: _saturate_zero,
    Overflow.WRAP_SM: _wrap_sign_magnitude,
}


def right_shift_limit(width: int, shift: int) -> int:
    """A right shift that rounds a number of `width` bits as `shift` does: beyond all its bits nothing changes."""
    return min(shift, width + 2)


def left_shift_limit(to: FixedPoint, shift: int) -> int:
    """A left shift that overflows `to` as `shift` does: beyond its width every number but zero is outside."""
    return min(shift, to.width + 1)


def cast(v: Variable, fraction: int, to: FixedPoint, *, source: FixedPoint | None = None) -> Variable:
    """An integer of type `to` for the number `v * 2**-fraction`.

    Args:
        v: an integer.
        fraction: fraction bits of `v`.
        to: the target type; its rounding and overflow modes decide.
        source: the type of `v` where it has one: an assignment between identical types changes nothing.
    """
    if source is not None and source == to:
        return v
    shift = fraction - to.fraction
    if shift > 0:
        shift = right_shift_limit(bits(v), shift)
        floored = shift_right(v, shift)
        v = round_off(v, shift, to.rounding)
    else:
        floored = v = shift_left(v, left_shift_limit(to, -shift))
    symmetric = to.overflow is Overflow.SAT_SYM and to.signed and to.width > 1
    lowest = -to.max_int if symmetric else to.min_int
    if lowest <= v.low and v.high <= to.max_int:
        return constant(int(v.low)) if is_constant(v) else v
    return _OVERFLOW[to.overflow](v, floored, to)
