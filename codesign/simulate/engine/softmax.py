"""Softmax: chains of float operations between its two tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from codesign.graph import FixedPoint, Overflow, Softmax, SoftmaxDifference, SoftmaxImplementation
from codesign.graph.cast import cast
from codesign.graph.softmax_tables import internal_types
from codesign.simulate.engine.edge import MANTISSA, Edge, Form, Layout, Tile, empty
from codesign.simulate.engine.elementwise import bound_chain, exactly, lookup, result_edge
from codesign.simulate.engine.kernel import Kernel, Run, lower, reference
from codesign.simulate.engine.pointwise import (
    Affine,
    Direction,
    NotExactError,
    Operation,
    Round,
    bind,
    cast_operations,
    entering,
    floats,
    lowest_kept,
    number,
    power,
    settle,
)


@dataclass(frozen=True, eq=False)
class Lookup:
    """A table that is indexed by the top bits of a word.

    Attributes:
        operations: from what is looked up to the entry's place.
        first: the smallest place.
        entries: from there on.
    """

    operations: tuple[Operation, ...]
    first: int
    entries: Tile

    @classmethod
    def of(
        cls, low: int, high: int, fraction: int, source: FixedPoint | None, index: FixedPoint, table: Tile
    ) -> Lookup:
        """For integers in [low, high], of type `source` where they have one, that are cast into `index`.

        Raises:
            NotExactError: a float64 does not hold what is in between.
        """
        operations, low, high = cast_operations(low, high, fraction, index, source)
        shift = index.width - (table.size.bit_length() - 1)
        if shift:
            operations += [Affine(number(power(-shift)), number(0.0)), Round(Direction.DOWN)]
        places = np.arange(low >> shift, (high >> shift) + 1)
        return cls(tuple(operations), int(places[0]), floats(table[places & (table.size - 1)]))


@dataclass(frozen=True, eq=False)
class TableSoftmax(Kernel):
    """The implementations `stable` and `latency`.

    Attributes:
        node: the softmax.
        source: what it reads.
        argument: the edge of what the exponential is taken of.
        exponential: its table, as integers of the softmax's accumulator.
        total: the edge of their sum.
        inverse: the other table.
        operations: from the product of both to the result.
    """

    node: Softmax
    source: Edge
    argument: Edge
    exponential: Lookup
    total: Edge
    inverse: Lookup
    operations: tuple[Operation, ...]

    @classmethod
    def of(cls, node: Softmax, source: Edge) -> TableSoftmax:
        """The kernel in the narrowest float that is exact.

        Raises:
            NotExactError: there is none.
        """
        types = internal_types(node)
        argument, index = source, source.type
        if node.implementation is SoftmaxImplementation.STABLE:
            index, span = types.norm, source.high - source.low
            down = node.difference is SoftmaxDifference.X_MINUS_MAX
            argument = replace(source, low=-span if down else 0, high=0 if down else span)
        stable = node.implementation is SoftmaxImplementation.STABLE
        table = cast(node.exp_table, types.exp.fraction, types.accumulator, source=types.exp)
        exponential = Lookup.of(
            argument.low, argument.high, source.type.fraction, None if stable else source.type, index, table
        )
        least, most, n = int(exponential.entries.min()), int(exponential.entries.max()), node.slice_length
        total = Edge(types.accumulator, (node.size // n,), min(n * least, least), max(n * most, most), source.form)
        fits = lowest_kept(types.accumulator) <= total.low and total.high <= types.accumulator.max_int
        stops = types.accumulator.overflow in (Overflow.SAT, Overflow.SAT_SYM) and least >= 0  # what is full stays full
        if types.accumulator.overflow is not Overflow.WRAP and not (fits or stops or n == 1):
            raise NotExactError  # then every partial sum of the tree would have to be looked at
        wrapped: list[Operation] = []
        low, high = total.low, total.high
        if n > 1:
            wrapped, low, high = cast_operations(low, high, types.accumulator.fraction, types.accumulator)
        inverse = Lookup.of(low, high, types.accumulator.fraction, types.accumulator, types.inv_input, node.inv_table)
        inverse = replace(inverse, operations=(*wrapped, *inverse.operations))
        factors = int(inverse.entries.min()), int(inverse.entries.max())
        ends = [a * b for a in (least, most) for b in factors]
        fraction = types.accumulator.fraction + types.inv.fraction
        operations, low, high = cast_operations(min(ends), max(ends), fraction, node.result)
        edge = result_edge(node, low, high, Layout.COLUMNS)
        product = replace(total, shape=node.shape, low=min(ends), high=max(ends))

        def make(dtype: np.dtype[Any]) -> TableSoftmax:
            entering(source, dtype)
            for entries in (exponential.entries, inverse.entries):
                if np.abs(entries).max() >= 1 << MANTISSA[dtype]:
                    raise NotExactError
            return cls(
                (Form(Layout.COLUMNS, dtype),),
                edge,
                node,
                source,
                argument,
                replace(exponential, operations=settle(exponential.operations, entering(argument, dtype))),
                total,
                replace(inverse, operations=settle(inverse.operations, entering(total, dtype))),
                settle(operations, entering(product, dtype)),
            )

        return exactly(make)

    @property
    def bytes(self) -> int:
        """As `Kernel.bytes`."""
        return self.edge.size * (4 * self.wants[0].dtype.itemsize + 8)

    def bind(self, samples: int) -> Run:
        """As `Kernel.bind`."""
        form, n, inner = self.wants[0], self.node.slice_length, self.node.n_inner
        slices = (-1, n, inner, samples)
        x, e = empty(self.edge.size, samples, form), empty(self.edge.size, samples, form)
        largest = np.empty((self.edge.size // n, samples), dtype=form.dtype)
        total, inverses = np.empty_like(largest), np.empty_like(largest)
        by_slice = (-1, 1, inner, samples)
        exponents = bind(self.exponential.operations, self.edge.size, samples, form)
        indices = bind(self.inverse.operations, self.edge.size // n, samples, form)
        exponential = lookup(self.exponential.entries.astype(form.dtype), self.exponential.first, e)
        inverse = lookup(self.inverse.entries.astype(form.dtype), self.inverse.first, inverses)
        end = bound_chain(self.operations, self.edge, form.dtype, samples)
        stable = self.node.implementation is SoftmaxImplementation.STABLE
        downwards = self.node.difference is SoftmaxDifference.X_MINUS_MAX

        def run(tile: Tile) -> Tile:
            argument = tile
            if stable:
                np.max(tile.reshape(slices), axis=1, keepdims=True, out=largest.reshape(by_slice))
                first, second = largest.reshape(by_slice), tile.reshape(slices)
                if downwards:
                    first, second = second, first
                np.subtract(first, second, out=x.reshape(slices))
                argument = x
            exponents(argument, x)
            exponential(x)
            np.sum(e.reshape(slices), axis=1, keepdims=True, out=total.reshape(by_slice))
            indices(total, total)
            inverse(total)
            np.multiply(e.reshape(slices), inverses.reshape(by_slice), out=e.reshape(slices))
            return end(e)

        return run


@dataclass(frozen=True, eq=False)
class Argmax(Kernel):
    """The implementation `argmax`.

    Attributes:
        node: the softmax.
        one: what becomes of the first of the largest numbers; of the others, 0.
    """

    node: Softmax
    one: int

    def bind(self, samples: int) -> Run:
        """As `Kernel.bind`."""
        out = empty(self.edge.size, samples, self.edge.form)
        slices = (-1, self.node.slice_length, self.node.n_inner, samples)
        found = out.reshape(slices)

        def run(tile: Tile) -> Tile:
            x = tile.reshape(slices)
            place = np.argmax(x, axis=1, keepdims=True)
            found.fill(0)
            np.put_along_axis(found, place, self.one, axis=1)
            return out

        return run


@lower.register
def _(node: Softmax, sources: Sequence[Edge]) -> Kernel:
    (source,) = sources
    try:
        if node.implementation is SoftmaxImplementation.ARGMAX:
            one = int(cast(np.array([1]), 0, node.result)[0])
            edge = result_edge(node, min(one, 0), max(one, 0), Layout.COLUMNS)
            return Argmax((Form(Layout.COLUMNS, source.form.dtype),), edge, node, one)
        if node.implementation is not SoftmaxImplementation.LEGACY:
            return TableSoftmax.of(node, source)
    except NotExactError:
        pass
    return reference(node, sources)
