"""The narrowest types with which a node loses nothing, from its integers and what it can read.

The same rules as those of the conversion (`codesign.frontend.exact_types`), for nodes of a Graph.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import singledispatch
from typing import Any

import numpy as np

from codesign.graph import (
    Activation,
    ActivationFunction,
    Broadcast,
    ClippedRelu,
    Concatenate,
    Convolution,
    Cropping,
    Dense,
    DepthwiseConvolution,
    EinsumDense,
    Embedding,
    FixedPoint,
    IntArray,
    Merge,
    Node,
    Normalize,
    Pooling,
    PoolingKind,
    PRelu,
    Product,
    ReadTimeStep,
    Reshape,
    Resize,
    Softmax,
    SoftmaxDifference,
    SoftmaxImplementation,
    ThresholdedRelu,
    Transpose,
    WriteTimeStep,
    ZeroPadding,
)
from codesign.graph.interval import MERGED, Interval, affine, averaged
from codesign.graph.softmax_tables import UNIT, stable_types
from codesign.simulate.kernels.sums import agreement_type

Pick = Callable[[str, FixedPoint], FixedPoint]
"""From a type's key (see `codesign.precision.slots`) and the type with which nothing is lost, the type that it has."""


@dataclass(frozen=True)
class Read:
    """What a node reads.

    Attributes:
        held: all that it can be.
        type: its type.
    """

    held: Interval
    type: FixedPoint


@singledispatch
def exact(node: Node, sources: Sequence[Read], pick: Pick) -> Interval:
    """All that a node's result can be, given what it reads.

    Args:
        node: with its integers; its other types do not matter.
        sources: what it reads, in order.
        pick: asked for each type that follows from what the node reads, in the order in which they do.

    Raises:
        PrecisionError: no ap_fixed is as wide as a type would have to be.
    """
    return Interval.of(node.result)


def _resulting(node: Node, held: Interval, pick: Pick) -> Interval:
    return held.clipped(pick("result", held.type(node.name)))


_BOTH = Interval(Fraction(-1), Fraction(1), 0)
_EQUAL = Interval(Fraction(0), Fraction(1), 0)


def _sums(node: Any, x: Interval, weight: IntArray, bias: IntArray, agreement: int, pick: Pick) -> Interval:
    """Of every layer that adds up products with its weights, one column a sum."""
    if node.product is Product.WEIGHT_EXPONENTIAL:  # a shift takes place in a type that may lose bits at both ends
        return Interval.of(node.result)
    if node.product is Product.DATA_BINARY:
        x = _BOTH
    if node.product is Product.BOTH_BINARY:
        x, weight = _EQUAL, np.ones_like(weight)
    sums = affine(x, weight, node.weight_type.fraction, bias, node.bias_type.fraction)
    held = sums.clipped(pick("accum", sums.type(node.name)))
    if agreement:
        low, high = math.floor(2 * held.low - agreement), math.ceil(2 * held.high - agreement)
        held = Interval(Fraction(low), Fraction(high), 0).clipped(agreement_type(agreement))
    return _resulting(node, held, pick)


@exact.register
def _dense(node: Dense, sources: Sequence[Read], pick: Pick) -> Interval:
    agreement = node.weight.shape[0] if node.counts_agreement else 0
    return _sums(node, sources[0].held, node.weight, node.bias, agreement, pick)


def _convolved(node: Convolution | DepthwiseConvolution, sources: Sequence[Read], pick: Pick) -> Interval:
    x = sources[0].held
    x = x.with_zero() if any(node.padding_before + node.padding_after) else x
    return _sums(node, x, node.weight.reshape(-1, node.weight.shape[-1]), node.bias, node.agreement, pick)


exact.register(Convolution, _convolved)
exact.register(DepthwiseConvolution, _convolved)


@exact.register
def _einsum_dense(node: EinsumDense, sources: Sequence[Read], pick: Pick) -> Interval:
    places, contracted, filters = node.weight.shape
    free = node.bias.shape[1]
    each = np.broadcast_to(node.weight[:, :, None, :], (places, contracted, free, filters))
    columns = np.moveaxis(each, 1, 0).reshape(contracted, -1)
    return _sums(node, sources[0].held, columns, node.bias.ravel(), contracted if node.counts_agreement else 0, pick)


@exact.register
def _normalize(node: Normalize, sources: Sequence[Read], pick: Pick) -> Interval:
    if node.product is Product.WEIGHT_EXPONENTIAL:
        return Interval.of(node.result)
    x = _BOTH if node.product is Product.DATA_BINARY else sources[0].held
    scale = node.scale.reshape(1, -1)
    return _resulting(node, affine(x, scale, node.scale_type.fraction, node.bias, node.bias_type.fraction), pick)


@exact.register
def _activation(node: Activation, sources: Sequence[Read], pick: Pick) -> Interval:
    held = sources[0].held
    if node.function is ActivationFunction.LINEAR:
        return held.clipped(pick("result", sources[0].type))
    return _resulting(node, held.between(Fraction(0), None), pick)


@exact.register
def _clipped(node: ClippedRelu, sources: Sequence[Read], pick: Pick) -> Interval:
    return _resulting(node, sources[0].held.between(Fraction(0), Fraction(node.maximum)), pick)


@exact.register
def _leaky(node: PRelu, sources: Sequence[Read], pick: Pick) -> Interval:
    x, step = sources[0].held, node.alpha_type.step
    slope = Interval(int(node.alpha.min()) * step, int(node.alpha.max()) * step, node.alpha_type.fraction)
    return _resulting(node, x.between(Fraction(0), None).joined(x.between(None, Fraction(0)) * slope), pick)


@exact.register
def _thresholded(node: ThresholdedRelu, sources: Sequence[Read], pick: Pick) -> Interval:
    # A threshold below zero lets some of what is negative through.
    low = min(Fraction(int(node.theta[0])) * node.theta_type.step, Fraction(0))
    return _resulting(node, sources[0].held.between(low, None).with_zero(), pick)


@exact.register
def _embedding(node: Embedding, sources: Sequence[Read], pick: Pick) -> Interval:
    return Interval.of(node.table_type).clipped(pick("result", node.table_type))


@exact.register
def _merge(node: Merge, sources: Sequence[Read], pick: Pick) -> Interval:
    return _resulting(node, MERGED[node.operation](sources[0].held, sources[1].held), pick)


@exact.register
def _concatenate(node: Concatenate, sources: Sequence[Read], pick: Pick) -> Interval:
    return _resulting(node, functools.reduce(Interval.joined, (source.held for source in sources)), pick)


def _moved(node: Node, sources: Sequence[Read], pick: Pick) -> Interval:
    return sources[0].held.clipped(pick("result", sources[0].type))


for _cls in (Broadcast, Cropping, ReadTimeStep, Reshape, Resize, Transpose, WriteTimeStep):
    exact.register(_cls, _moved)


@exact.register
def _padded(node: ZeroPadding, sources: Sequence[Read], pick: Pick) -> Interval:
    return sources[0].held.with_zero().clipped(pick("result", sources[0].type))


@exact.register
def _pooling(node: Pooling, sources: Sequence[Read], pick: Pick) -> Interval:
    if node.integer_accumulator:  # numbers are cut to integers before they are added
        return Interval.of(node.result)
    source = sources[0]
    if node.kind is PoolingKind.MAX:
        held = source.held.with_zero() if any(node.before + node.after) else source.held
        return held.clipped(pick("accum", source.type)).clipped(pick("result", source.type))
    total, mean = averaged(source.held.with_zero(), math.prod(node.covered))
    fits = total.clipped(pick("accum", total.type(node.name))) == total
    result = pick("result", mean.type(node.name))
    return mean.clipped(result) if fits else Interval.of(result)


@exact.register
def _softmax(node: Softmax, sources: Sequence[Read], pick: Pick) -> Interval:
    if node.implementation is SoftmaxImplementation.ARGMAX:
        return Interval.of(pick("result", FixedPoint(False, 1, 1)))
    if node.implementation is SoftmaxImplementation.STABLE and node.difference is SoftmaxDifference.MAX_MINUS_X:
        types = stable_types(sources[0].type, node.exp_table.size, node.slice_length)
        for key, type_ in (
            ("inp_norm", types.norm),
            ("exp_table", types.exp),
            ("accum", types.accumulator),
            ("inv_inp", types.inv_input),
            ("inv_table", types.inv),
        ):
            pick(key, type_)
    return Interval.of(pick("result", UNIT))
