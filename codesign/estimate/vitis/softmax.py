"""Softmax: a maximum, differences, a table of exponentials, their sum, a table of inverses, products."""

from __future__ import annotations

import math
from dataclasses import dataclass

from codesign.errors import UnsupportedLayerError
from codesign.estimate.conditions import Conditions
from codesign.estimate.vitis.calibration import constants
from codesign.estimate.vitis.module import Module, module
from codesign.estimate.vitis.multipliers import dsp_blocks, multiplier_lut, takes_dsp
from codesign.estimate.vitis.operators import (
    LOGIC_LUT,
    adder_lut,
    compare_lut,
    multiplexer_lut,
    select_lut,
    waiting_ff,
    waiting_lut,
)
from codesign.estimate.vitis.speed import Speed, speed_of
from codesign.graph import FixedPoint, Node, Overflow, Softmax
from codesign.graph.nodes import SoftmaxImplementation

_ROM_SHAPES = ((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1))
"""Words and bits that one block RAM of 18 Kb holds."""
_COMPARE_NS = 2.35
"""Nanoseconds of a comparison and the choice after it, on a 7-series part of grade -2 as all of these."""
_CLIP_NS = 1.3
"""Nanoseconds that saturation adds to a sum."""
_ROM_NS = 3.25
"""Nanoseconds of reading a table. Like the two before it taken such that the latencies of both reported softmax come
out: 6 clocks of 5 ns for two classes, 13 of 3.33 ns for five, beside the registers of DSP blocks."""


def _rom_blocks(words: int, bits: int) -> int:
    return min(math.ceil(words / deep) * math.ceil(bits / wide) for deep, wide in _ROM_SHAPES)


@module.register
def softmax(node: Softmax, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    """One softmax over the last axis.

    Raises:
        UnsupportedLayerError: it is another of hls4ml's implementations, or runs over several slices.
    """
    tables = (node.exp_type, node.inv_type, node.norm, node.accumulator)
    if node.implementation not in (SoftmaxImplementation.STABLE, SoftmaxImplementation.LATENCY) or None in tables:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: the vitis flow has no cost model of softmax {node.implementation.value!r}; choose "
            "stable or latency, or --flow rtl"
        )
    if node.slice_length != node.size:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: the vitis flow has a cost model of one softmax, and this are "
            f"{node.size // node.slice_length}; use --flow rtl"
        )
    return _softmax(node, sources[0].result, conditions)


def _softmax(node: Softmax, x: FixedPoint, conditions: Conditions) -> Module:
    exp, inv, norm, total = node.exp_type, node.inv_type, node.norm, node.accumulator
    assert exp is not None
    assert inv is not None
    assert norm is not None
    assert total is not None
    fitted, n = constants(), node.size
    stable = node.implementation is SoftmaxImplementation.STABLE
    index = (node.exp_table.size - 1).bit_length()
    in_dsp = takes_dsp(exp.width, inv.width, conditions.multipliers)
    clocks = _clocks(node, x, exp.width + inv.width if in_dsp else None, speed_of(conditions))
    summing = clocks.sum + clocks.table + 1
    lut = (n - 1) * stable * (compare_lut(x.width) + select_lut(x.width))
    lut += n * stable * (
        adder_lut(x.width + 1, conditions.target.family) + _clip_lut(index, norm.overflow)
    ) + n * multiplexer_lut(2)
    lut += (n - 1) * (adder_lut(total.width, conditions.target.family) + _clip_lut(total.width, total.overflow))
    lut += n * (stable * waiting_lut(clocks.largest) + waiting_lut(summing))
    ff = n * (x.width + node.result.width) + n * index + inv.width
    ff += n * stable * waiting_ff(x.width, clocks.largest) + max(0, n - 1) * (x.width * stable + total.width)
    ff += n * waiting_ff(exp.width, summing)
    products = 0 if in_dsp else n * multiplier_lut(exp.width - exp.signed, inv.width)
    blocks = n * dsp_blocks(exp.width, inv.width, conditions.target.family) if in_dsp else 0
    return Module(
        fitted.softmax_share * lut + products,
        fitted.softmax_register_share * ff,
        blocks,
        max(1, n - 1) * _rom_blocks(node.exp_table.size, exp.width) + _rom_blocks(node.inv_table.size, inv.width),
        clocks.all,
        1,
    )


def _clip_lut(bits: int, overflow: Overflow) -> int:
    """LUTs of saturation after a sum: its conditions, and the choice of either end."""
    return 0 if overflow is Overflow.WRAP else 6 * LOGIC_LUT + 3 * select_lut(bits)


@dataclass(frozen=True)
class _Clocks:
    """Clocks of each step.

    Attributes:
        largest: of the maximum.
        difference: of the difference to it, saturated.
        table: of one table.
        sum: of the sum.
        product: of the products.
    """

    largest: int
    difference: int
    table: int
    sum: int
    product: int

    @property
    def all(self) -> int:
        """Of the whole."""
        return self.largest + self.difference + self.sum + 2 * self.table + self.product


def _clocks(node: Softmax, x: FixedPoint, product_bits: int | None, speed: Speed) -> _Clocks:
    """When what is done; `product_bits` are those of products in DSP blocks, None for LUTs."""
    assert node.accumulator is not None
    assert node.norm is not None
    stable = node.implementation is SoftmaxImplementation.STABLE
    levels = (node.size - 1).bit_length()
    compares = max(1, math.floor(speed.budget / (speed.factor * _COMPARE_NS)))
    clip = speed.factor * _CLIP_NS
    difference = speed.adder(x.width + 1) + clip * (node.norm.overflow is not Overflow.WRAP)
    added = speed.adder(node.accumulator.width) + clip * (node.accumulator.overflow is not Overflow.WRAP)
    adds = math.floor(speed.budget / added)
    return _Clocks(
        math.ceil(levels / compares) * stable,
        speed.clocks(difference) * stable,
        1 if speed.budget >= speed.factor * _ROM_NS else 2,
        math.ceil(levels / adds) if adds else levels * speed.clocks(added),
        1 + (0 if product_bits is None else speed.dsp_stages(product_bits)),
    )
