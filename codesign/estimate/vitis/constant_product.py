"""Products of a number and a constant, one at a time."""

from __future__ import annotations

import numpy as np

from codesign.estimate.conditions import Conditions
from codesign.estimate.vitis import fabric
from codesign.estimate.vitis.fabric import Cost
from codesign.estimate.vitis.multipliers import signed_digits
from codesign.rtl.folded.multipliers import Multipliers

_SHIFTED = 2
"""Digits up to which a product is shifts and an adder."""


def constant_product(width: int, constant: int, conditions: Conditions) -> Cost:
    """One product by a constant: wires, an adder, or a multiplier.

    Args:
        width: bits of the number.
        constant: an integer.
        conditions: whose `multipliers` choose between DSP blocks and LUTs.
    """
    digits = int(signed_digits(np.array(constant, dtype=np.int64)))
    if digits == 0 or (digits == 1 and constant > 0):
        return Cost()
    if digits <= _SHIFTED or conditions.multipliers is Multipliers.LUT:
        return fabric.add(width + abs(constant).bit_length()).times(max(1, digits - 1))
    return fabric.product(width, abs(constant).bit_length() + 1, conditions)
