"""Dense layers."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.graph import Dense, FixedPoint
from codesign.graph.cast import cast
from codesign.simulate.engine.edge import Edge
from codesign.simulate.engine.elementwise import result_edge
from codesign.simulate.engine.kernel import Kernel, lower, reference
from codesign.simulate.engine.matrix import MatrixProduct
from codesign.simulate.engine.pointwise import Affine, NotExactError, Operation, cast_operations, number, power
from codesign.simulate.engine.sums import Sums, sums, terms_of
from codesign.simulate.kernels import before_result
from codesign.simulate.kernels.sums import agreement_type


def _agreement(found: Sums, accumulator: FixedPoint, n_in: int) -> tuple[list[Operation], int, int, int]:
    """`codesign.simulate.kernels.sums.agreement` as (operations, low, high, fraction bits)."""
    fraction = max(accumulator.fraction, 0)
    up, back = fraction - accumulator.fraction + 1, n_in << fraction
    operations: list[Operation] = [Affine(number(power(up)), number(float(-back)))]
    type_ = agreement_type(n_in)
    ends, low, high = cast_operations((found.low << up) - back, (found.high << up) - back, fraction, type_)
    return [*operations, *ends], low, high, type_.fraction


@lower.register
def _(node: Dense, sources: Sequence[Edge]) -> Kernel:
    (source,) = sources
    bias = cast(node.bias, node.bias_type.fraction, node.accumulator, source=node.bias_type)
    try:
        found = sums(terms_of(source, node.weight, node.weight_type, node.product), bias, node.accumulator)
        operations, low, high, fraction = list(found.operations), found.low, found.high, node.accumulator.fraction
        if node.counts_agreement:
            more, low, high, fraction = _agreement(found, node.accumulator, node.weight.shape[0])
            operations += more
        ends, low, high = cast_operations(low, high, fraction, node.result, before_result(node, [source.type]))
        edge = result_edge(node, low, high, source.form.layout)
        return MatrixProduct.of(source, found.matrix, [*operations, *ends], edge)
    except NotExactError:
        return reference(node, sources)
