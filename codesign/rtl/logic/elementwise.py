"""Nodes that compute every number on its own, without a table."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.graph import Activation, ActivationFunction, FixedPoint, Input, Node, Normalize, Reshape
from codesign.graph.cast import magnitude_bits
from codesign.rtl.arithmetic import Variable, add_constant, constant, maximum, multiply_constant, shift_left
from codesign.rtl.logic.base import Wires, cast_bits, check_plain, precast, widest_number


@precast.register(Input)
@precast.register(Reshape)
def _(node: Node, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    (x,) = operands
    return list(x.values), x.type.fraction


@precast.register
def _(node: Activation, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    (x,) = operands
    if node.function is ActivationFunction.RELU:
        return [maximum(v, constant(0)) for v in x.values], x.type.fraction
    return list(x.values), x.type.fraction


@widest_number.register(Input)
@widest_number.register(Reshape)
@widest_number.register(Activation)
def _(node: Node, types: Sequence[FixedPoint]) -> int:
    return cast_bits(types[0].width, types[0].fraction, node.result)


@precast.register
def _(node: Normalize, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    (x,) = operands
    fraction = max(x.type.fraction + node.scale_type.fraction, node.bias_type.fraction)
    up = fraction - x.type.fraction - node.scale_type.fraction
    bias_up = fraction - node.bias_type.fraction
    found = []
    for index, v in enumerate(x.values):
        scale, bias = int(node.scale[index % node.scale.size]), int(node.bias[index % node.bias.size])
        found.append(add_constant(shift_left(multiply_constant(v, scale), up), bias << bias_up))
    return found, fraction


@widest_number.register
def _(node: Normalize, types: Sequence[FixedPoint]) -> int:
    check_plain(node, node.product)
    (source,) = types
    fraction = max(source.fraction + node.scale_type.fraction, node.bias_type.fraction)
    product = source.width + magnitude_bits(node.scale) + fraction - source.fraction - node.scale_type.fraction
    bias = magnitude_bits(node.bias) + fraction - node.bias_type.fraction
    return cast_bits(max(product, bias) + 1, fraction, node.result)
