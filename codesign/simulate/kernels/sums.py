"""Sums of products, each product cast into the accumulator before it is added, as hls4ml's C++ does."""

from __future__ import annotations

import numpy as np

from codesign.graph import FixedPoint, IntArray, Overflow
from codesign.graph.cast import Integers, cast, count, magnitude_bits, round_to, shift_left, widen


def exact_product(x: Integers, weight: Integers) -> Integers:
    """`x @ weight`, exactly, in the fastest arithmetic that the actual magnitudes allow."""
    bits = magnitude_bits(x) + magnitude_bits(weight) + int(x.shape[-1]).bit_length()
    if bits <= 53:
        return (x.astype(np.float64) @ weight.astype(np.float64)).astype(np.int64)
    total = widen(x, bits) @ widen(weight, bits)
    return np.asarray(total)


def order_counts(accumulator: FixedPoint) -> bool:
    """Whether sums in this accumulator depend on the order of their terms."""
    return accumulator.overflow is not Overflow.WRAP


def accumulate(
    x: Integers,
    weight: IntArray,
    bias: Integers,
    *,
    fraction: int,
    accumulator: FixedPoint,
    order: IntArray | None = None,
) -> Integers:
    """`bias + sum of accumulator(x_i * weight_ij)`, every partial sum cast into the accumulator.

    Args:
        x: (rows, n_in) integers.
        weight: (n_in, n_out) integers.
        bias: (n_out,) integers of the accumulator.
        fraction: fraction bits of the products.
        accumulator: the type of every product and sum.
        order: (n_in,) the inputs in the order in which they are added; ascending where None.

    Returns:
        (rows, n_out) integers of the accumulator.
    """
    if fraction <= accumulator.fraction and not order_counts(accumulator):
        # No product is rounded, and sums modulo 2**width do not depend on where they wrap.
        total = shift_left(exact_product(x, weight), accumulator.fraction - fraction)
        total = widen(total, max(magnitude_bits(total), accumulator.width) + 2) + bias
        return cast(total, accumulator.fraction, accumulator)
    bits = magnitude_bits(x) + magnitude_bits(weight) + 1
    total = np.broadcast_to(bias, (x.shape[0], bias.size))
    for row in range(weight.shape[0]) if order is None else order:
        product = cast(widen(x[:, row : row + 1], bits) * weight[row], fraction, accumulator)
        total = cast(widen(total, accumulator.width + 2) + product, accumulator.fraction, accumulator)
    return total


def overflows(x: Integers, weight: IntArray, bias: Integers, *, fraction: int, accumulator: FixedPoint) -> int:
    """How many of the sums, had the accumulator no limit, would have ended outside its range.

    Args:
        x: (rows, n_in) integers.
        weight: (n_in, n_out) integers.
        bias: (n_out,) integers on the accumulator's grid, in range or not.
        fraction: fraction bits of the products.
        accumulator: its rounding applies to every product.
    """
    if fraction <= accumulator.fraction:
        total = shift_left(exact_product(x, weight), accumulator.fraction - fraction)
        total = widen(total, max(magnitude_bits(total), magnitude_bits(bias)) + 1) + bias
        return count(total, accumulator.fraction, accumulator).overflowed
    bits = magnitude_bits(x) + magnitude_bits(weight) + 1
    total = np.broadcast_to(bias, (x.shape[0], bias.size))
    for row in range(weight.shape[0]):
        product = round_to(widen(x[:, row : row + 1], bits) * weight[row], fraction, accumulator)
        total = widen(total, max(magnitude_bits(total), magnitude_bits(product)) + 1) + product
    return count(total, accumulator.fraction, accumulator).overflowed
