"""When a dense layer's accumulator is exact, so that its products may be added in any order and shared."""

from __future__ import annotations

import numpy as np

from codesign.graph import Dense, FixedPoint, Overflow
from codesign.graph.cast import cast


def sums_wrap_only(node: Dense, source: FixedPoint) -> bool:
    """Whether no product is rounded and sums can only wrap: then only the sum modulo 2**width counts."""
    fraction = source.fraction + node.weight_type.fraction
    return fraction <= node.accumulator.fraction and node.accumulator.overflow is Overflow.WRAP


def sums_never_overflow(node: Dense, source: FixedPoint) -> bool:
    """Whether every product and every partial sum fits the accumulator, whatever the input, with nothing rounded."""
    accumulator = node.accumulator
    up = accumulator.fraction - source.fraction - node.weight_type.fraction
    if up < 0 or up > accumulator.width:
        return False
    weight = node.weight.astype(object)
    first, second = weight * source.min_int * (1 << up), weight * source.max_int * (1 << up)
    low, high = np.minimum(first, second), np.maximum(first, second)
    bias = cast(node.bias, node.bias_type.fraction, accumulator, source=node.bias_type).astype(object)
    bottom = bias + np.concatenate([np.zeros((1, bias.size), dtype=object), np.cumsum(low, axis=0)])
    top = bias + np.concatenate([np.zeros((1, bias.size), dtype=object), np.cumsum(high, axis=0)])
    lowest = -accumulator.max_int if accumulator.overflow is Overflow.SAT_SYM else accumulator.min_int
    smallest = min(low.min(), bottom.min())
    largest = max(high.max(), top.max())
    return bool(lowest <= smallest and largest <= accumulator.max_int)


def is_exact(node: Dense, source: FixedPoint) -> bool:
    """Whether the layer is one constant matrix product followed by one cast."""
    return sums_wrap_only(node, source) or sums_never_overflow(node, source)
