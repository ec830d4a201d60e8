"""What each operation computes, in plain NumPy on exact integers: the readable reference."""

from __future__ import annotations

from functools import singledispatch

import numpy as np

from codesign.errors import GraphError
from codesign.graph import (
    Activation,
    ActivationFunction,
    Dense,
    FixedPoint,
    Input,
    Node,
    Normalize,
    Overflow,
    Reshape,
    Softmax,
)
from codesign.graph.cast import Integers, cast, magnitude_bits, shift_left, widen
from codesign.simulate.softmax import softmax


@singledispatch
def precast(node: Node, x: Integers, source: FixedPoint) -> tuple[Integers, int]:
    """What a node computes before the cast into its `result`, as (integers, fraction bits).

    Args:
        node: the operation.
        x: (samples, *shape of the node it reads) integers of type `source`.
        source: the type of `x`.

    Raises:
        GraphError: the node's class has no kernel.
    """
    raise GraphError(f"node {node.name!r}: the simulator has no kernel for {type(node).__name__}")


@precast.register
def _(node: Input, x: Integers, source: FixedPoint) -> tuple[Integers, int]:
    return x, source.fraction


@precast.register
def _(node: Reshape, x: Integers, source: FixedPoint) -> tuple[Integers, int]:
    return x.reshape(x.shape[0], *node.shape), source.fraction


@precast.register
def _(node: Activation, x: Integers, source: FixedPoint) -> tuple[Integers, int]:
    if node.function is ActivationFunction.RELU:
        x = np.maximum(x, 0)
    return x.reshape(x.shape[0], *node.shape), source.fraction


@precast.register
def _(node: Normalize, x: Integers, source: FixedPoint) -> tuple[Integers, int]:
    flat = x.reshape(x.shape[0], -1, node.scale.size)
    fraction = max(source.fraction + node.scale_type.fraction, node.bias_type.fraction)
    up = fraction - source.fraction - node.scale_type.fraction
    bits = magnitude_bits(flat) + magnitude_bits(node.scale) + up + 2
    product = shift_left(widen(flat, bits) * node.scale, up)
    bias = shift_left(widen(node.bias, bits), fraction - node.bias_type.fraction)
    return (widen(product, magnitude_bits(bias) + 2) + bias).reshape(x.shape[0], *node.shape), fraction


def _exact_sum(x: Integers, weight: Integers) -> Integers:
    """`x @ weight`, exactly, in the fastest arithmetic that the actual magnitudes allow."""
    bits = magnitude_bits(x) + magnitude_bits(weight) + int(x.shape[-1]).bit_length()
    if bits <= 53:
        return (x.astype(np.float64) @ weight.astype(np.float64)).astype(np.int64)
    total = widen(x, bits) @ widen(weight, bits)
    return np.asarray(total)


@precast.register
def _(node: Dense, x: Integers, source: FixedPoint) -> tuple[Integers, int]:
    flat = x.reshape(x.shape[0], -1)
    accumulator = node.accumulator
    fraction = source.fraction + node.weight_type.fraction
    bias = cast(node.bias, node.bias_type.fraction, accumulator, source=node.bias_type)
    if fraction <= accumulator.fraction and accumulator.overflow is Overflow.WRAP:
        # No product is rounded, and sums modulo 2**width do not depend on where they wrap.
        up = accumulator.fraction - fraction
        total = shift_left(_exact_sum(flat, node.weight), up)
        total = widen(total, max(magnitude_bits(total), accumulator.width) + 2) + bias
        return cast(total, accumulator.fraction, accumulator), accumulator.fraction
    bits = magnitude_bits(flat) + magnitude_bits(node.weight) + 1
    total = np.broadcast_to(bias, (flat.shape[0], bias.size))
    for row, weight in enumerate(node.weight):
        product = cast(widen(flat[:, row : row + 1], bits) * weight, fraction, accumulator)
        total = cast(widen(total, accumulator.width + 2) + product, accumulator.fraction, accumulator)
    return total, accumulator.fraction


@precast.register
def _(node: Softmax, x: Integers, source: FixedPoint) -> tuple[Integers, int]:
    values, fraction = softmax(node, x.reshape(-1, node.shape[-1]), source)
    return values.reshape(x.shape[0], *node.shape), fraction


def result_source(node: Node, source: FixedPoint) -> FixedPoint | None:
    """The C++ type that a node's value has right before the cast into `result`; None where only its value matters."""
    if isinstance(node, Dense):
        return node.accumulator
    if isinstance(node, (Input, Reshape, Activation)):
        return source
    return None
