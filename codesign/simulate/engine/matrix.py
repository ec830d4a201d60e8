"""Matrix products in floats, with everything element-wise behind them done in the same pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from codesign.simulate.engine.edge import MANTISSA, Edge, Form, Layout, Tile, empty
from codesign.simulate.engine.elementwise import exactly
from codesign.simulate.engine.kernel import Kernel, Run
from codesign.simulate.engine.pointwise import (
    Affine,
    Floats,
    NotExactError,
    Operation,
    State,
    bind,
    entering,
    granularity,
    number,
    settle,
)


@dataclass(frozen=True, eq=False)
class MatrixProduct(Kernel):
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
    def of(cls, source: Edge, weight: Floats, operations: Sequence[Operation], edge: Edge) -> MatrixProduct:
        """The kernel in the narrowest float that is exact.

        Raises:
            NotExactError: there is none.
        """

        def make(dtype: np.dtype[Any]) -> MatrixProduct:
            settled = settle(operations, product_state(source, weight, dtype))
            folded, settled = fold(weight, settled)
            form = Form(source.form.layout, dtype)
            matrix = np.ascontiguousarray(folded if form.layout is Layout.ROWS else folded.T, dtype=dtype)
            return cls((form,), edge, source, weight, tuple(operations), matrix, settled)

        return exactly(make)

    def extended(self, operations: Sequence[Operation], edge: Edge) -> MatrixProduct:
        """As `Pointwise.extended`."""
        return MatrixProduct.of(self.source, self.weight, [*self.operations, *operations], edge)

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
