"""Dense layers of strategy Resource: hls4ml's loop over blocks of multipliers, with weights in block RAM.

Nothing was fitted to it: no report of such a design is at hand. Interval, block RAM and multipliers follow from the
loop as hls4ml writes it (`nnet_dense_resource.h`), the rest from the operators that it holds.
"""

from __future__ import annotations

import math

from codesign.estimate.conditions import Conditions
from codesign.estimate.vitis.casts import cast_lut
from codesign.estimate.vitis.module import Module
from codesign.estimate.vitis.multipliers import dsp_blocks, multiplier_lut, takes_dsp
from codesign.estimate.vitis.operators import adder_lut, multiplexer_lut
from codesign.estimate.vitis.speed import speed_of
from codesign.graph import Dense, Node

_ROM_BITS = 36
"""Bits that one block RAM of 18 Kb reads at once."""
_ROM_WORDS = 512
"""Words of so many bits that it holds."""
_LOOP_CLOCKS = 2
"""Clocks of a loop's pipeline beyond its turns and its arithmetic: the address goes out, the word comes in."""


def resource(node: Dense, source: Node, reuse: int, conditions: Conditions) -> Module:
    """A loop of `reuse` turns over n_in * n_out / reuse multipliers, whose weights are one wide word of a table.

    Args:
        reuse: at least 2; with 1 there is no loop, and the weights are constants.
    """
    n_in, n_out = node.weight.shape
    turns = min(reuse, n_in * n_out)
    units = math.ceil(n_in * n_out / turns)
    width, weight_width, total = source.result.width, node.weight_type.width, node.accumulator.width
    in_dsp = takes_dsp(width, weight_width, conditions.multipliers)
    family, speed = conditions.target.family, speed_of(conditions)
    blocks = units * dsp_blocks(width + (not source.result.signed), weight_width, family) if in_dsp else 0
    word = weight_width * units
    bram = math.ceil(word / _ROM_BITS) * math.ceil(turns / _ROM_WORDS)
    choices = multiplexer_lut(min(turns, n_in)) * min(units, max(1, math.ceil(n_in / turns)))
    lut = units * adder_lut(total, family) + choices + n_out * cast_lut(node.accumulator, node.result, family)
    lut += 0 if in_dsp else units * multiplier_lut(width, weight_width)
    depth = math.ceil(math.log2(max(2, math.ceil(units / n_out))))
    stages = speed.dsp_stages(width + weight_width) if in_dsp else 0
    arithmetic = 1 + stages + speed.clocks(depth * speed.adder(total))
    ff = n_in * width + 2 * n_out * total + units * (width + weight_width) + word + turns.bit_length() + 4
    return Module(lut, ff, blocks, bram, turns + _LOOP_CLOCKS + arithmetic, turns)
