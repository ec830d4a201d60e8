"""Rectifiers with a parameter (nnet_activation.h, nnet_activation_stream.h)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.graph import ClippedRelu, FixedPoint, PRelu, ThresholdedRelu
from codesign.graph.cast import Integers
from codesign.simulate.ap import Ap, either
from codesign.simulate.kernels.operand import Operand, before_result, precast


@before_result.register
def _(node: ThresholdedRelu, types: Sequence[FixedPoint]) -> FixedPoint:
    return types[0]  # a negative theta lets the lowest number through


@precast.register
def _(node: PRelu, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    rows = Ap(x.values.reshape(x.values.shape[0], -1, node.alpha.size), x.type)
    values, fraction = either(rows.values > 0, rows, Ap(node.alpha, node.alpha_type) * rows)
    return values.reshape(x.values.shape[0], *node.shape), fraction


@precast.register
def _(node: ThresholdedRelu, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    passes = Ap(x.values, x.type) > Ap(node.theta, node.theta_type)
    return np.where(passes, x.values, 0).reshape(x.values.shape[0], *node.shape), x.type.fraction


@precast.register
def _(node: ClippedRelu, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    number, maximum = Ap(np.maximum(x.values, 0), x.type), Ap.constant(node.maximum)
    values, fraction = either(number > maximum, maximum, number)
    return values.reshape(x.values.shape[0], *node.shape), fraction
