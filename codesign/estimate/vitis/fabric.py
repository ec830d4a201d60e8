"""What Vitis HLS counts for adders, comparisons, multiplexers, casts and tables, by their widths.

The formulas are those of its C synthesis reports: they reproduce the rows of hls4ml's published baselines to the LUT
where a module is made of nothing else (docs/estimation.md). What logic synthesis leaves of them is less.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

from codesign.estimate.conditions import Conditions
from codesign.estimate.target import part_target
from codesign.estimate.vitis.casts import cast_lut
from codesign.estimate.vitis.multipliers import dsp_blocks, multiplier_lut, takes_dsp
from codesign.estimate.vitis.operators import adder_lut
from codesign.estimate.vitis.speed import speed_of
from codesign.graph import FixedPoint, Input, IntArray, Node

_COMPARED = 7
"""LUTs that a comparison takes beyond its bits, from Vitis HLS 2023 on. Older ones count about half (`operators`)."""
_HELD = 9
"""LUTs of the multiplexer before a register that keeps its value, whatever its bits."""
_ADD_NS, _CHOOSE_NS, _PRODUCT_NS = 0.785, 1.03, 2.3
"""Delays that the baselines state: an adder, a comparison with its selection, a DSP block."""
_MEASURED = part_target("xcvu13p-flga2577-2-e")
"""The part that they state them for."""
_SMALL_TABLE_BITS = 1024
"""Tables of at most as many bits are made of LUTs. Assumed."""
_BLOCK_SHAPES = ((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1))
"""Words and bits that one block RAM of 18 Kb holds."""
_DSP_LUTS = 5
"""LUTs that are counted beside a product in a DSP block."""


@dataclass(frozen=True)
class Cost:
    """What a part of a module takes.

    Attributes:
        lut: LUTs.
        ff: flip-flops.
        dsp: DSP blocks.
        bram18: block RAMs of 18 Kb.
    """

    lut: float = 0.0
    ff: float = 0.0
    dsp: int = 0
    bram18: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.lut + other.lut, self.ff + other.ff, self.dsp + other.dsp, self.bram18 + other.bram18)

    def share(self, parts: int) -> Cost:
        """One of so many equal parts."""
        return Cost(self.lut / parts, self.ff / parts, math.ceil(self.dsp / parts), math.ceil(self.bram18 / parts))

    def times(self, count: int) -> Cost:
        """As much of everything, `count` times."""
        return Cost(self.lut * count, self.ff * count, self.dsp * count, self.bram18 * count)


def add(width: int) -> Cost:
    """One adder of `width` bits."""
    return Cost(lut=adder_lut(width))


def add_all(terms: int, width: int) -> Cost:
    """The sum of `terms` numbers as a tree, of which pairs of adders become adders of three numbers.

    Each of such a pair takes its bits alone; that is what reports of means and layer normalization list.
    """
    single = _single_adders(terms)
    return Cost(lut=(max(0, terms - 1) - single) * width) + add(width).times(single)


@lru_cache(maxsize=1024)
def _single_adders(terms: int) -> int:
    """Adders of a balanced tree that no pair takes: its root takes one of those below it."""
    if terms <= 2:
        return max(0, terms - 1)
    first, second = terms - terms // 2, terms // 2
    return _single_adders(first - first // 2) + _single_adders(first // 2) + _single_adders(second)


def compare(width: int) -> Cost:
    """One comparison of `width` bits."""
    return Cost(lut=width + _COMPARED)


def choose(width: int) -> Cost:
    """One of two numbers."""
    return Cost(lut=width)


def multiplex(inputs: int, width: int) -> Cost:
    """One of `inputs` numbers: a 6-input LUT takes four of them."""
    return Cost() if inputs < 2 else Cost(lut=width * inputs / 4 + 4)


def registers(count: int, width: int) -> Cost:
    """Registers that a pipeline writes at every clock."""
    return Cost(ff=count * width)


def held(count: int, width: int) -> Cost:
    """Registers that keep what was written into them."""
    return Cost(lut=_HELD * count, ff=count * width)


def cast(source: FixedPoint, result: FixedPoint) -> Cost:
    """One cast; wires take nothing."""
    return Cost(lut=cast_lut(source, result))


def product(left: int, right: int, conditions: Conditions) -> Cost:
    """One product of two numbers, of which neither is a constant that shifts and one adder make.

    Args:
        left: bits.
        right: bits.
        conditions: whose `multipliers` choose between DSP blocks and LUTs.
    """
    if min(left, right) <= 1:
        return choose(max(left, right))
    if not takes_dsp(left, right, conditions.multipliers):
        return Cost(lut=multiplier_lut(left, right))
    return Cost(lut=_DSP_LUTS, dsp=dsp_blocks(left, right, conditions.target.family))


def divider(width: int) -> Cost:
    """One division by a number that is no power of two; per bit what Vivado HLS's baselines of mean pooling show."""
    return Cost(lut=468 / 16 * width, ff=750 / 16 * width)


def divider_cycles(width: int) -> int:
    """Clocks that it takes: one a bit and five more, as the same baselines show."""
    return width + 5


def value_bits(table: IntArray) -> int:
    """Bits that the values of a table take."""
    low, high = int(table.min()), int(table.max())
    return max(1, high.bit_length(), (-low - 1).bit_length() if low < 0 else 0) + (low < 0)


def blocks(entries: int, width: int) -> int:
    """Block RAMs of 18 Kb that hold a table once, side by side in the shape that is just deep enough (reports)."""
    words, bits = next((shape for shape in _BLOCK_SHAPES if entries <= shape[0]), _BLOCK_SHAPES[-1])
    return math.ceil(entries / words) * math.ceil(width / bits)


def table(entries: int, width: int, lookups: int) -> Cost:
    """A table that is read `lookups` times in one clock: a block RAM has two ports, so it stands there once for two.

    Args:
        entries: words.
        width: bits of their values.
        lookups: at once; at least 1.
    """
    if entries * width <= _SMALL_TABLE_BITS:
        return Cost(lut=math.ceil(entries / 64) * width * lookups, ff=width * lookups)
    return Cost(bram18=math.ceil(lookups / 2) * blocks(entries, width))


def stages(delay_ns: float, conditions: Conditions) -> int:
    """Clocks of latency of logic with that delay on an UltraScale+ part of grade -2."""
    speed, measured = speed_of(conditions), speed_of(replace(conditions, target=_MEASURED))
    return int(delay_ns * speed.factor / measured.factor / speed.budget)


def add_delay(count: int) -> float:
    """Nanoseconds of adders one after another."""
    return _ADD_NS * count


def choose_delay(count: int) -> float:
    """Nanoseconds of comparisons with selections one after another."""
    return _CHOOSE_NS * count


def product_delay(count: int) -> float:
    """Nanoseconds of products one after another."""
    return _PRODUCT_NS * count


def ports(sources: tuple[Node, ...]) -> Cost:
    """Registers of a pipelined module that reads the design's inputs, which keeps them itself."""
    return Cost(ff=sum(source.size * source.result.width for source in sources if isinstance(source, Input)))
