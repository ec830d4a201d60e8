"""Dense layers: strategy Latency unrolls all products; Resource loops over them (`dense_resource`)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from codesign.errors import UnsupportedLayerError
from codesign.estimate.conditions import Conditions
from codesign.estimate.vitis.adder_tree import Levels, Sums, sums
from codesign.estimate.vitis.calibration import constants
from codesign.estimate.vitis.casts import cast_lut
from codesign.estimate.vitis.dense_resource import resource
from codesign.estimate.vitis.module import Module, module
from codesign.estimate.vitis.multipliers import dsp_blocks, multiplier_lut, takes_dsp
from codesign.estimate.vitis.operators import DELAY_LINE_FF, DELAY_LINE_LUT, DSP_LUT, STATE_LUT, multiplexer_lut
from codesign.estimate.vitis.speed import Speed, speed_of
from codesign.graph import Dense, FixedPoint, Node
from codesign.graph.nodes import Product
from codesign.rtl import Family

SHARED_TAIL = 1
"""Clocks from the last of shared products to the result."""
SHARED_DSP_STAGES = 3
"""Clocks that a shared product in a DSP block takes beyond its first: the tool gives it all its registers."""
_OVERLAPPED_TURNS = 2
"""Products that one multiplier makes while those of the others are added; more take turns."""


@module.register
def dense(node: Dense, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    """A dense layer in the strategy that its node states.

    Raises:
        UnsupportedLayerError: there is no model of the strategy, or of how it multiplies.
    """
    if node.product is not Product.MULT:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: the vitis flow has no cost model of products {node.product.value!r}; use --flow rtl"
        )
    reuse = conditions.reuse.get(node.name, node.reuse_factor)
    if node.strategy == "latency" or (node.strategy == "resource" and reuse == 1):
        return latency(node, sources[0], reuse, conditions)
    if node.strategy == "resource":
        return resource(node, sources[0], reuse, conditions)
    raise UnsupportedLayerError(
        f"layer {node.name!r}: the vitis flow has no cost model of strategy {node.strategy!r}, which no report at hand "
        "shows; choose strategy latency or resource, or --flow rtl"
    )


@dataclass(frozen=True)
class _Schedule:
    """When what is added.

    Attributes:
        levels: of the sums.
        first: how many of them follow the products in the same clock.
        step: how many fit into each clock after it.
        clocks: of latency.
    """

    levels: Levels
    first: int
    step: int
    clocks: int

    @property
    def kept_bits(self) -> tuple[int, ...]:
        """Bits at the end of each clock but the last, from the first one that ends with sums and not with products."""
        return self.levels.bits[self.first - 1 if self.first else self.step - 1 : -1 : self.step]


def _schedule(found: Sums, speed: Speed, stages: int, product_ns: float) -> _Schedule:
    """Sums that start as soon as their products are there.

    A product in a DSP block with registers comes `stages` clocks after the others, which are added meanwhile: a number
    that comes a clock later weighs as much as the numbers that one clock adds up to one.
    """
    bits = found.accumulator_bits
    step = speed.three_adders(bits)
    levels, ary = (found.by_threes, 3) if step else (found.by_twos, 2)
    first = speed.three_adders(bits, speed.budget - product_ns) if step else 0
    step = max(1, step)
    per_clock = float(ary**step)
    late = found.terms - found.multiplied + found.multiplied * per_clock**stages
    most = float(late.max(initial=1)) / ary**first
    clocks = math.ceil(math.log(max(most, 1.0), per_clock) - 1e-9)
    return _Schedule(levels, first, step, clocks)


def _product_type(node: Dense, source: Node) -> FixedPoint:
    """Of a product before its cast into the accumulator."""
    x, weight = source.result, node.weight_type
    signed = x.signed or weight.signed
    return FixedPoint(signed, min(1024, x.width + weight.width), x.integer + weight.integer)


def _ports(clocks: int, family: Family) -> tuple[bool, bool]:
    """Whether a module that starts every clock keeps its operands and its results in registers.

    Reports of the 7 series are of a version that keeps both; those of UltraScale+, of newer ones, keep neither. Logic
    alone has operands in registers, no results.
    """
    return (True, False) if not clocks else (family is Family.XILINX_7SERIES,) * 2


def latency(node: Dense, source: Node, reuse: int, conditions: Conditions) -> Module:
    """Strategy Latency: every product stands there, or as many as the limit on multipliers lets.

    The limit is hls4ml's: n_in * n_out / reuse, rounded up, less the zeros / reuse, rounded down.
    """
    family, speed, fitted = conditions.target.family, speed_of(conditions), constants()
    found = sums(node, source.result, family)
    width, weight_width = source.result.width, node.weight_type.width
    zeros = int(node.weight.size - (node.weight != 0).sum())
    limit = max(1, -(-node.weight.size // reuse) - zeros // reuse)
    units = min(found.multipliers, limit)
    dsp_units = units if takes_dsp(width, weight_width, conditions.multipliers) else 0
    product = width + found.constant_bits
    stages = speed.dsp_stages(product) if dsp_units else 0
    plan = _schedule(found, speed, stages, speed.dsp(product) if dsp_units else speed.adder(width))
    lut = fitted.adder_share * (found.product_lut + plan.levels.lut)
    lut += (units - dsp_units) * multiplier_lut(width, weight_width) + dsp_units * DSP_LUT[family]
    lut += node.shape[0] * cast_lut(node.accumulator, node.result, family)
    lut += int(found.terms.sum()) * cast_lut(_product_type(node, source), node.accumulator, family)
    kept = found.product_bits * (plan.first == 0) * (plan.clocks > 0) + sum(plan.kept_bits)
    ff = fitted.register_share * kept
    clocks = plan.clocks
    if units < found.multipliers:
        turns = found.multipliers / units
        tail = SHARED_TAIL + (SHARED_DSP_STAGES if dsp_units else 0)
        clocks = max(clocks, math.ceil(turns) + tail if turns > _OVERLAPPED_TURNS else 0)
        inputs = multiplexer_lut(math.floor(turns)) if turns >= 2 else multiplexer_lut(2) * (turns - 1)
        lut += fitted.multiplexer_share * 2 * units * inputs
    interval = min(reuse, clocks + 1)
    if reuse == 1:
        waiting = ff * fitted.waiting_share * max(0, clocks - 2)
        operands, results = _ports(clocks, family)
        lut += waiting * DELAY_LINE_LUT / DELAY_LINE_FF + multiplexer_lut(2) * results * found.used_outputs
        ff += waiting + width * operands * found.used_inputs + node.result.width * results * found.used_outputs + 1
    else:
        lut += STATE_LUT * (interval if units < found.multipliers else 1)
        ff += interval + 1
    blocks = dsp_units * dsp_blocks(width + (not source.result.signed), weight_width, family)
    return Module(lut, ff, blocks, 0, clocks, interval)
