"""Sums of products, each cast into the accumulator before it is added: as adder graphs wherever that loses nothing.

A sum is cast after every addition. Where no partial sum can leave the accumulator's range, or where sums only wrap,
these casts change nothing until the last one, so that products may be added in any order and shared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codesign.graph import FixedPoint, IntArray, Overflow, Product
from codesign.graph.cast import cast as cast_integers
from codesign.rtl.arithmetic import (
    Variable,
    add,
    add_constant,
    constant,
    multiply_constant,
    multiply_matrix,
    shift_left,
    shift_right,
    total,
    wrap,
)
from codesign.rtl.casting import cast, left_shift_limit
from codesign.rtl.logic.floored import floored_sums, shares_adders
from codesign.simulate.kernels.sums import agreement_type

ObjectArray = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Terms:
    """Sums of whatever products as sums of plain ones: output j adds `x[i] * weight[i, j] + offset[i, j]`.

    Attributes:
        x: terms integers.
        weight: (terms, outputs) Python integers.
        offset: (terms, outputs) Python integers.
        used: (terms, outputs) whether a product is more than zero times something.
        fraction: fraction bits of the products.
        group: terms that became of each input; for each output, at most one of them is used.
    """

    x: Sequence[Variable]
    weight: ObjectArray
    offset: ObjectArray
    used: npt.NDArray[np.bool_]
    fraction: int
    group: int = 1

    def product(self, i: int, j: int) -> Variable:
        """One of them."""
        return add_constant(multiply_constant(self.x[i], int(self.weight[i, j])), int(self.offset[i, j]))

    def order(self, inputs: IntArray | None) -> list[int]:
        """The terms in the order in which they are added, where the inputs are taken in that order."""
        if inputs is None:
            return list(range(len(self.x)))
        return [int(i) * self.group + k for i in inputs for k in range(self.group)]

    def ranges(self) -> tuple[ObjectArray, ObjectArray]:
        """The least and the greatest value of every product."""
        low = np.array([int(v.low) for v in self.x], dtype=object)[:, None] * self.weight
        high = np.array([int(v.high) for v in self.x], dtype=object)[:, None] * self.weight
        return np.minimum(low, high) + self.offset, np.maximum(low, high) + self.offset


def terms(
    x: Sequence[Variable],
    source: FixedPoint,
    weight: IntArray,
    weight_type: FixedPoint,
    product: Product = Product.MULT,
    exponent_width: int = 0,
) -> Terms:
    """As `codesign.simulate.kernels.sums.terms`.

    Args:
        x: n_in integers of `source`.
        source: their type.
        weight: (n_in, n_out) integers of `weight_type`.
        weight_type: theirs.
        product: a product for constant weights.
        exponent_width: of product `weight_exponential`.
    """
    wide = weight.astype(object)
    if product is Product.DATA_BINARY:
        return Terms(x, 2 * wide, -wide, weight != 0, weight_type.fraction)
    if product is Product.BOTH_BINARY:
        return Terms(x, wide, (weight == -1).astype(object) * 1, weight != 0, 0)
    if product is Product.WEIGHT_EXPONENTIAL:
        return _shifts(x, source, weight, weight_type, exponent_width)
    return Terms(x, wide, 0 * wide, weight != 0, source.fraction + weight_type.fraction)


def _shifts(
    x: Sequence[Variable], source: FixedPoint, weight: IntArray, weight_type: FixedPoint, exponent_width: int
) -> Terms:
    """The products of nnet_mult.h, weight_exponential: one term an input for every weight that there is."""
    half = exponent_width + source.width
    inside = FixedPoint(True, 2 * half, half)
    values = sorted({int(value) for value in weight.ravel()} - {0}) or [1]
    found = []
    for v in x:
        start = cast(v, source.fraction, inside)
        for value in values:
            exponent = abs(value).bit_length() - 1 - weight_type.fraction
            shifted = (
                shift_left(start, left_shift_limit(inside, exponent))
                if exponent >= 0
                else shift_right(start, min(-exponent, inside.width))
            )
            shifted = cast(shifted, inside.fraction, inside)
            found.append(shifted if value > 0 else cast(-shifted, inside.fraction, inside))
    chosen = np.stack([weight == value for value in values], axis=1).reshape(-1, weight.shape[1])
    ones = chosen.astype(object) * 1
    return Terms(found, ones, 0 * ones, chosen, inside.fraction, len(values))


def _of_flags(given: Terms, accumulator: FixedPoint) -> Terms:
    """Products of numbers of one bit are one of two constants, so that they can be cast beforehand."""
    if given.group > 1 or any(v.low != 0 or v.high != 1 for v in given.x):
        return given
    zero = cast_integers(given.offset, given.fraction, accumulator).astype(object)
    one = cast_integers(given.offset + given.weight, given.fraction, accumulator).astype(object)
    return Terms(given.x, one - zero, zero, given.used, accumulator.fraction)


def _lowest(accumulator: FixedPoint) -> int:
    symmetric = accumulator.overflow is Overflow.SAT_SYM and accumulator.signed and accumulator.width > 1
    return -accumulator.max_int if symmetric else accumulator.min_int


def add_up(values: Sequence[Variable], fraction: int, start: int, accumulator: FixedPoint) -> Variable:
    """`start` and some numbers, added in order; every sum is cast into the accumulator.

    Args:
        values: integers.
        fraction: their fraction bits.
        start: an integer of the accumulator.
        accumulator: the type of the sums.
    """
    up = accumulator.fraction - fraction
    if up < 0:
        found = constant(start)
        for v in values:
            found = cast(add(shift_left(found, -up), v), fraction, accumulator)
        return found
    up = left_shift_limit(accumulator, up) if accumulator.overflow is Overflow.WRAP else up
    shifted = [shift_left(v, up) for v in values]
    if accumulator.overflow is Overflow.WRAP:
        return wrap(add_constant(total(shifted), start), accumulator.signed, accumulator.width)
    inside = _inside([int(v.low) for v in shifted], [int(v.high) for v in shifted], start, accumulator)
    return _chain(add_constant(total(shifted[:inside]), start), shifted[inside:], accumulator)


def _inside(low: Sequence[int], high: Sequence[int], start: int, accumulator: FixedPoint) -> int:
    """How many terms can be added before a sum may leave the accumulator's range."""
    least = most = start
    lowest, highest = _lowest(accumulator), accumulator.max_int
    if not lowest <= start <= highest:
        return 0
    for count, (a, b) in enumerate(zip(low, high, strict=True)):
        least, most = least + a, most + b
        if least < lowest or most > highest:
            return count
    return len(low)


def _chain(found: Variable, values: Sequence[Variable], accumulator: FixedPoint) -> Variable:
    for v in values:
        found = cast(add(found, v), accumulator.fraction, accumulator)
    return found


def accumulate(
    given: Terms,
    bias: Sequence[int],
    accumulator: FixedPoint,
    *,
    order: IntArray | None = None,
    leaves_out_zeros: bool = False,
) -> list[Variable]:
    """`bias + sum of accumulator(product)` for every output, every partial sum cast into the accumulator.

    Args:
        given: the products.
        bias: integers of the accumulator.
        accumulator: the type of every product and sum.
        order: the inputs in the order in which they are added; ascending where None.
        leaves_out_zeros: a weight of zero adds nothing; else its product, zero, is added and the sum cast, which can
            change the lowest number of a SAT_SYM accumulator.
    """
    ordered = given.order(order)
    if leaves_out_zeros or accumulator.overflow is not Overflow.SAT_SYM:
        taken = [[i for i in ordered if given.used[i, j]] for j in range(len(bias))]
    else:
        taken = [ordered] * len(bias)
    given = _of_flags(given, accumulator)
    up = accumulator.fraction - given.fraction
    if up < 0:
        return _rounded(given, taken, bias, accumulator)
    if accumulator.overflow is Overflow.WRAP:
        return _wrapped(given, taken, bias, up, accumulator)
    return _limited(given, taken, bias, up, accumulator)


def _matrix(given: Terms, taken: Sequence[Sequence[int]]) -> tuple[ObjectArray, ObjectArray]:
    """The weights of some terms alone, and the sums of their offsets."""
    mask = np.zeros(given.weight.shape, dtype=bool)
    for j, rows in enumerate(taken):
        mask[list(rows), j] = True
    weight = np.where(mask, given.weight, 0).astype(object)
    return weight, np.where(mask, given.offset, 0).astype(object).sum(axis=0)


def _wrapped(
    given: Terms, taken: Sequence[Sequence[int]], bias: Sequence[int], up: int, accumulator: FixedPoint
) -> list[Variable]:
    """Sums of which only the low bits count."""
    weight, offset = _matrix(given, taken)
    found = []
    for v, c, b in zip(multiply_matrix(given.x, weight), offset, bias, strict=True):
        low = wrap(v, True, max(accumulator.width - up, 0))
        moved = shift_left(low, left_shift_limit(accumulator, up))
        start = cast_integers(np.array((int(c) << up) + b, dtype=object), accumulator.fraction, accumulator)
        found.append(wrap(add_constant(moved, int(start)), accumulator.signed, accumulator.width))
    return found


def _limited(
    given: Terms, taken: Sequence[Sequence[int]], bias: Sequence[int], up: int, accumulator: FixedPoint
) -> list[Variable]:
    """Sums that may saturate: the terms before that can happen are a matrix product, the others follow in order."""
    low, high = given.ranges()
    low, high = low << up, high << up
    lowest, highest = _lowest(accumulator), accumulator.max_int
    first = []
    for j, rows in enumerate(taken):
        fitting = next(
            (at for at, i in enumerate(rows) if low[i, j] < lowest or high[i, j] > highest),
            len(rows),
        )
        fitting = min(fitting, _inside([low[i, j] for i in rows], [high[i, j] for i in rows], bias[j], accumulator))
        first.append(rows[:fitting])
    weight, offset = _matrix(given, first)
    found = []
    for j, v in enumerate(multiply_matrix(given.x, weight)):
        start = add_constant(shift_left(v, up), (int(offset[j]) << up) + bias[j])
        rest = [cast(given.product(i, j), given.fraction, accumulator) for i in taken[j][len(first[j]) :]]
        found.append(_chain(start, rest, accumulator))
    return found


def _rounded(
    given: Terms, taken: Sequence[Sequence[int]], bias: Sequence[int], accumulator: FixedPoint
) -> list[Variable]:
    """Sums of products that are each rounded."""
    if shares_adders(accumulator) and not np.any(given.offset):
        weight, _ = _matrix(given, taken)
        return floored_sums(given.x, weight, given.fraction - accumulator.fraction, bias, accumulator)
    products: dict[tuple[int, int], Variable] = {}
    for i, v in enumerate(given.x):
        row = multiply_matrix([v], given.weight[i : i + 1])
        for j, product in enumerate(row):
            shifted = add_constant(product, int(given.offset[i, j]))
            products[i, j] = cast(shifted, given.fraction, accumulator)
    return [
        add_up([products[i, j] for i in rows], accumulator.fraction, b, accumulator)
        for j, (rows, b) in enumerate(zip(taken, bias, strict=True))
    ]


def agreement(v: Variable, accumulator: FixedPoint, n_in: int) -> tuple[Variable, FixedPoint]:
    """`2 * v - n_in` in the integer type that hls4ml takes it to, and that type."""
    type_ = agreement_type(n_in)
    fraction = max(accumulator.fraction, 0)
    doubled = shift_left(v, fraction - accumulator.fraction + 1)
    return cast(add_constant(doubled, -(n_in << fraction)), fraction, type_), type_


def balanced(values: Sequence[Variable], type_: FixedPoint) -> Variable:
    """The sum as hls4ml's `reduce` (nnet_common.h): the largest power of two below n goes left, every sum is cast."""
    if len(values) == 1:
        return values[0]
    left = 1 << ((len(values) - 1).bit_length() - 1)
    found = add(balanced(values[:left], type_), balanced(values[left:], type_))
    return cast(found, type_.fraction, type_)


def cast_bias(bias: IntArray, bias_type: FixedPoint, accumulator: FixedPoint) -> list[int]:
    """A bias as integers of the accumulator, where sums start."""
    return [int(b) for b in cast_integers(bias, bias_type.fraction, accumulator, source=bias_type).ravel()]
