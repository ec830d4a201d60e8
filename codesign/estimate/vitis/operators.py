"""What Vitis HLS counts for one operator in its Expression, Multiplexer and Register tables.

The numbers are facts of the vendor's library, read off published C synthesis reports of hls4ml projects (Vivado HLS
2020.1 for the 7 series, Vitis HLS 2024.1 for UltraScale+; docs/estimation.md names them); they are not fitted.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

BITS = TypeVar("BITS", int, npt.NDArray[np.int64])

LOGIC_LUT = 2
"""Of an and, or or xor of single bits."""
STATE_LUT = 4.6
"""For each state of a state machine; of 2 to 48 states, all but 24 LUTs of them."""
DELAY_LINE_FF = 64
"""Flip-flops that are counted, besides its own, for a value that waits three clocks or more: a shift register."""
DELAY_LINE_LUT = 32
"""LUTs that are counted for such a value, whatever its width."""


def adder_lut(bits: BITS) -> BITS:
    """LUTs of an adder with a result of `bits` bits: bits + 7, less by steps of two below 16, at least 15."""
    if isinstance(bits, np.ndarray):
        return np.where(bits >= 16, bits + 7, np.maximum(15, 2 * bits - 9))
    return bits + 7 if bits >= 16 else max(15, 2 * bits - 9)


def compare_lut(bits: int) -> int:
    """LUTs of a comparison of two numbers of `bits` bits: 8, 9, 11, 13, 18, 20 at 2, 4, 8, 16, 24, 32 bits."""
    steps = ((2, 8), (4, 9), (8, 11), (16, 13), (24, 18), (32, 20))
    return next((lut for width, lut in steps if bits <= width), 20 + (bits - 32) // 2)


def select_lut(bits: int) -> int:
    """LUTs of a choice between two numbers of `bits` bits by a condition."""
    return max(bits, LOGIC_LUT)


def multiplexer_lut(inputs: int) -> int:
    """LUTs of a multiplexer with `inputs` inputs, as the tool counts it whatever the width: 9, 14, 20, 26, ..."""
    return 0 if inputs < 2 else 9 if inputs == 2 else round(5.4 * inputs - 1.5)


def waiting_ff(bits: int, clocks: int) -> int:
    """Flip-flops of a value of `bits` bits that waits `clocks` clocks."""
    return bits * clocks if clocks <= 2 else bits + DELAY_LINE_FF


def waiting_lut(clocks: int) -> int:
    """LUTs of a value that waits `clocks` clocks."""
    return 0 if clocks <= 2 else DELAY_LINE_LUT
