"""Matrix products in floats, with everything element-wise behind them in the same pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from codesign.graph import Dense, FixedPoint, IntArray, Overflow
from codesign.graph.cast import cast
from codesign.simulate.engine.edge import FLOAT64, MANTISSA, Edge, Form, Layout, Tile, empty
from codesign.simulate.engine.elementwise import exactly, result_edge
from codesign.simulate.engine.kernel import Kernel, Run, lower, reference
from codesign.simulate.engine.pointwise import (
    Affine,
    Floats,
    NotExactError,
    Operation,
    State,
    bind,
    cast_operations,
    entering,
    floats,
    granularity,
    number,
    power,
    settle,
)
from codesign.simulate.kernels import before_result


@dataclass(frozen=True)
class Sums:
    """`bias + sum of accumulator(x * weight)` as one exact product and a chain of operations on it.

    Attributes:
        weight: (n_in, n_out) integers.
        operations: from the product's integers to those of the accumulator.
        low: the smallest integer of the accumulator that comes out.
        high: the largest.
    """

    weight: Floats
    operations: tuple[Operation, ...]
    low: int
    high: int


def sums(source: Edge, weight: IntArray, weight_type: FixedPoint, bias: IntArray, accumulator: FixedPoint) -> Sums:
    """The sums of `codesign.simulate.kernels.sums.accumulate`, where no product is rounded and none saturates.

    Args:
        source: of the numbers multiplied.
        weight: (n_in, n_out) integers.
        weight_type: theirs.
        bias: (n_out,) integers of the accumulator.
        accumulator: of every product and sum.

    Raises:
        NotExactError: products are rounded, sums may saturate, or a float64 does not hold them.
    """
    up = accumulator.fraction - source.type.fraction - weight_type.fraction
    entering(source, FLOAT64)
    matrix, offset = floats(weight), floats(bias)
    if up < 0 and granularity(matrix) > up:
        raise NotExactError  # some products are not on the accumulator's grid
    scale = power(up)
    products = np.stack([matrix * source.low, matrix * source.high]) * scale
    falls, rises = np.minimum(products.min(axis=0), 0), np.maximum(products.max(axis=0), 0)
    low, high = products.min(axis=0).sum(axis=0) + offset, products.max(axis=0).sum(axis=0) + offset
    if max(np.abs(products).sum(axis=1).max(), np.abs(offset).max()) >= 2.0**53:
        raise NotExactError
    floor, ceiling = falls.sum(axis=0) + np.minimum(offset, 0), rises.sum(axis=0) + np.maximum(offset, 0)
    fits = accumulator.min_int < floor.min() and ceiling.max() <= accumulator.max_int
    if accumulator.overflow is not Overflow.WRAP and not fits:
        raise NotExactError  # then every partial sum would have to be looked at
    first, last = int(low.min()), int(high.max())
    operations: list[Operation] = [Affine(number(scale), offset)]
    wrapped, first, last = cast_operations(first, last, accumulator.fraction, accumulator)
    return Sums(matrix, (*operations, *wrapped), first, last)


@dataclass(frozen=True, eq=False)
class Product(Kernel):
    """A matrix product and a chain behind it.

    Attributes:
        source: what it reads.
        weight: (n_in, n_out) integers.
        operations: behind the product, as the nodes say them.
        folded: the weights as they are multiplied, in the float that is exact.
        settled: the operations as they are run.
    """

    source: Edge
    weight: Floats
    operations: tuple[Operation, ...]
    folded: Tile
    settled: tuple[Operation, ...]

    @classmethod
    def of(cls, source: Edge, weight: Floats, operations: Sequence[Operation], edge: Edge) -> Product:
        """The kernel in the narrowest float that is exact.

        Raises:
            NotExactError: there is none.
        """

        def make(dtype: np.dtype[Any]) -> Product:
            settled = settle(operations, product_state(source, weight, dtype))
            folded, settled = fold(weight, settled)
            form = Form(source.form.layout, dtype)
            matrix = np.ascontiguousarray(folded if form.layout is Layout.ROWS else folded.T, dtype=dtype)
            return cls((form,), edge, source, weight, tuple(operations), matrix, settled)

        return exactly(make)

    def extended(self, operations: Sequence[Operation], edge: Edge) -> Product:
        """As `Pointwise.extended`."""
        return Product.of(self.source, self.weight, [*self.operations, *operations], edge)

    def bind(self, samples: int) -> Run:
        """As `Kernel.bind`."""
        form = Form(self.edge.form.layout, self.wants[0].dtype)
        out = empty(self.edge.size, samples, form)
        last = out if self.edge.form == form else empty(self.edge.size, samples, self.edge.form)
        apply = bind(self.settled, self.edge.size, samples, form)
        matrix = self.folded
        rows = form.layout is Layout.ROWS

        def run(tile: Tile) -> Tile:
            if rows:
                np.matmul(tile, matrix, out=out)
            else:
                np.matmul(matrix, tile, out=out)
            apply(out, out)
            if last is not out:
                np.copyto(last, out, casting="unsafe")
            return last

        return run


def product_state(source: Edge, weight: Floats, dtype: np.dtype[Any]) -> State:
    """What is known of `x @ weight`, every partial sum in any order included.

    Raises:
        NotExactError: a float of `dtype` does not hold it.
    """
    entering(source, dtype)
    fraction = max(granularity(weight), -900)
    if weight.any() and granularity_span(weight) >= MANTISSA[dtype]:
        raise NotExactError  # a weight itself
    state = State(Fraction(0), Fraction(0), 0, MANTISSA[dtype])
    bound = Fraction(float(np.abs(weight).sum(axis=0).max()) * max(abs(source.low), abs(source.high)))
    state.moved(-bound, bound, fraction)
    ends = np.stack([weight * source.low, weight * source.high])
    low, high = ends.min(axis=0).sum(axis=0).min(), ends.max(axis=0).sum(axis=0).max()
    return state.moved(Fraction(float(low)), Fraction(float(high)), fraction)


def granularity_span(weight: Floats) -> int:
    """Bits from the lowest set in any weight to the highest."""
    return int(np.frexp(np.abs(weight).max())[1]) + granularity(weight)


def fold(weight: Floats, operations: tuple[Operation, ...]) -> tuple[Floats, tuple[Operation, ...]]:
    """The weights with the scale of a first `Affine` in them, where that is a power of two."""
    if not operations or not isinstance(operations[0], Affine):
        return weight, operations
    first = operations[0]
    if np.any(np.abs(np.frexp(first.scale)[0]) != 0.5):
        return weight, operations
    rest: tuple[Operation, ...] = operations[1:]
    if first.offset.any():
        rest = (Affine(number(1.0), first.offset), *rest)
    return weight * first.scale, rest


@lower.register
def _(node: Dense, sources: Sequence[Edge]) -> Kernel:
    (source,) = sources
    bias = cast(node.bias, node.bias_type.fraction, node.accumulator, source=node.bias_type)
    try:
        found = sums(source, node.weight, node.weight_type, bias, node.accumulator)
        before = before_result(node, [source.type])
        ends, low, high = cast_operations(found.low, found.high, node.accumulator.fraction, node.result, before)
        edge = result_edge(node, low, high, source.form.layout)
        return Product.of(source, found.weight, [*found.operations, *ends], edge)
    except NotExactError:
        return reference(node, sources)
