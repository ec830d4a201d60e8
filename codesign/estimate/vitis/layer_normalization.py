"""Layer normalization: two sums over a row, a table of inverse roots, and products; all rows at once."""

from __future__ import annotations

import math

from codesign.estimate.conditions import Conditions
from codesign.estimate.vitis import fabric
from codesign.estimate.vitis.constant_product import constant_product
from codesign.estimate.vitis.fabric import Cost
from codesign.estimate.vitis.families import LayerFamily, finished
from codesign.estimate.vitis.module import Module, module
from codesign.estimate.vitis.operators import waiting_ff, waiting_lut
from codesign.estimate.vitis.streams import require_parallel
from codesign.graph import LayerNormalization, Node

_TABLE_READ, _TABLE_NS = 1, 1.0
"""Clocks and nanoseconds of reading the table."""
_SHORTEST = 3
"""Clocks of latency in which only the differences wait."""
_PARTIAL_SUMS = 3
"""Of squares, in registers."""


@module.register
def _(node: LayerNormalization, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    require_parallel(node, conditions)
    n, width = node.scale.size, node.accumulator.width
    row, latency = _row(node, n, width, conditions)
    row += Cost(lut=n * waiting_lut(latency), ff=n * waiting_ff(width, latency) + _PARTIAL_SUMS * width + latency)
    if latency > _SHORTEST:  # the numbers wait for their mean too
        row += fabric.registers(n, sources[0].result.width)
    cost = row.times(node.size // n) + fabric.ports(sources)
    return finished(LayerFamily.LAYER_NORMALIZATION, cost, latency, conditions.reuse.get(node.name, 1))


def _row(node: LayerNormalization, n: int, width: int, conditions: Conditions) -> tuple[Cost, int]:
    """The logic of one row, and its latency."""
    mean = constant_product(width, node.factor, conditions)
    root, index_bits = fabric.value_bits(node.table), max(1, int(node.table.size - 1).bit_length())
    index = fabric.add(width) + (fabric.compare(index_bits) + fabric.choose(index_bits)).times(2)
    row = fabric.add_all(n, width).times(2) + mean.times(2) + index + fabric.table(node.table.size, root, 1)
    # The factors of a square have the same sign, so that one bit fewer tells it.
    square = fabric.product(width, max(1, width - 1), conditions)
    row += (fabric.add(width) + square + fabric.product(width, root, conditions)).times(n)
    scaled = Cost()
    for scale in node.scale:
        scaled += constant_product(width + root, int(scale), conditions)
    biased = int((node.bias != 0).sum())
    wide = min(1024, width + root + node.scale_type.width)
    row += scaled + (fabric.add(wide)).times(biased)
    row += fabric.cast(node.accumulator, node.result).times(n)
    tree = math.ceil(math.log2(max(2, n)))
    known = 2 * fabric.add_delay(tree) + fabric.add_delay(1) + fabric.product_delay(1 + 2 * min(1, mean.dsp))
    indexed = fabric.add_delay(1) + fabric.choose_delay(2) + _TABLE_NS
    last = fabric.product_delay(1 + min(1, scaled.dsp)) + fabric.add_delay(min(1, biased))
    return row, fabric.stages(known + indexed, conditions) + _TABLE_READ + fabric.stages(last, conditions)
