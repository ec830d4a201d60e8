"""Sums of products in an accumulator: where possible one exact matrix product, else one term after the other."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from codesign.graph import FixedPoint, IntArray, Overflow, Rounding
from codesign.graph import Product as ProductKind
from codesign.simulate.engine.applied import bind
from codesign.simulate.engine.edge import FLOAT64, MANTISSA, Edge, Form, Layout, Tile
from codesign.simulate.engine.pointwise import (
    Affine,
    Floats,
    NotExactError,
    Operation,
    State,
    Wrap,
    cast_operations,
    check,
    entering,
    floats,
    granularity,
    lowest_kept,
    number,
    power,
    whole_numbers,
)
from codesign.simulate.engine.worthwhile import machine_code

# Nanoseconds that NumPy takes for a product whose lowest bits are cut off.
_PRODUCT = 0.5


@dataclass(frozen=True, eq=False)
class Terms:
    """What is added up: for each input and output, a number that is linear in the input.

    Attributes:
        matrix: (n_in, n_out) integers; a term is `x * matrix + constant`.
        constant: (n_in, n_out) integers.
        low: (n_in, n_out) the smallest integer that each term can be.
        high: the largest.
        fraction: fraction bits of all of them.
    """

    matrix: Floats
    constant: Floats
    low: Floats
    high: Floats
    fraction: int


def terms_of(
    source: Edge,
    weight: IntArray,
    weight_type: FixedPoint,
    product: ProductKind = ProductKind.MULT,
    exponent_width: int = 0,
) -> Terms:
    """The terms that `codesign.simulate.kernels.sums.terms` makes of inputs and weights.

    Args:
        source: of the inputs; their range counts, not their shape.
        weight: (n_in, n_out) integers of `weight_type`.
        weight_type: theirs.
        product: how the two are multiplied.
        exponent_width: of product `weight_exponential`.

    Raises:
        NotExactError: a float64 does not hold them, or they are not linear in the input.
    """
    entering(source, FLOAT64)
    matrix = floats(weight)
    if product is ProductKind.WEIGHT_EXPONENTIAL:
        _check_shifts(source, matrix, weight_type, exponent_width)
    if product in (ProductKind.MULT, ProductKind.WEIGHT_EXPONENTIAL):
        ends = matrix * source.low, matrix * source.high
        if max(np.abs(end).sum(axis=0).max(initial=0) for end in ends) >= 2.0**53:
            raise NotExactError
        fraction = source.type.fraction + weight_type.fraction
        return Terms(matrix, np.zeros_like(matrix), np.minimum(*ends), np.maximum(*ends), fraction)
    if product is ProductKind.DATA_BINARY:  # (2 x - 1) * weight
        size = np.abs(matrix)
        return Terms(2 * matrix, -matrix, -size, size, weight_type.fraction)
    if product is ProductKind.BOTH_BINARY:  # x where the weight is 1, 1 - x where it is -1
        used = np.abs(matrix)
        return Terms(matrix, (matrix < 0).astype(np.float64), np.zeros_like(matrix), used, 0)
    raise NotExactError


def _check_shifts(source: Edge, weight: Floats, weight_type: FixedPoint, exponent_width: int) -> None:
    """Refuse shifts that lose bits at either end of the type in which hls4ml shifts.

    Raises:
        NotExactError: some do.
    """
    half = exponent_width + source.type.width
    inside = FixedPoint(True, 2 * half, half)
    sizes = np.abs(weight[weight != 0]) * power(-weight_type.fraction)
    if sizes.size == 0:
        return
    smallest, largest = Fraction(float(sizes.min())), Fraction(float(sizes.max()))
    step = source.type.step * min(smallest, Fraction(1))
    magnitude = max(abs(source.low), abs(source.high)) * source.type.step * max(largest, Fraction(1))
    if source.type.fraction > inside.fraction or step < inside.step or magnitude >= inside.high:
        raise NotExactError


class Adding:
    """A way to add up terms, for groups of n_in numbers each.

    Attributes:
        operations: from what is added up to the integers of the accumulator.
        low: the smallest integer of the accumulator that comes out.
        high: the largest.
    """

    operations: tuple[Operation, ...]
    low: int
    high: int

    @property
    def outputs(self) -> int:
        """Sums of a group."""
        raise NotExactError

    def state(self, source: Edge, dtype: np.dtype[Any]) -> State:
        """What is known of what is added up, before `operations`, in floats of `dtype`.

        Raises:
            NotExactError: they do not hold it.
        """
        raise NotExactError

    def folded(self, operations: tuple[Operation, ...]) -> tuple[Adding, tuple[Operation, ...]]:
        """The same with what can be of the first operations in its own constants, and the rest of them."""
        return self, operations

    def bind(self, groups: int, samples: int, dtype: np.dtype[Any]) -> Callable[[Tile, Tile], None]:
        """A function from (groups, n_in, samples) numbers to (groups, outputs, samples) sums."""
        raise NotExactError


@dataclass(frozen=True, eq=False)
class Product(Adding):
    """All terms at once, as a matrix product.

    Attributes:
        matrix: (n_in, n_out) numbers to multiply the inputs with.
    """

    operations: tuple[Operation, ...]
    low: int
    high: int
    matrix: Floats

    @property
    def outputs(self) -> int:
        """As `Adding.outputs`."""
        return int(self.matrix.shape[1])

    def state(self, source: Edge, dtype: np.dtype[Any]) -> State:
        """As `Adding.state`; every partial sum in any order is held too."""
        entering(source, dtype)
        weight = self.matrix
        fraction = max(granularity(weight), -900)
        if weight.any() and int(np.frexp(np.abs(weight).max())[1]) + granularity(weight) >= MANTISSA[dtype]:
            raise NotExactError  # a weight itself
        state = State(Fraction(0), Fraction(0), 0, MANTISSA[dtype])
        bound = Fraction(float(np.abs(weight).sum(axis=0).max()) * max(abs(source.low), abs(source.high)))
        state.moved(-bound, bound, fraction)
        ends = np.stack([weight * source.low, weight * source.high])
        low, high = ends.min(axis=0).sum(axis=0).min(), ends.max(axis=0).sum(axis=0).max()
        return state.moved(Fraction(float(low)), Fraction(float(high)), fraction)

    def folded(self, operations: tuple[Operation, ...]) -> tuple[Product, tuple[Operation, ...]]:
        """As `Adding.folded`: a scale that is a power of two."""
        first = operations[0] if operations else None
        if not isinstance(first, Affine) or np.any(np.abs(np.frexp(first.scale)[0]) != 0.5):
            return self, operations
        rest: tuple[Operation, ...] = operations[1:]
        if first.offset.any():
            rest = (Affine(number(1.0), first.offset), *rest)
        return replace(self, matrix=self.matrix * first.scale), rest

    def bind(self, groups: int, samples: int, dtype: np.dtype[Any]) -> Callable[[Tile, Tile], None]:
        """As `Adding.bind`."""
        weight = np.ascontiguousarray(self.matrix.T, dtype=dtype)

        def run(x: Tile, out: Tile) -> None:
            np.matmul(weight, x, out=out)

        return run


def product_of(terms: Terms, bias: IntArray, accumulator: FixedPoint) -> Product:
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
    if up < 0 and max(granularity(terms.matrix), granularity(terms.constant)) > up:
        raise NotExactError  # some terms are not on the accumulator's grid
    scale = power(up)
    lows, highs = terms.low * scale, terms.high * scale
    largest = max(np.abs(lows).sum(axis=0).max(initial=0), np.abs(highs).sum(axis=0).max(initial=0))
    if max(largest, np.abs(offset).max(initial=0)) >= 2.0**52:
        raise NotExactError
    lowest = np.minimum(lows, 0).sum(axis=0) + np.minimum(offset, 0)
    highest = np.maximum(highs, 0).sum(axis=0) + np.maximum(offset, 0)
    fits = lowest_kept(accumulator) <= lowest.min() and highest.max() <= accumulator.max_int
    if accumulator.overflow is not Overflow.WRAP and not fits:
        raise NotExactError  # then every partial sum would have to be looked at
    low, high = (lows.sum(axis=0) + offset).min(), (highs.sum(axis=0) + offset).max()
    wrapped, first, last = cast_operations(int(low), int(high), accumulator.fraction, accumulator)
    start = Affine(number(scale), terms.constant.sum(axis=0) * scale + offset)
    return Product((start, *wrapped), first, last, terms.matrix)


@dataclass(frozen=True, eq=False)
class OneByOne(Adding):
    """One term after the other, each cast into the accumulator before it is added, and so is each sum.

    Attributes:
        terms: what is added up.
        order: the inputs in the order of addition.
        bias: (n_out,) integers of the accumulator.
        each_its_own: an input is one number for each output, not one for all of them.
        scale: from the terms' grid to the accumulator's.
        each: what becomes of a term before it is added.
        every: what becomes of a sum after each term.
    """

    operations: tuple[Operation, ...]
    low: int
    high: int
    terms: Terms
    order: tuple[int, ...]
    bias: Floats
    each_its_own: bool
    scale: float
    each: tuple[Operation, ...]
    every: tuple[Operation, ...]

    @property
    def outputs(self) -> int:
        """As `Adding.outputs`."""
        return int(self.bias.size)

    def state(self, source: Edge, dtype: np.dtype[Any]) -> State:
        """As `Adding.state`."""
        entering(source, dtype)
        start = State(Fraction(0), Fraction(0), 0, MANTISSA[dtype])
        scaled = granularity(self.terms.matrix), granularity(self.terms.constant)
        fraction = max(*scaled, -900) - int(np.frexp(self.scale)[1] - 1)
        ends = Fraction(float(self.terms.low.min())), Fraction(float(self.terms.high.max()))
        spread = max(float(np.abs(self.terms.matrix).max()) * max(abs(source.low), abs(source.high)), 1.0)
        factor = Fraction(self.scale)
        start.moved(-Fraction(spread) * factor, Fraction(spread) * factor, fraction)
        term = check(self.each, start.moved(ends[0] * factor, ends[1] * factor, fraction))
        largest = max(abs(self.low), abs(self.high))
        if self.every:
            check(self.every, start.moved(term.low - largest, term.high + largest, 0))
        else:  # nothing brings the sum back in between
            largest = int(max(abs(term.low), abs(term.high))) * len(self.order) + int(np.abs(self.bias).max())
        return start.moved(Fraction(-largest), Fraction(largest), 0)

    def bind(self, groups: int, samples: int, dtype: np.dtype[Any]) -> Callable[[Tile, Tile], None]:
        """As `Adding.bind`."""
        form = Form(Layout.COLUMNS, dtype)
        size = groups * self.outputs
        term = np.empty((groups, self.outputs, samples), dtype=dtype)
        weight = (self.terms.matrix * self.scale).astype(dtype)[:, :, None]
        constant = (self.terms.constant * self.scale).astype(dtype)[:, :, None]
        shifted = bool(self.terms.constant.any())
        bias = self.bias.astype(dtype)[:, None]
        width = self.outputs if self.each_its_own else 1
        each, every = bind(self.each, size, samples, form), bind(self.every, size, samples, form)

        def run(x: Tile, out: Tile) -> None:
            np.copyto(out, bias)
            part = term[: out.shape[0]]
            for place in self.order:
                np.multiply(x[:, place * width : (place + 1) * width], weight[place], out=part)
                if shifted:
                    np.add(part, constant[place], out=part)
                each(part, part)
                np.add(out, part, out=out)
                every(out, out)

        return run


def one_by_one(
    terms: Terms,
    bias: IntArray,
    accumulator: FixedPoint,
    order: IntArray | None,
    *,
    leaves_out_zeros: bool,
    each_its_own: bool = False,
) -> OneByOne:
    """The sums of `codesign.simulate.kernels.sums.accumulate`, in its order.

    Args:
        terms: what is added up.
        bias: (n_out,) integers of the accumulator.
        accumulator: of every term and sum.
        order: of the inputs; ascending where None.
        leaves_out_zeros: as for `accumulate`.
        each_its_own: as in `OneByOne`.

    Raises:
        NotExactError: an overflow mode has no counterpart in floats.
    """
    modes = accumulator.overflow
    offset = floats(bias)
    if modes is Overflow.SAT_SYM and leaves_out_zeros and bool(np.any(bias == accumulator.min_int)):
        raise NotExactError  # the lowest number stays until the first term that is not left out
    low, high = int(terms.low.min()), int(terms.high.max())
    operations, low, high = cast_operations(low, high, terms.fraction, accumulator)
    scale = power(accumulator.fraction - terms.fraction)
    each = operations[1:] if accumulator.fraction != terms.fraction else operations
    first = operations[0] if len(each) < len(operations) else None
    if isinstance(first, Affine) and first.offset.any():
        each = [Affine(number(1.0), first.offset), *each]
    places = range(terms.matrix.shape[0]) if order is None else order
    adding = modes is Overflow.SAT_SYM  # there even a zero that is added can count
    used = tuple(int(i) for i in places if adding or terms.matrix[i].any() or terms.constant[i].any())
    ends = accumulator.min_int, accumulator.max_int
    if modes is Overflow.WRAP:
        # Sums may wrap at the end as well as in between, as long as the float holds them until then.
        unwrapped = [item for item in each if not isinstance(item, Wrap)]
        whole = int(max(np.abs(terms.low).sum(axis=0).max(), np.abs(terms.high).sum(axis=0).max()) * scale)
        largest = whole + len(used) + max(abs(end) for end in ends)
        if largest < 1 << (MANTISSA[FLOAT64] - 1):
            wrapped, low, high = cast_operations(-largest, largest, accumulator.fraction, accumulator)
            return OneByOne(tuple(wrapped), low, high, terms, used, offset, each_its_own, scale, tuple(unwrapped), ())
    every, _, _ = cast_operations(low + ends[0], high + ends[1], accumulator.fraction, accumulator)
    return OneByOne((), *ends, terms, used, offset, each_its_own, scale, tuple(each), tuple(every))


@dataclass(frozen=True, eq=False)
class Truncating(Adding):
    """Terms whose lowest bits are cut off, in an accumulator that wraps: 32-bit integers, which wrap by themselves.

    Attributes:
        weight: (n_in, n_out) integers.
        each_its_own: as in `OneByOne`.
        shift: bits that are cut off.
        bias: (n_out,) integers of the accumulator.
        accumulator: their type.
    """

    operations: tuple[Operation, ...]
    low: int
    high: int
    weight: IntArray
    each_its_own: bool
    shift: int
    bias: IntArray
    accumulator: FixedPoint

    @property
    def outputs(self) -> int:
        """As `Adding.outputs`."""
        return int(self.bias.size)

    def state(self, source: Edge, dtype: np.dtype[Any]) -> State:
        """As `Adding.state`."""
        entering(source, dtype)
        return whole_numbers(self.low, self.high, dtype)

    def bind(self, groups: int, samples: int, dtype: np.dtype[Any]) -> Callable[[Tile, Tile], None]:
        """As `Adding.bind`."""
        integers = np.dtype(np.int32)
        width = self.outputs if self.each_its_own else 1
        n_in = self.weight.shape[0] * width
        read = np.empty((groups, n_in, samples), dtype=integers)
        term, total = (np.empty((groups, self.outputs, samples), dtype=integers) for _ in range(2))
        matrix, bias = np.ascontiguousarray(self.weight, dtype=integers), self.bias.astype(integers)[:, None]
        weight = matrix[:, :, None]
        used = [place for place in range(self.weight.shape[0]) if self.weight[place].any()]
        spare, shift = integers.itemsize * 8 - self.accumulator.width, self.shift
        signed, mask = self.accumulator.signed, self.accumulator.max_int

        def run(x: Tile, out: Tile) -> None:
            values, part, found = read[: out.shape[0]], term[: out.shape[0]], total[: out.shape[0]]
            np.copyto(values, x, casting="unsafe")
            np.copyto(found, bias)
            code = None if self.each_its_own else machine_code.after(_PRODUCT * found.size * len(used))
            if code is not None:
                code.cut_sums(values, matrix, integers.type(shift), found)
            for place in used if code is None else ():
                np.multiply(values[:, place * width : (place + 1) * width], weight[place], out=part)
                np.right_shift(part, shift, out=part)
                np.add(found, part, out=found)
            if signed:
                np.left_shift(found, spare, out=found)
                np.right_shift(found, spare, out=found)
            else:
                np.bitwise_and(found, mask, out=found)
            np.copyto(out, found, casting="unsafe")

        return run


def truncating(
    terms: Terms, weight: IntArray, bias: IntArray, accumulator: FixedPoint, *, each_its_own: bool = False
) -> Truncating:
    """The sums of `codesign.simulate.kernels.sums.accumulate` in 32-bit integers.

    Args:
        terms: what is added up; plain products.
        weight: (n_in, n_out) integers.
        bias: (n_out,) integers of the accumulator.
        accumulator: of every term and sum.
        each_its_own: as in `OneByOne`.

    Raises:
        NotExactError: the accumulator does something else, or a product needs more bits.
    """
    shift = terms.fraction - accumulator.fraction
    plain = accumulator.overflow is Overflow.WRAP and accumulator.rounding is Rounding.TRN
    # An unsigned mask of 32 bits is no int32.
    if not plain or not 0 <= shift < 32 or accumulator.width > 31 or terms.constant.any():
        raise NotExactError
    if max(float(np.abs(terms.low).max()), float(np.abs(terms.high).max())) >= 2.0**31:
        raise NotExactError
    ends = accumulator.min_int, accumulator.max_int
    return Truncating((), *ends, weight, each_its_own, shift, bias, accumulator)


def adding_of(
    terms: Terms,
    weight: IntArray,
    bias: IntArray,
    accumulator: FixedPoint,
    order: IntArray | None,
    *,
    leaves_out_zeros: bool,
) -> Adding:
    """The fastest exact way.

    Args:
        terms: what is added up.
        weight: (n_in, n_out) integers that they were made of.
        bias: (n_out,) integers of the accumulator.
        accumulator: of every term and sum.
        order: of the inputs; ascending where None.
        leaves_out_zeros: as for `codesign.simulate.kernels.sums.accumulate`.

    Raises:
        NotExactError: there is none.
    """
    with suppress(NotExactError):
        return product_of(terms, bias, accumulator)
    with suppress(NotExactError):
        return truncating(terms, weight, bias, accumulator)
    return one_by_one(terms, bias, accumulator, order, leaves_out_zeros=leaves_out_zeros)
