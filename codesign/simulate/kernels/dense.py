"""Dense layers (nnet_dense_latency.h, nnet_dense_resource.h)."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.graph import Dense, FixedPoint
from codesign.graph.cast import Integers, cast, round_to
from codesign.simulate.kernels.operand import Operand, accumulator_overflows, before_result, precast
from codesign.simulate.kernels.sums import accumulate, overflows


@before_result.register
def _(node: Dense, types: Sequence[FixedPoint]) -> FixedPoint:
    return node.accumulator


@precast.register
def _(node: Dense, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    bias = cast(node.bias, node.bias_type.fraction, node.accumulator, source=node.bias_type)
    fraction = x.type.fraction + node.weight_type.fraction
    flat = x.values.reshape(x.values.shape[0], -1)
    total = accumulate(flat, node.weight, bias, fraction=fraction, accumulator=node.accumulator)
    return total, node.accumulator.fraction


@accumulator_overflows.register
def _(node: Dense, operands: Sequence[Operand]) -> int:
    (x,) = operands
    bias = round_to(node.bias, node.bias_type.fraction, node.accumulator)
    fraction = x.type.fraction + node.weight_type.fraction
    flat = x.values.reshape(x.values.shape[0], -1)
    return overflows(flat, node.weight, bias, fraction=fraction, accumulator=node.accumulator)
