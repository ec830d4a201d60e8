"""Sums of products, each cast into the accumulator as the C++ does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.graph import Dense, FixedPoint, Overflow
from codesign.graph.cast import Integers, cast, count, magnitude_bits, round_to, shift_left, widen
from codesign.simulate.kernels.operand import Operand, accumulator_overflows, before_result, precast


@before_result.register
def _(node: Dense, types: Sequence[FixedPoint]) -> FixedPoint:
    return node.accumulator


def _exact_sum(x: Integers, weight: Integers) -> Integers:
    """`x @ weight`, exactly, in the fastest arithmetic that the actual magnitudes allow."""
    bits = magnitude_bits(x) + magnitude_bits(weight) + int(x.shape[-1]).bit_length()
    if bits <= 53:
        return (x.astype(np.float64) @ weight.astype(np.float64)).astype(np.int64)
    total = widen(x, bits) @ widen(weight, bits)
    return np.asarray(total)


@precast.register
def _(node: Dense, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    flat = x.values.reshape(x.values.shape[0], -1)
    accumulator = node.accumulator
    fraction = x.type.fraction + node.weight_type.fraction
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


@accumulator_overflows.register
def _(node: Dense, operands: Sequence[Operand]) -> int:
    (x,) = operands
    flat = x.values.reshape(x.values.shape[0], -1)
    accumulator = node.accumulator
    fraction = x.type.fraction + node.weight_type.fraction
    bits = magnitude_bits(flat) + magnitude_bits(node.weight) + 1
    total = np.broadcast_to(round_to(node.bias, node.bias_type.fraction, accumulator), (flat.shape[0], node.shape[0]))
    for row, weight in enumerate(node.weight):
        product = round_to(widen(flat[:, row : row + 1], bits) * weight, fraction, accumulator)
        total = widen(total, max(magnitude_bits(total), magnitude_bits(product)) + 1) + product
    return count(total, accumulator.fraction, accumulator).overflowed
