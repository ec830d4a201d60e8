"""`FixedPoint`: the `ap_fixed` types that flow along the edges of a Graph."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction

from codesign.errors import PrecisionError


class Rounding(str, Enum):
    """What happens to bits below the least significant one, as in `ap_fixed`."""

    TRN = "TRN"  # towards minus infinity
    TRN_ZERO = "TRN_ZERO"  # towards zero
    RND = "RND"  # to nearest, ties towards plus infinity
    RND_ZERO = "RND_ZERO"  # to nearest, ties towards zero
    RND_INF = "RND_INF"  # to nearest, ties away from zero
    RND_MIN_INF = "RND_MIN_INF"  # to nearest, ties towards minus infinity
    RND_CONV = "RND_CONV"  # to nearest, ties to even


class Overflow(str, Enum):
    """What happens to values outside the range, as in `ap_fixed`."""

    WRAP = "WRAP"
    SAT = "SAT"
    SAT_ZERO = "SAT_ZERO"  # becomes zero
    SAT_SYM = "SAT_SYM"  # clips to a symmetric range
    WRAP_SM = "WRAP_SM"  # wraps, sign and magnitude


# C++'s floating-point types: all finite numbers are multiples of the smallest one.
_FLOATS = {
    "float": (True, 278, 129, Rounding.RND_CONV, Overflow.WRAP, 0, 24),
    "double": (True, 2099, 1025, Rounding.RND_CONV, Overflow.WRAP, 0, 53),
}
_TYPE = re.compile(r"^\s*(?:ap_)?(?P<u>u?)(?P<kind>fixed|int)\s*<\s*(?P<args>[^<>]*)>\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class FixedPoint:
    """A fixed-point type: the integer `n` stands for `n * 2**-fraction`.

    Attributes:
        signed: two's complement when true.
        width: bits in all, the sign included; at least 1.
        integer: bits left of the binary point, the sign included; may be negative or exceed `width`.
        rounding: used when a value is cast into this type.
        overflow: used when a value is cast into this type.
        saturation_bits: `ap_fixed`'s fifth parameter; only 0 is supported.
        significant: None but in `FLOAT` (24) and `DOUBLE` (53), which hold those of the grid's numbers whose bits from
            the first to the last one are at most as many.

    Raises:
        PrecisionError: a width outside 1..1024, integer bits beyond +-4096, a non-zero `saturation_bits`, or another
            number of significant bits.
    """

    signed: bool
    width: int
    integer: int
    rounding: Rounding = Rounding.TRN
    overflow: Overflow = Overflow.WRAP
    saturation_bits: int = 0
    significant: int | None = None

    def __post_init__(self) -> None:
        if self.significant is not None:
            shape = (self.signed, self.width, self.integer, self.rounding, self.overflow, self.saturation_bits)
            if (*shape, self.significant) not in _FLOATS.values():
                raise PrecisionError(
                    f"a type of {self.width} bits, {self.significant} of them significant: only float (278, 24) and "
                    "double (2099, 53) are such types; they round to the nearest even number"
                )
            return
        if self.width < 1:
            raise PrecisionError(
                f"fixed-point type of width {self.width}: the width must be at least 1; give one in 1..1024"
            )
        if self.width > 1024:
            raise PrecisionError(
                f"fixed-point type of width {self.width}: ap_fixed holds at most 1024 bits; choose a narrower type"
            )
        if abs(self.integer) > 4096:
            raise PrecisionError(f"fixed-point type with {self.integer} integer bits: give -4096..4096")
        if self.saturation_bits:
            raise PrecisionError(
                f"type with {self.saturation_bits} saturation bits: only 0 is supported; drop the fifth parameter"
            )
        if self.overflow is Overflow.WRAP_SM and not self.signed:
            raise PrecisionError(
                f"ufixed<{self.width},{self.integer}> with overflow WRAP_SM: ap_ufixed has none; "
                "choose WRAP, SAT, SAT_ZERO or SAT_SYM"
            )

    @property
    def fraction(self) -> int:
        """Bits right of the binary point (may be negative)."""
        return self.width - self.integer

    @property
    def min_int(self) -> int:
        """The smallest integer that the type holds; under SAT_SYM too, though a cast never gives it."""
        if self.significant is not None:
            return -self.max_int
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def max_int(self) -> int:
        """The largest integer that the type holds."""
        top = self.width - int(self.signed)
        return (1 << top) - 1 if self.significant is None else (1 << top) - (1 << (top - self.significant))

    @property
    def step(self) -> Fraction:
        """The value of one least significant bit."""
        return Fraction(1, 1) / (1 << self.fraction) if self.fraction >= 0 else Fraction(1 << -self.fraction)

    @property
    def low(self) -> Fraction:
        """The smallest value."""
        return self.min_int * self.step

    @property
    def high(self) -> Fraction:
        """The largest value."""
        return self.max_int * self.step

    def with_modes(self, rounding: Rounding, overflow: Overflow) -> FixedPoint:
        """The same grid with other modes."""
        return replace(self, rounding=rounding, overflow=overflow)

    def same_grid(self, other: FixedPoint) -> bool:
        """Whether both hold exactly the same numbers, whatever their modes."""
        mine = (self.signed, self.width, self.integer, self.significant)
        return mine == (other.signed, other.width, other.integer, other.significant)

    def contains(self, other: FixedPoint) -> bool:
        """Whether every number of `other` is one of ours."""
        inside = self.fraction >= other.fraction and self.low <= other.low and self.high >= other.high
        if self.significant is None:
            return inside
        bits = other.width - int(other.signed) if other.significant is None else other.significant
        return inside and bits <= self.significant

    def __str__(self) -> str:
        if self.significant is not None:
            return "float" if self.significant == FLOAT.significant else "double"
        modes = ""
        if self.rounding is not Rounding.TRN or self.overflow is not Overflow.WRAP:
            modes = f",{self.rounding.value},{self.overflow.value}"
        return f"{'' if self.signed else 'u'}fixed<{self.width},{self.integer}{modes}>"

    @classmethod
    def parse(cls, text: str) -> FixedPoint:
        """Read `fixed<W,I[,RND[,SAT[,N]]]>`, `ufixed<…>`, `int<W>`, `uint<W>`, maybe with `ap_`; `float`, `double`.

        Raises:
            PrecisionError: the text is not such a type.
        """
        legal = "write fixed<width,integer[,rounding[,overflow]]>, ufixed<…>, int<width>, uint<width>, float or double"
        if text.strip() in _FLOATS:
            return cls(*_FLOATS[text.strip()])
        match = _TYPE.match(text)
        if match is None:
            raise PrecisionError(f"{text!r} is not a fixed-point type; {legal}")
        args = [part.strip() for part in match["args"].split(",")]
        is_int = match["kind"].lower() == "int"
        try:
            width = int(args[0])
            integer = width if is_int else int(args[1])
            rest = args[1:] if is_int else args[2:]
            rounding = Rounding(rest[0].upper().removeprefix("AP_")) if rest else Rounding.TRN
            overflow = Overflow(rest[1].upper().removeprefix("AP_")) if len(rest) > 1 else Overflow.WRAP
            bits = int(rest[2]) if len(rest) > 2 else 0
        except (ValueError, IndexError) as error:
            raise PrecisionError(
                f"{text!r} is not a fixed-point type ({error}); {legal}, with rounding one of "
                f"{', '.join(mode.value for mode in Rounding)} and overflow one of "
                f"{', '.join(mode.value for mode in Overflow)}"
            ) from None
        if len(rest) > 3 or (is_int and rest):
            raise PrecisionError(f"{text!r} has too many parameters; {legal}")
        return cls(not match["u"], width, integer, rounding, overflow, bits)


FLOAT = FixedPoint(*_FLOATS["float"])
DOUBLE = FixedPoint(*_FLOATS["double"])


def narrowest(low: Fraction, high: Fraction, fraction: int) -> FixedPoint:
    """The narrowest type with `fraction` fraction bits that holds every multiple of its step in [low, high].

    Raises:
        PrecisionError: the range is empty.
    """
    if low > high:
        raise PrecisionError(f"empty range [{low}, {high}]: no fixed-point type holds it")
    scale = Fraction(2) ** fraction
    bottom, top = -((-low * scale) // 1), (high * scale) // 1
    signed = bottom < 0
    width = max(max(int(top), 0).bit_length(), int(-bottom - 1).bit_length() if signed else 0) + int(signed)
    width = max(width, 1)
    return FixedPoint(signed, width, width - fraction)
