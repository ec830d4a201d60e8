"""Rectifiers, and casts alone."""

from __future__ import annotations

from codesign.estimate.conditions import Conditions
from codesign.estimate.vitis.casts import cast_lut, clips, rounds
from codesign.estimate.vitis.module import Module, module
from codesign.estimate.vitis.operators import LOGIC_LUT, compare_lut, multiplexer_lut, select_lut
from codesign.estimate.vitis.speed import speed_of
from codesign.graph import Activation, ActivationFunction, Node

_BETWEEN_BITS = 2
"""Bits of a number that wait, beside its kept ones, between the two clocks of a rectifier."""
_BETWEEN_LUT = 2 * LOGIC_LUT


@module.register
def activation(node: Activation, sources: tuple[Node, ...], conditions: Conditions) -> Module | None:
    """max(x, 0) and its cast, for every number: logic alone where that fits into a clock, else with a clock of latency.

    A linear function is a cast; where that takes wires only, there is no module.
    """
    source = sources[0].result
    lut, delay = cast_lut(source, node.result, conditions.target.family), 0.0
    rounding, clipping = rounds(source, node.result), clips(source, node.result)
    speed = speed_of(conditions)
    if node.function is ActivationFunction.RELU:
        lut += compare_lut(source.width)
        if not clipping:
            lut += select_lut(min(source.width - source.signed, node.result.width))
        delay = speed.rectifier(rounding or clipping)
    elif lut == 0:
        return None
    else:
        delay = speed.rectifier(True) - speed.rectifier(False)
    if delay <= speed.budget:
        return Module(lut * node.size, 0, 0, 0, 0, 1)
    registers = source.width + 2 * node.result.width + _BETWEEN_BITS
    return Module((lut + _BETWEEN_LUT + multiplexer_lut(2)) * node.size, registers * node.size + 1, 0, 0, 1, 1)
