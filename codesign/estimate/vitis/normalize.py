"""Scales and biases: a product with a constant and a sum, for every number."""

from __future__ import annotations

import numpy as np

from codesign.errors import UnsupportedLayerError
from codesign.estimate.conditions import Conditions
from codesign.estimate.vitis.casts import cast_lut
from codesign.estimate.vitis.module import Module, module
from codesign.estimate.vitis.multipliers import dsp_blocks, multiplier_lut, signed_digits, takes_dsp
from codesign.estimate.vitis.operators import adder_lut
from codesign.estimate.vitis.speed import speed_of
from codesign.graph import Node, Normalize
from codesign.graph.nodes import Product


@module.register
def normalize(node: Normalize, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    """`x * scale + bias`: the product by what its scale takes, the sum at full precision.

    Raises:
        UnsupportedLayerError: it does not multiply numbers.
    """
    if node.product is not Product.MULT:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: the vitis flow has no cost model of products {node.product.value!r}; use --flow rtl"
        )
    source = sources[0].result
    reuse = conditions.reuse.get(node.name, 1)
    repeated = node.size // node.scale.size
    digits = signed_digits(node.scale)
    width, scale_width = source.width, node.scale_type.width
    total = source.integer + node.scale_type.integer + 1 + source.fraction
    multiplied = int(np.count_nonzero(digits > 2)) * repeated
    scaled = int(np.count_nonzero(digits == 2)) * repeated
    biased = int(np.count_nonzero((node.bias != 0) & (digits > 0))) * repeated
    units = min(multiplied, -(-node.size // reuse))
    in_dsp = takes_dsp(width, scale_width, conditions.multipliers)
    family = conditions.target.family
    lut: float = adder_lut(total, family) * (scaled + biased)
    lut += int(np.count_nonzero(digits)) * repeated * cast_lut(source, node.result, family)
    lut += 0 if in_dsp else units * multiplier_lut(width, scale_width)
    blocks = units * dsp_blocks(width + (not source.signed), scale_width, family) if in_dsp else 0
    speed = speed_of(conditions)
    stages = speed.dsp_stages(width + scale_width) if blocks else 0
    delay = speed.adder(total) * (2 if scaled else 1) + (speed.dsp(width + scale_width) if multiplied else 0)
    clocks = stages + 1 if stages else int(delay > speed.budget)
    if units < multiplied:
        clocks += -(-multiplied // units) - 1
    ff = node.size * (width + node.result.width) + multiplied * (width + scale_width) + 1 if clocks else 0
    return Module(lut, ff, blocks, 0, clocks, min(reuse, clocks + 1))
