"""Sums of products in an accumulator as one exact matrix product and a chain of operations behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.graph import FixedPoint, IntArray, Overflow, Product
from codesign.simulate.engine.edge import FLOAT64, Edge
from codesign.simulate.engine.pointwise import (
    Affine,
    Floats,
    NotExactError,
    Operation,
    cast_operations,
    entering,
    floats,
    granularity,
    number,
    power,
)


@dataclass(frozen=True, eq=False)
class Terms:
    """What is added up: for each input and output, a number that is linear in the input.

    Attributes:
        matrix: (n_in, n_out) integers; `x @ matrix + constant` is the sum of all terms.
        constant: (n_out,) integers.
        low: (n_in, n_out) the smallest integer that each term can be.
        high: the largest.
        fraction: fraction bits of all of them.
    """

    matrix: Floats
    constant: Floats
    low: Floats
    high: Floats
    fraction: int


def terms_of(source: Edge, weight: IntArray, weight_type: FixedPoint, product: Product = Product.MULT) -> Terms:
    """The terms that `codesign.simulate.kernels.sums.terms` makes of inputs and weights.

    Args:
        source: of the inputs; their range counts, not their shape.
        weight: (n_in, n_out) integers of `weight_type`.
        weight_type: theirs.
        product: how the two are multiplied.

    Raises:
        NotExactError: a float64 does not hold them, or they are not linear in the input.
    """
    entering(source, FLOAT64)
    matrix = floats(weight)
    if product is Product.MULT:
        ends = matrix * source.low, matrix * source.high
        if max(np.abs(end).sum(axis=0).max(initial=0) for end in ends) >= 2.0**53:
            raise NotExactError
        nothing = np.zeros(weight.shape[1])
        return Terms(matrix, nothing, np.minimum(*ends), np.maximum(*ends), source.type.fraction + weight_type.fraction)
    if product is Product.DATA_BINARY:  # (2 x - 1) * weight
        size = np.abs(matrix)
        return Terms(2 * matrix, -matrix.sum(axis=0), -size, size, weight_type.fraction)
    if product is Product.BOTH_BINARY:  # x where the weight is 1, 1 - x where it is -1
        used = np.abs(matrix)
        return Terms(matrix, (matrix < 0).sum(axis=0).astype(np.float64), np.zeros_like(matrix), used, 0)
    raise NotExactError


@dataclass(frozen=True, eq=False)
class Sums:
    """`bias + sum of accumulator(term)`.

    Attributes:
        matrix: (n_in, n_out) integers to multiply the inputs with.
        operations: from that product to the integers of the accumulator.
        low: the smallest integer of the accumulator that comes out.
        high: the largest.
    """

    matrix: Floats
    operations: tuple[Operation, ...]
    low: int
    high: int


def sums(terms: Terms, bias: IntArray, accumulator: FixedPoint) -> Sums:
    """The sums of `codesign.simulate.kernels.sums.accumulate`, where no term is rounded and nothing saturates.

    Args:
        terms: what is added up.
        bias: (n_out,) integers of the accumulator.
        accumulator: of every term and sum.

    Raises:
        NotExactError: terms are rounded, sums may saturate, or a float64 does not hold them.
    """
    up = accumulator.fraction - terms.fraction
    offset = floats(bias)
    if up < 0 and max(granularity(terms.matrix), granularity(terms.constant), granularity(terms.high)) > up:
        raise NotExactError  # some terms are not on the accumulator's grid
    scale = power(up)
    lows, highs = terms.low * scale, terms.high * scale
    largest = max(np.abs(lows).sum(axis=0).max(initial=0), np.abs(highs).sum(axis=0).max(initial=0))
    if max(largest, np.abs(offset).max(initial=0)) >= 2.0**52:
        raise NotExactError
    lowest = np.minimum(lows, 0).sum(axis=0) + np.minimum(offset, 0)
    highest = np.maximum(highs, 0).sum(axis=0) + np.maximum(offset, 0)
    fits = accumulator.min_int < lowest.min() and highest.max() <= accumulator.max_int
    if accumulator.overflow is not Overflow.WRAP and not fits:
        raise NotExactError  # then every partial sum would have to be looked at
    low, high = (lows.sum(axis=0) + offset).min(), (highs.sum(axis=0) + offset).max()
    wrapped, first, last = cast_operations(int(low), int(high), accumulator.fraction, accumulator)
    start = Affine(number(scale), terms.constant * scale + offset)
    return Sums(terms.matrix, (start, *wrapped), first, last)
