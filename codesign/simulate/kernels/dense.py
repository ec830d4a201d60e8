"""Dense layers (nnet_dense_latency.h, nnet_dense_resource.h, nnet_mult.h)."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.graph import Dense, FixedPoint
from codesign.graph.cast import Integers, cast, round_to
from codesign.graph.floating import from_bits
from codesign.simulate.kernels.operand import Operand, accumulator_overflows, before_result, precast
from codesign.simulate.kernels.sums import Terms, accumulate, agreement, agreement_type, overflows, terms


@before_result.register
def _(node: Dense, types: Sequence[FixedPoint]) -> FixedPoint:
    return agreement_type(node.weight.shape[0]) if node.counts_agreement else node.accumulator


def _terms(node: Dense, x: Operand) -> Terms:
    flat = x.values.reshape(x.values.shape[0], -1)
    return terms(
        flat, x.type, from_bits(node.weight, node.weight_type), node.weight_type, node.product, node.exponent_width
    )


@precast.register
def _(node: Dense, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    found = _terms(node, x)
    total = accumulate(
        found.x,
        found.weight,
        cast(from_bits(node.bias, node.bias_type), node.bias_type.fraction, node.accumulator, source=node.bias_type),
        fraction=found.fraction,
        accumulator=node.accumulator,
        order=found.order(node.order),
        leaves_out_zeros=node.leaves_out_zeros,
    )
    if node.counts_agreement:
        total, type_ = agreement(total, node.accumulator, node.weight.shape[0])
        return total, type_.fraction
    return total, node.accumulator.fraction


@accumulator_overflows.register
def _(node: Dense, operands: Sequence[Operand]) -> int:
    (x,) = operands
    found = _terms(node, x)
    bias = round_to(from_bits(node.bias, node.bias_type), node.bias_type.fraction, node.accumulator)
    return overflows(found.x, found.weight, bias, fraction=found.fraction, accumulator=node.accumulator)
