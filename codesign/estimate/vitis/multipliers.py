"""What a product becomes: nothing, wires, one adder, or a multiplier of a DSP block or of LUTs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from codesign.estimate.vitis.calibration import constants
from codesign.rtl import Family
from codesign.rtl.folded.multipliers import Multipliers

AUTO_DSP_BITS = 16
"""Bits of both operands from which the tool takes a DSP block of its own accord. Assumed: published reports of projects
that leave the choice to it have products of 6 by 6 and of 7 by 8 bits in LUTs, and of 12 by 6 bits in DSP blocks."""

Integers = npt.NDArray[np.int64]

DSP_OPERANDS = {Family.XILINX_7SERIES: (25, 18), Family.XILINX_ULTRASCALE_PLUS: (27, 18)}
"""Bits of the two signed operands that a DSP block multiplies, the wider first."""


def signed_digits(weights: Integers) -> Integers:
    """How many non-zero digits each integer has in canonical signed digits, the fewest of any signed binary form.

    A product with a constant takes no multiplier with up to two: 0 nothing, 1 wires (the negative is subtracted where
    it is summed), 2 an adder. From three on the tool takes a multiplier; that rule gives the DSP blocks of all reported
    layers exactly.

    Args:
        weights: integers of any shape, magnitudes below 2**61.
    """
    magnitude = np.abs(weights)
    if magnitude.size and magnitude.max() >= _DIGITS.size:
        return _digits(magnitude)
    return _DIGITS[magnitude]


def magnitude_bits(values: Integers) -> Integers:
    """ceil(log2(|value|)) of each integer; 0 for 0 and 1."""
    magnitude = np.abs(values)
    if magnitude.size and magnitude.max() >= _BITS.size:
        exponents: Integers = np.frexp(np.maximum(magnitude - 1, 0).astype(np.float64))[1].astype(np.int64)
        return exponents
    return _BITS[magnitude]


def _digits(magnitude: Integers) -> Integers:
    """Digits of the non-adjacent form, whose bits stand one place higher in `n ^ 3n`."""
    left, count = magnitude ^ (3 * magnitude), np.zeros(magnitude.shape, dtype=np.int64)
    while left.any():
        count += left & 1
        left = left >> 1
    return count


_SMALL = np.arange(1 << 16, dtype=np.int64)
_DIGITS = _digits(_SMALL)
_BITS: Integers = np.frexp(np.maximum(_SMALL - 1, 0).astype(np.float64))[1].astype(np.int64)
"""Of weights of up to 16 bits, which is nearly all there are."""


def multiplier_lut(left_bits: int, right_bits: int) -> float:
    """LUTs of a multiplier made of LUTs: a part of the operands' product, less a part of their sum."""
    area, edge = constants().multiplier_lut_area, constants().multiplier_lut_edge
    return max(1.0, area * left_bits * right_bits + edge * (left_bits + right_bits))


def takes_dsp(left_bits: int, right_bits: int, multipliers: Multipliers) -> bool:
    """Whether a product of two such operands is made of DSP blocks."""
    if multipliers is Multipliers.AUTO:
        return left_bits + right_bits >= AUTO_DSP_BITS
    return multipliers is Multipliers.DSP


def dsp_blocks(left_bits: int, right_bits: int, family: Family) -> int:
    """DSP blocks of a product of two signed operands: one, or as many as tiles of 25 (27) by 18 bits cover it."""
    wide, narrow = DSP_OPERANDS[family]

    def tiles(long: int, short: int) -> int:
        return -(-max(long - 1, 1) // (wide - 1)) * -(-max(short - 1, 1) // (narrow - 1))

    return min(tiles(left_bits, right_bits), tiles(right_bits, left_bits))
