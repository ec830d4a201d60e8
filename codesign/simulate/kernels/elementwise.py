"""Nodes that compute every number on its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.graph import Activation, ActivationFunction, FixedPoint, Input, Normalize, Reshape
from codesign.graph.cast import Integers, cast, magnitude_bits, shift_left, widen
from codesign.graph.floating import from_bits
from codesign.simulate.kernels.operand import Operand, before_result, precast
from codesign.simulate.kernels.sums import terms


@before_result.register(Input)
@before_result.register(Reshape)
@before_result.register(Activation)
def _(node: Input | Reshape | Activation, types: Sequence[FixedPoint]) -> FixedPoint:
    return types[0]


@precast.register(Input)
@precast.register(Reshape)
def _(node: Input | Reshape, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    return x.values.reshape(x.values.shape[0], *node.shape), x.type.fraction


@precast.register
def _(node: Activation, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    values = np.maximum(x.values, 0) if node.function is ActivationFunction.RELU else x.values
    return values.reshape(values.shape[0], *node.shape), x.type.fraction


@precast.register
def _(node: Normalize, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    n = node.scale.size
    rows = x.values.reshape(-1, n)
    scale, offset = from_bits(node.scale, node.scale_type), from_bits(node.bias, node.bias_type)
    found = terms(rows, x.type, scale[:, None], node.scale_type, node.product, node.exponent_width)
    # Each number has a few terms, of which one counts.
    group = (found.x.reshape(-1, n, found.group), found.weight.reshape(n, found.group))
    bits = magnitude_bits(found.x) + magnitude_bits(found.weight)
    scaled = (widen(group[0], bits) * group[1]).sum(axis=-1)
    product_fraction = found.fraction
    if x.type.significant is not None:  # the product is one of the type's numbers, and so is the sum
        scaled, product_fraction = cast(scaled, product_fraction, x.type), x.type.fraction
    fraction = max(product_fraction, node.bias_type.fraction)
    product = shift_left(scaled, fraction - product_fraction)
    bias = shift_left(offset, fraction - node.bias_type.fraction)
    total = widen(product, max(magnitude_bits(product), magnitude_bits(bias)) + 1) + bias
    if x.type.significant is not None:
        total = cast(total, fraction, x.type)
    return total.reshape(x.values.shape[0], *node.shape), fraction
