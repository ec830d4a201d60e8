"""Rectifiers with a parameter (nnet_activation.h, nnet_activation_stream.h)."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.graph import ClippedRelu, PRelu, ThresholdedRelu
from codesign.rtl.arithmetic import Variable, choose, constant, is_negative, maximum, multiply_constant
from codesign.rtl.casting import cast
from codesign.rtl.logic.base import Wires, precast
from codesign.rtl.logic.number import Number, either


@precast.register
def _(node: PRelu, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    (x,) = operands
    found = []
    for index, v in enumerate(x.values):
        alpha = int(node.alpha[index % node.alpha.size])
        # Zero is the same on either side, and the sign alone is no comparison.
        slope = cast(multiply_constant(v, alpha), x.type.fraction + node.alpha_type.fraction, node.result)
        found.append(choose(is_negative(v), slope, cast(v, x.type.fraction, node.result)))
    return found, node.result.fraction


@precast.register
def _(node: ThresholdedRelu, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    (x,) = operands
    theta = Number.constant(int(node.theta[0]), node.theta_type)
    return [choose(Number(v, x.type) > theta, v, constant(0)) for v in x.values], x.type.fraction


@precast.register
def _(node: ClippedRelu, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    (x,) = operands
    limit = Number.constant(node.maximum)
    found, fraction = [], 0
    for v in x.values:
        number = Number(maximum(v, constant(0)), x.type)
        value, fraction = either(number > limit, limit, number)
        found.append(value)
    return found, fraction
