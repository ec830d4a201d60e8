"""Convolutions as sums over windows (nnet_conv1d_latency.h, nnet_conv_stream.h and their kin)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from codesign.graph import Convolution, DepthwiseConvolution, FixedPoint, IntArray
from codesign.graph.cast import Integers, cast, round_to
from codesign.graph.floating import from_bits
from codesign.simulate.kernels.movement import surrounded
from codesign.simulate.kernels.operand import Operand, accumulator_overflows, before_result, precast
from codesign.simulate.kernels.sums import Terms, accumulate, agreement, agreement_type, overflows, terms


def windows(node: Convolution | DepthwiseConvolution, x: Integers) -> Integers:
    """What each window holds.

    Args:
        node: the convolution.
        x: (samples, *source shape) integers.

    Returns:
        (samples, *windows, *kernel, channels) integers; zeros where a window sticks out.
    """
    axes = tuple(range(1, len(node.shape)))
    padded = surrounded(x, (*node.padding_before, 0), (*node.padding_after, 0), 0)
    views = np.lib.stride_tricks.sliding_window_view(padded, node.kernel, axis=axes)
    steps = (slice(None), *(slice(None, None, step) for step in node.strides))
    return np.moveaxis(views[steps], len(axes) + 1, -1)


@before_result.register(Convolution)
@before_result.register(DepthwiseConvolution)
def _(node: Convolution | DepthwiseConvolution, types: Sequence[FixedPoint]) -> FixedPoint:
    return agreement_type(node.agreement) if node.agreement else node.accumulator


@precast.register(Convolution)
@precast.register(DepthwiseConvolution)
def _(node: Convolution | DepthwiseConvolution, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    bias = cast(from_bits(node.bias, node.bias_type), node.bias_type.fraction, node.accumulator, source=node.bias_type)
    sums = [
        accumulate(
            part.terms.x,
            part.terms.weight,
            bias[part.filters],
            fraction=part.terms.fraction,
            accumulator=node.accumulator,
            order=part.terms.order(part.order),
            leaves_out_zeros=node.leaves_out_zeros,
        )
        for part in _parts(node, x)
    ]
    total = np.concatenate(sums, axis=1).reshape(x.values.shape[0], *node.shape)
    if node.agreement:
        total, type_ = agreement(total, node.accumulator, node.agreement)
        return total, type_.fraction
    return total, node.accumulator.fraction


@accumulator_overflows.register(Convolution)
@accumulator_overflows.register(DepthwiseConvolution)
def _(node: Convolution | DepthwiseConvolution, operands: Sequence[Operand]) -> int:
    (x,) = operands
    bias = round_to(from_bits(node.bias, node.bias_type), node.bias_type.fraction, node.accumulator)
    return sum(
        overflows(
            part.terms.x,
            part.terms.weight,
            bias[part.filters],
            fraction=part.terms.fraction,
            accumulator=node.accumulator,
        )
        for part in _parts(node, x)
    )


@dataclass(frozen=True)
class _Part:
    """Some of the filters.

    Attributes:
        terms: their sums as a product of matrices, with a row for each window.
        filters: which they are.
        order: of a window's numbers, as they are added; None for ascending.
    """

    terms: Terms
    filters: slice
    order: IntArray | None


def _parts(node: Convolution | DepthwiseConvolution, x: Operand) -> list[_Part]:
    """All filters that read the same numbers together."""
    found = windows(node, x.values)
    weight = from_bits(node.weight, node.weight_type).reshape(-1, node.weight.shape[-1])
    options = (node.weight_type, node.product, node.exponent_width)
    if isinstance(node, Convolution):
        return [_Part(terms(found.reshape(-1, weight.shape[0]), x.type, weight, *options), slice(None), node.order)]
    flat = found.reshape(-1, *weight.shape)
    return [
        _Part(terms(flat[:, :, at], x.type, weight[:, at : at + 1], *options), slice(at, at + 1), node.order(at))
        for at in range(weight.shape[-1])
    ]
