"""Convolutions as sums over windows (nnet_conv1d_latency.h, nnet_conv_stream.h and their kin)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.graph import Convolution, DepthwiseConvolution, FixedPoint, IntArray
from codesign.graph.cast import Integers, cast, round_to
from codesign.simulate.kernels.operand import Operand, accumulator_overflows, before_result, precast
from codesign.simulate.kernels.sums import accumulate, overflows


def windows(node: Convolution | DepthwiseConvolution, x: Integers) -> Integers:
    """What each window holds.

    Args:
        node: the convolution.
        x: (samples, *source shape) integers.

    Returns:
        (samples, *windows, *kernel, channels) integers; zeros where a window sticks out.
    """
    axes = tuple(range(1, len(node.shape)))
    widths = [(0, 0), *zip(node.padding_before, node.padding_after, strict=True), (0, 0)]
    views = np.lib.stride_tricks.sliding_window_view(np.pad(x, widths), node.kernel, axis=axes)
    steps = (slice(None), *(slice(None, None, step) for step in node.strides))
    return np.moveaxis(views[steps], len(axes) + 1, -1)


@before_result.register(Convolution)
@before_result.register(DepthwiseConvolution)
def _(node: Convolution | DepthwiseConvolution, types: Sequence[FixedPoint]) -> FixedPoint:
    return node.accumulator


@precast.register(Convolution)
@precast.register(DepthwiseConvolution)
def _(node: Convolution | DepthwiseConvolution, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    bias = cast(node.bias, node.bias_type.fraction, node.accumulator, source=node.bias_type)
    fraction = x.type.fraction + node.weight_type.fraction
    sums = [
        accumulate(part, weight, bias[filters], fraction=fraction, accumulator=node.accumulator, order=order)
        for part, weight, filters, order in _parts(node, x.values)
    ]
    return np.concatenate(sums, axis=1).reshape(x.values.shape[0], *node.shape), node.accumulator.fraction


@accumulator_overflows.register(Convolution)
@accumulator_overflows.register(DepthwiseConvolution)
def _(node: Convolution | DepthwiseConvolution, operands: Sequence[Operand]) -> int:
    (x,) = operands
    bias = round_to(node.bias, node.bias_type.fraction, node.accumulator)
    fraction = x.type.fraction + node.weight_type.fraction
    return sum(
        overflows(part, weight, bias[filters], fraction=fraction, accumulator=node.accumulator)
        for part, weight, filters, _ in _parts(node, x.values)
    )


def _parts(
    node: Convolution | DepthwiseConvolution, x: Integers
) -> list[tuple[Integers, IntArray, slice, IntArray | None]]:
    """The sums as products of matrices: (rows, terms), (terms, filters), which filters these are, and the order."""
    found = windows(node, x)
    if isinstance(node, Convolution):
        weight = node.weight.reshape(-1, node.weight.shape[-1])
        return [(found.reshape(-1, weight.shape[0]), weight, slice(None), node.order)]
    weight = node.weight.reshape(-1, node.weight.shape[-1])
    flat = found.reshape(-1, *weight.shape)
    return [
        (flat[:, :, at], weight[:, at : at + 1], slice(at, at + 1), node.order(at)) for at in range(weight.shape[-1])
    ]
