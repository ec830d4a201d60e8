"""Nodes that compute every number on its own, without a table."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.graph import Activation, ActivationFunction, Input, Node, Normalize, Reshape
from codesign.rtl.arithmetic import Variable, add_constant, constant, maximum, shift_left, total
from codesign.rtl.logic.base import Wires, precast
from codesign.rtl.logic.sums import terms


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


@precast.register
def _(node: Normalize, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    (x,) = operands
    found, fraction = [], 0
    for index, v in enumerate(x.values):
        scale, bias = node.scale[index % node.scale.size], int(node.bias[index % node.bias.size])
        each = terms([v], x.type, scale.reshape(1, 1), node.scale_type, node.product, node.exponent_width)
        scaled = total([each.product(i, 0) for i in range(len(each.x)) if each.used[i, 0]])
        fraction = max(each.fraction, node.bias_type.fraction)
        scaled = shift_left(scaled, fraction - each.fraction)
        found.append(add_constant(scaled, bias << (fraction - node.bias_type.fraction)))
    return found, fraction
