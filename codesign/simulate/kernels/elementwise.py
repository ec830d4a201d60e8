"""Nodes that compute every number on its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.graph import Activation, ActivationFunction, FixedPoint, Input, Normalize, Reshape
from codesign.graph.cast import Integers, magnitude_bits, shift_left, widen
from codesign.simulate.kernels.operand import Operand, before_result, precast


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
    flat = x.values.reshape(x.values.shape[0], -1, node.scale.size)
    fraction = max(x.type.fraction + node.scale_type.fraction, node.bias_type.fraction)
    up = fraction - x.type.fraction - node.scale_type.fraction
    bits = magnitude_bits(flat) + magnitude_bits(node.scale) + up + 2
    product = shift_left(widen(flat, bits) * node.scale, up)
    bias = shift_left(widen(node.bias, bits), fraction - node.bias_type.fraction)
    return (widen(product, magnitude_bits(bias) + 2) + bias).reshape(x.values.shape[0], *node.shape), fraction
