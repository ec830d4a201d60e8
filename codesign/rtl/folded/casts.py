"""Casts between fixed-point types as instances of the template `cs_cast.sv`, reduced to what the numbers need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.graph import FixedPoint, Overflow, Rounding
from codesign.graph.cast import round_to

TEMPLATE = "cs_cast.sv"

ROUNDINGS: dict[Rounding, int] = {
    Rounding.TRN: 0,
    Rounding.TRN_ZERO: 1,
    Rounding.RND: 2,
    Rounding.RND_ZERO: 3,
    Rounding.RND_INF: 4,
    Rounding.RND_MIN_INF: 5,
    Rounding.RND_CONV: 6,
}
OVERFLOWS: dict[Overflow, int] = {
    Overflow.WRAP: 0,
    Overflow.SAT: 1,
    Overflow.SAT_ZERO: 2,
    Overflow.SAT_SYM: 3,
    Overflow.WRAP_SM: 4,
}


@dataclass(frozen=True)
class Number:
    """A number in hardware.

    Attributes:
        bits: of it.
        signed: in two's complement.
        fraction: its fraction bits.
        low: the smallest integer that it can be.
        high: the largest.
    """

    bits: int
    signed: bool
    fraction: int
    low: int
    high: int


@dataclass(frozen=True)
class Cast:
    """One instance of the template.

    Attributes:
        number: that is cast.
        to: the type that it is cast into.
        rounding: that is left to be done; TRN where no bit goes.
        overflow: that is left to be done; WRAP where every number fits.
    """

    number: Number
    to: FixedPoint
    rounding: Rounding
    overflow: Overflow

    @property
    def shift(self) -> int:
        """Fraction bits that go; beyond what the template can tell apart, fewer do as well."""
        shift = self.number.fraction - self.to.fraction
        return max(min(shift, self.number.bits + 2), -(self.to.width + 1))

    @property
    def is_wiring(self) -> bool:
        """Whether it takes no logic."""
        return self.rounding is Rounding.TRN and self.overflow is Overflow.WRAP

    def parameters(self) -> str:
        """Of the instance."""
        values = {
            "IN": self.number.bits,
            "IN_SIGNED": int(self.number.signed),
            "SHIFT": self.shift,
            "OUT": self.to.width,
            "OUT_SIGNED": int(self.to.signed),
            "ROUNDING": ROUNDINGS[self.rounding],
            "OVERFLOW": OVERFLOWS[self.overflow],
        }
        return ", ".join(f".{name}({value})" for name, value in values.items())


def cast_of(number: Number, to: FixedPoint, *, keeps: bool = False) -> Cast:
    """The cast of a number into a type.

    Args:
        number: that is cast.
        to: the type.
        keeps: the number has that very type, so that nothing is done to it.
    """
    ends = round_to(np.array([number.low, number.high], dtype=object), number.fraction, to)
    lowest = -to.max_int if to.overflow is Overflow.SAT_SYM and to.signed and to.width > 1 else to.min_int
    fits = keeps or (lowest <= int(ends[0]) and int(ends[1]) <= to.max_int)
    return Cast(
        number,
        to,
        to.rounding if number.fraction > to.fraction else Rounding.TRN,
        Overflow.WRAP if fits else to.overflow,
    )
