"""What casts between fixed-point types take: wires, or adders, comparisons and selections."""

from __future__ import annotations

from codesign.estimate.vitis.operators import LOGIC_LUT, adder_lut, compare_lut
from codesign.graph import FixedPoint, Overflow, Rounding
from codesign.rtl import Family

_CLIPPING_OPERATIONS = 3
"""Single-bit operations that decide whether a value is clipped."""


def rounds(source: FixedPoint, result: FixedPoint) -> bool:
    """Whether the cast adds to what it keeps."""
    return result.rounding is not Rounding.TRN and source.fraction > result.fraction


def clips(source: FixedPoint, result: FixedPoint) -> bool:
    """Whether the cast replaces values out of range."""
    if result.overflow is Overflow.WRAP:
        return False
    return source.integer - source.signed > result.integer - result.signed or (source.signed and not result.signed)


def cast_lut(source: FixedPoint, result: FixedPoint, family: Family = Family.XILINX_ULTRASCALE_PLUS) -> int:
    """LUTs of one cast, as the tool lists them.

    Rounding adds one bit to what is kept; a tie that depends on the bits lost compares them with zero; saturation
    takes logic of single bits. The 43 LUTs that reports state for a rectifier from fixed<16,4> to
    ufixed<8,0,RND_CONV,SAT> are a comparison of 16 bits and these three.
    """
    lut = 0
    if rounds(source, result):
        lut += adder_lut(result.width, family)
        lost = source.fraction - result.fraction - 1
        if result.rounding is not Rounding.RND and lost > 0:
            lut += compare_lut(min(lost, source.width))
    if clips(source, result):
        lut += _CLIPPING_OPERATIONS * LOGIC_LUT
    return lut
