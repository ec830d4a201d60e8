"""Dense layers: each output a sum of products with constants, in the order of the strategy where that counts."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.graph import Dense
from codesign.rtl.arithmetic import Variable
from codesign.rtl.logic.base import Wires, precast
from codesign.rtl.logic.sums import accumulate, agreement, cast_bias, terms


@precast.register
def _(node: Dense, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    (x,) = operands
    sums = accumulate(
        terms(x.values, x.type, node.weight, node.weight_type, node.product, node.exponent_width),
        cast_bias(node.bias, node.bias_type, node.accumulator),
        node.accumulator,
        order=node.order,
        leaves_out_zeros=node.leaves_out_zeros,
    )
    if node.counts_agreement:
        counted = [agreement(v, node.accumulator, len(x.values)) for v in sums]
        return [v for v, _ in counted], counted[0][1].fraction
    return sums, node.accumulator.fraction
