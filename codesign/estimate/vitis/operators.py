"""What Vitis HLS counts for one operator in its Expression, Multiplexer and Register tables.

The numbers are facts of the vendor's library, read off published C synthesis reports of hls4ml projects (Vivado HLS
2020.1 for the 7 series, Vitis HLS 2024.1 for UltraScale+; docs/estimation.md names them); they are not fitted.
"""

from __future__ import annotations

from codesign.rtl import Family

LOGIC_LUT = 2
"""Of an and, or or xor of single bits."""
DSP_LUT = {Family.XILINX_7SERIES: 0, Family.XILINX_ULTRASCALE_PLUS: 5}
"""Counted beside a product in a DSP block; the 5 are those of newer versions of the tool."""
STATE_LUT = 4.6
"""For each state of a state machine; of 2 to 48 states, all but 24 LUTs of them."""
DELAY_LINE_FF = 64
"""Flip-flops that are counted, besides its own, for a value that waits three clocks or more: a shift register."""
DELAY_LINE_LUT = 32
"""LUTs that are counted for such a value, whatever its width."""


_NARROW_ADDERS = (0, 7, 9, 11, 13, 15, 15, 15, 15, 15, 14, 13, 12, 17, 19, 21)
"""LUTs of adders of 0 to 15 bits in the 7 series, where one of 12 bits is cheaper than one of 9; those below 6 bits are
not in the reports, and follow the slope above them."""


def adder_lut(bits: int, family: Family = Family.XILINX_ULTRASCALE_PLUS) -> int:
    """LUTs of an adder of two numbers with a result of `bits` bits: bits + 7; in the 7 series others below 16."""
    if bits < len(_NARROW_ADDERS) and family is Family.XILINX_7SERIES:
        return _NARROW_ADDERS[bits]
    return bits + 7


def three_adder_lut(bits: int) -> int:
    """LUTs of an adder of three numbers in an accumulator of `bits` bits: two adders of all its bits and no more."""
    return 2 * bits


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
