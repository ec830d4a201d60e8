"""Convolutions: sums over each window, as dense layers add over their inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from codesign.graph import Convolution, DepthwiseConvolution, Input, IntArray, Node
from codesign.rtl.arithmetic import Variable, constant
from codesign.rtl.logic.base import Wires, precast
from codesign.rtl.logic.sums import accumulate, agreement, cast_bias, terms
from codesign.simulate.kernels.convolution import windows


def one_window(node: Convolution | DepthwiseConvolution, source: Node) -> tuple[Node, Node]:
    """The convolution of one window, and the port that it reads: (*kernel, channels) numbers."""
    axes = len(node.kernel)
    none, ones = (0,) * axes, (1,) * axes
    window = replace(node, shape=(*ones, node.shape[-1]), strides=ones, padding_before=none, padding_after=none)
    shape = (*node.kernel, source.shape[-1])
    return window, Input(name=source.name, inputs=(), shape=shape, result=source.result)


@dataclass(frozen=True)
class _Part:
    """Filters that read the same numbers of a window.

    Attributes:
        numbers: which they are, counted in row-major order.
        weight: (numbers, filters) integers.
        bias: (filters,) integers.
        order: in which the numbers are added; None for ascending.
    """

    numbers: IntArray
    weight: IntArray
    bias: IntArray
    order: IntArray | None


def _parts(node: Convolution | DepthwiseConvolution) -> list[_Part]:
    weight = node.weight.reshape(-1, node.weight.shape[-1])
    if isinstance(node, Convolution):
        return [_Part(np.arange(weight.shape[0]), weight, node.bias, node.order)]
    places = np.arange(weight.size).reshape(weight.shape)
    return [
        _Part(places[:, at], weight[:, at : at + 1], node.bias[at : at + 1], node.order(at))
        for at in range(weight.shape[1])
    ]


@precast.register(Convolution)
@precast.register(DepthwiseConvolution)
def _(node: Convolution | DepthwiseConvolution, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    (x,) = operands
    numbers = [constant(0), *x.values]  # the padding is number 0
    places = np.arange(1, len(numbers)).reshape(1, *x.shape)
    sums: list[Variable] = []
    parts = _parts(node)
    size = prod(node.kernel) * x.shape[-1]
    for window in windows(node, places).reshape(-1, size):
        for part in parts:
            read = [numbers[int(index)] for index in window[part.numbers]]
            sums += accumulate(
                terms(read, x.type, part.weight, node.weight_type, node.product, node.exponent_width),
                cast_bias(part.bias, node.bias_type, node.accumulator),
                node.accumulator,
                order=part.order,
                leaves_out_zeros=node.leaves_out_zeros,
            )
    if node.agreement:
        counted = [agreement(v, node.accumulator, node.agreement) for v in sums]
        return [v for v, _ in counted], counted[0][1].fraction
    return sums, node.accumulator.fraction
