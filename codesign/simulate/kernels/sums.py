"""Sums of products, each product cast into the accumulator before it is added, as hls4ml's C++ does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.graph import FixedPoint, IntArray, Overflow, Product, Rounding
from codesign.graph.cast import Integers, cast, count, magnitude_bits, narrow, round_to, shift_left, widen


@dataclass(frozen=True)
class Terms:
    """Sums of whatever products as sums of plain ones.

    Attributes:
        x: (rows, inputs * group) integers.
        weight: (inputs * group, n_out) integers; the terms of an input stand beside each other.
        fraction: fraction bits of their products.
        group: terms that became of each input; for each output, at most one of them has a weight that is not zero.
    """

    x: Integers
    weight: IntArray
    fraction: int
    group: int = 1

    def order(self, inputs: IntArray | None) -> IntArray | None:
        """The order of the terms where the inputs are taken in that order."""
        if inputs is None or self.group == 1:
            return inputs
        return (np.asarray(inputs)[:, None] * self.group + np.arange(self.group)).ravel()


def terms(
    x: Integers,
    source: FixedPoint,
    weight: IntArray,
    weight_type: FixedPoint,
    product: Product = Product.MULT,
    exponent_width: int = 0,
) -> Terms:
    """What to hand to `accumulate`; for products other than `mult`, zeros among the weights are no terms.

    Args:
        x: (rows, n_in) integers of `source`.
        source: their type.
        weight: (n_in, n_out) integers of `weight_type`.
        weight_type: theirs.
        product: a product for constant weights.
        exponent_width: of product `weight_exponential`.
    """
    if product is Product.DATA_BINARY:
        return Terms(2 * x - 1, weight, weight_type.fraction)
    if product is Product.BOTH_BINARY:
        pair = np.stack([x, 1 - x], axis=-1).reshape(x.shape[0], -1)
        matches = np.stack([weight == 1, weight == -1], axis=1).reshape(-1, weight.shape[1])
        return Terms(pair, matches.astype(np.int64), 0, 2)
    if product is Product.WEIGHT_EXPONENTIAL:
        return _shifts(x, source, weight, weight_type, exponent_width)
    return Terms(x, weight, source.fraction + weight_type.fraction)


def _shifts(x: Integers, source: FixedPoint, weight: IntArray, weight_type: FixedPoint, exponent_width: int) -> Terms:
    """The products of nnet_mult.h, weight_exponential: one term an input for every weight that there is."""
    half = exponent_width + source.width
    inside = FixedPoint(True, 2 * half, half)
    start = cast(x, source.fraction, inside)
    values = sorted({int(value) for value in weight.ravel()} - {0}) or [1]
    products = []
    for value in values:
        exponent = abs(value).bit_length() - 1 - weight_type.fraction
        shifted = shift_left(start, exponent) if exponent >= 0 else start >> min(-exponent, inside.width)
        shifted = cast(shifted, inside.fraction, inside)
        products.append(shifted if value > 0 else cast(-widen(shifted, inside.width), inside.fraction, inside))
    chosen = np.stack([weight == value for value in values], axis=1).reshape(-1, weight.shape[1])
    wide = np.stack([widen(item, inside.width) for item in products], axis=-1).reshape(x.shape[0], -1)
    return Terms(narrow(wide), chosen.astype(np.int64), inside.fraction, len(values))


def exact_product(x: Integers, weight: Integers) -> Integers:
    """`x @ weight`, exactly, in the fastest arithmetic that the actual magnitudes allow."""
    bits = magnitude_bits(x) + magnitude_bits(weight) + int(x.shape[-1]).bit_length()
    if bits <= 53:
        return (x.astype(np.float64) @ weight.astype(np.float64)).astype(np.int64)
    total = widen(x, bits) @ widen(weight, bits)
    return np.asarray(total)


def order_counts(accumulator: FixedPoint) -> bool:
    """Whether sums in this accumulator depend on the order of their terms."""
    return accumulator.overflow is not Overflow.WRAP or accumulator.significant is not None


def _stays_inside(x: Integers, weight: IntArray, bias: Integers, up: int, accumulator: FixedPoint) -> bool:
    """Whether no partial sum can leave the accumulator's range, nor reach its lowest number; nor can be rounded."""
    if accumulator.significant is not None:
        return False
    if not accumulator.signed and min(x.min(initial=0), weight.min(initial=0), bias.min(initial=0)) < 0:
        return False
    largest = 1 << magnitude_bits(x)
    sums = np.abs(weight).astype(object).sum(axis=0) * largest * (1 << up) + np.abs(bias.astype(object))
    return bool(np.all(sums <= accumulator.max_int))


def accumulate(
    x: Integers,
    weight: IntArray,
    bias: Integers,
    *,
    fraction: int,
    accumulator: FixedPoint,
    order: IntArray | None = None,
    leaves_out_zeros: bool = False,
) -> Integers:
    """`bias + sum of accumulator(x_i * weight_ij)`, every partial sum cast into the accumulator.

    Args:
        x: (rows, n_in) integers.
        weight: (n_in, n_out) integers.
        bias: (n_out,) integers of the accumulator.
        fraction: fraction bits of the products.
        accumulator: the type of every product and sum.
        order: (n_in,) the inputs in the order in which they are added; ascending where None.
        leaves_out_zeros: a weight of zero adds nothing; else its product, zero, is added and the sum cast, which can
            change the lowest number of a SAT_SYM accumulator.

    Returns:
        (rows, n_out) integers of the accumulator.
    """
    up = accumulator.fraction - fraction
    if up >= 0 and (not order_counts(accumulator) or _stays_inside(x, weight, bias, up, accumulator)):
        # No product is rounded, and sums modulo 2**width do not depend on where they wrap.
        total = shift_left(exact_product(x, weight), up)
        total = widen(total, max(magnitude_bits(total), accumulator.width) + 2) + bias
        return cast(total, accumulator.fraction, accumulator)
    bits = magnitude_bits(x) + magnitude_bits(weight) + 1
    total = np.broadcast_to(bias, (x.shape[0], bias.size))
    keep = leaves_out_zeros and accumulator.overflow is Overflow.SAT_SYM
    for row in range(weight.shape[0]) if order is None else order:
        product = cast(widen(x[:, row : row + 1], bits) * weight[row], fraction, accumulator)
        added = cast(widen(total, accumulator.width + 2) + product, accumulator.fraction, accumulator)
        total = np.where(weight[row] == 0, total, added) if keep else added
    return total


def agreement(total: Integers, accumulator: FixedPoint, n_in: int) -> tuple[Integers, FixedPoint]:
    """`2 * total - n_in` in the integer type that hls4ml takes it to (nnet_mult.h, cast).

    Args:
        total: integers of `accumulator`.
        accumulator: their type.
        n_in: terms of each sum.

    Returns:
        The integers and their type.
    """
    type_ = agreement_type(n_in)
    fraction = max(accumulator.fraction, 0)
    values = shift_left(total, fraction - accumulator.fraction + 1)
    bits = max(magnitude_bits(values), n_in.bit_length() + fraction) + 1
    return cast(widen(values, bits) - (n_in << fraction), fraction, type_), type_


def agreement_type(n_in: int) -> FixedPoint:
    """The type of `agreement`: `ap_int<ceillog2(n_in) + 2>`, where hls4ml's ceillog2(1) is 1."""
    width = max((n_in - 1).bit_length(), 1) + 2
    return FixedPoint(True, width, width, Rounding.TRN_ZERO)


def overflows(x: Integers, weight: IntArray, bias: Integers, *, fraction: int, accumulator: FixedPoint) -> int:
    """How many of the sums, had the accumulator no limit, would have ended outside its range.

    Args:
        x: (rows, n_in) integers.
        weight: (n_in, n_out) integers.
        bias: (n_out,) integers on the accumulator's grid, in range or not.
        fraction: fraction bits of the products.
        accumulator: its rounding applies to every product.
    """
    if accumulator.significant is not None:
        return 0  # `accumulate` raises
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
