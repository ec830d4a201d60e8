"""Dense layers and convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from codesign.graph import Convolution, Dense, DepthwiseConvolution, IntArray
from codesign.graph.cast import cast
from codesign.simulate.engine.edge import Edge, Layout
from codesign.simulate.engine.elementwise import result_edge
from codesign.simulate.engine.kernel import Kernel, lower, reference
from codesign.simulate.engine.matrix import MatrixProduct
from codesign.simulate.engine.pointwise import Affine, NotExactError, Operation, cast_operations, number, power
from codesign.simulate.engine.sums import Adding, Product, Terms, adding_of, one_by_one, terms_of, truncating
from codesign.simulate.engine.windows import Geometry, WindowSums, line, plane
from codesign.simulate.kernels import before_result
from codesign.simulate.kernels.sums import agreement_type

Summing: TypeAlias = Dense | Convolution | DepthwiseConvolution


def _ending(
    node: Summing, source: Edge, adding: Adding, agreement: int, layout: Layout
) -> tuple[list[Operation], Edge]:
    """From the accumulator to the node's result."""
    operations: list[Operation] = []
    low, high, fraction = adding.low, adding.high, node.accumulator.fraction
    if agreement:  # as `codesign.simulate.kernels.sums.agreement`
        whole = max(fraction, 0)
        up, back = whole - fraction + 1, agreement << whole
        operations.append(Affine(number(power(up)), number(float(-back))))
        type_ = agreement_type(agreement)
        more, low, high = cast_operations((low << up) - back, (high << up) - back, whole, type_)
        operations, fraction = operations + more, type_.fraction
    ends, low, high = cast_operations(low, high, fraction, node.result, before_result(node, [source.type]))
    return [*operations, *ends], result_edge(node, low, high, layout)


@lower.register
def _(node: Dense, sources: Sequence[Edge]) -> Kernel:
    (source,) = sources
    bias = cast(node.bias, node.bias_type.fraction, node.accumulator, source=node.bias_type)
    agreement = node.weight.shape[0] if node.counts_agreement else 0
    try:
        terms = terms_of(source, node.weight, node.weight_type, node.product, node.exponent_width)
        adding = adding_of(
            terms, node.weight, bias, node.accumulator, node.order, leaves_out_zeros=node.leaves_out_zeros
        )
        if isinstance(adding, Product) and source.form.layout is Layout.ROWS:
            operations, edge = _ending(node, source, adding, agreement, Layout.ROWS)
            return MatrixProduct.of(source, adding, operations, edge)
        operations, edge = _ending(node, source, adding, agreement, Layout.COLUMNS)
        return WindowSums.of(source, Geometry((1, 1, source.size)), adding, operations, edge)
    except NotExactError:
        return reference(node, sources)


def _geometry(node: Convolution | DepthwiseConvolution, source: Edge) -> Geometry:
    return Geometry(
        line(source.shape),
        plane(node.kernel, 1),
        plane(node.strides, 1),
        plane(node.padding_before, 0),
        plane(node.padding_after, 0),
    )


def _channelwise(node: DepthwiseConvolution, terms: Terms, weight: IntArray, bias: IntArray) -> Adding:
    """The sums of a filter for each channel."""
    with suppress(NotExactError):
        return truncating(terms, weight, bias, node.accumulator, each_its_own=True)
    leaves_out_zeros = node.leaves_out_zeros
    adding = one_by_one(terms, bias, node.accumulator, None, leaves_out_zeros=leaves_out_zeros, each_its_own=True)
    orders = [node.order(channel) for channel in range(weight.shape[1])]
    if adding.every and not all(order is None or np.array_equal(order, np.arange(len(order))) for order in orders):
        raise NotExactError  # the channels are added up in different orders, and it counts
    return adding


def _convolved(node: Convolution | DepthwiseConvolution, sources: Sequence[Edge]) -> Kernel:
    (source,) = sources
    bias = cast(node.bias, node.bias_type.fraction, node.accumulator, source=node.bias_type)
    weight = node.weight.reshape(-1, node.weight.shape[-1])
    geometry = _geometry(node, source)
    padded = geometry.padded != geometry.source
    seen = replace(source, low=min(source.low, 0), high=max(source.high, 0)) if padded else source
    leaves_out_zeros = node.leaves_out_zeros
    try:
        terms = terms_of(seen, weight, node.weight_type, node.product, node.exponent_width)
        adding: Adding
        if isinstance(node, Convolution):
            adding = adding_of(terms, weight, bias, node.accumulator, node.order, leaves_out_zeros=leaves_out_zeros)
        else:
            adding = _channelwise(node, terms, weight, bias)
        operations, edge = _ending(node, source, adding, node.agreement, Layout.COLUMNS)
        return WindowSums.of(seen, geometry, adding, operations, edge)
    except NotExactError:
        return reference(node, sources)


lower.register(Convolution)(_convolved)
lower.register(DepthwiseConvolution)(_convolved)
