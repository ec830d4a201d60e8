"""Layer normalization: two sums over a row, a table of inverse roots, and products."""

from __future__ import annotations

import math

from codesign.estimate.conditions import Conditions
from codesign.estimate.vitis import fabric
from codesign.estimate.vitis.constant_product import constant_product
from codesign.estimate.vitis.fabric import Cost
from codesign.estimate.vitis.families import LayerFamily, finished
from codesign.estimate.vitis.module import Module, module
from codesign.estimate.vitis.streams import loop_cycles, process
from codesign.graph import LayerNormalization, Node

_TABLE_READ = 2


@module.register
def _(node: LayerNormalization, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    n, width = node.scale.size, node.accumulator.width
    rows = node.size // n
    mean = constant_product(width, node.factor, conditions)
    square = fabric.product(width, width, conditions)
    root = fabric.value_bits(node.table)
    index = fabric.compare(width).times(2) + fabric.choose(max(1, node.table.size.bit_length())).times(2)
    row = fabric.add_all(n, width).times(2) + mean.times(2) + index + fabric.table(node.table.size, root, 1)
    row += (fabric.add(width) + square + fabric.product(width, root, conditions)).times(n)
    scaled = Cost()
    for scale in node.scale:
        scaled += constant_product(width + root, int(scale), conditions)
    wide = width + root + node.scale_type.width
    row += scaled + fabric.add(wide).times(n)
    tree = math.ceil(math.log2(max(2, n)))
    delay = 2 * (fabric.add_delay(tree) + fabric.product_delay(1)) + fabric.product_delay(3) + fabric.add_delay(2)
    depth = fabric.stages(delay, conditions) + _TABLE_READ
    # What waits: the numbers until the mean is known, and their differences until the root is.
    row += fabric.registers(depth * n, width)
    row += fabric.multiplex(rows, sources[0].result.width).times(n)
    latency = loop_cycles(rows, 1, depth + 2)
    kept = fabric.held(node.size, node.result.width) if rows > 1 else fabric.registers(n, node.result.width)
    return finished(LayerFamily.LAYER_NORMALIZATION, row + kept + process(rows), latency, latency + 1)
