"""Softmax: chains of float operations between its two tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from codesign.graph import Overflow, Softmax, SoftmaxDifference, SoftmaxImplementation
from codesign.graph.cast import cast
from codesign.graph.softmax_tables import internal_types
from codesign.simulate.engine.edge import Edge, Form, Layout, Tile, empty
from codesign.simulate.engine.elementwise import bound_chain, exactly, result_edge
from codesign.simulate.engine.kernel import Kernel, Run, lower, reference
from codesign.simulate.engine.pointwise import (
    NotExactError,
    Operation,
    cast_operations,
    entering,
    lowest_kept,
    settle,
)
from codesign.simulate.engine.tables import Lookup, top_bits


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
        exponential = top_bits(
            argument.low, argument.high, source.type.fraction, None if stable else source.type, index, table
        )
        least, most, n = exponential.least, exponential.most, node.slice_length
        total = Edge(types.accumulator, (node.size // n,), min(n * least, least), max(n * most, most), source.form)
        fits = lowest_kept(types.accumulator) <= total.low and total.high <= types.accumulator.max_int
        stops = types.accumulator.overflow in (Overflow.SAT, Overflow.SAT_SYM) and least >= 0  # what is full stays full
        if types.accumulator.overflow is not Overflow.WRAP and not (fits or stops or n == 1):
            raise NotExactError  # then every partial sum of the tree would have to be looked at
        wrapped: list[Operation] = []
        low, high = total.low, total.high
        if n > 1:
            wrapped, low, high = cast_operations(low, high, types.accumulator.fraction, types.accumulator)
        inverse = top_bits(low, high, types.accumulator.fraction, types.accumulator, types.inv_input, node.inv_table)
        inverse = replace(inverse, low=total.low, high=total.high, operations=(*wrapped, *inverse.operations))
        ends = [a * b for a in (least, most) for b in (inverse.least, inverse.most)]
        fraction = types.accumulator.fraction + types.inv.fraction
        operations, low, high = cast_operations(min(ends), max(ends), fraction, node.result)
        edge = result_edge(node, low, high, Layout.COLUMNS)
        product = replace(total, shape=node.shape, low=min(ends), high=max(ends))

        def make(dtype: np.dtype[Any]) -> TableSoftmax:
            entering(source, dtype)
            exponential.check(dtype)
            inverse.check(dtype)
            form = Form(Layout.COLUMNS, dtype)
            settled = settle(operations, entering(product, dtype))
            return cls((form,), edge, node, source, argument, exponential, total, inverse, settled)

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
        exponential = self.exponential.bind(self.edge.size, samples, form)
        inverse = self.inverse.bind(self.edge.size // n, samples, form)
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
            exponential(argument, e)
            np.sum(e.reshape(slices), axis=1, keepdims=True, out=total.reshape(by_slice))
            inverse(total, inverses)
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
