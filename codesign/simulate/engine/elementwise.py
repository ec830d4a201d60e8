"""Nodes that compute every number on its own, as chains of float operations, or as tables of every answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import singledispatch
from typing import Any, TypeVar

import numpy as np

from codesign.graph import Activation, ActivationFunction, Node, Normalize, Reshape
from codesign.simulate.engine.edge import FLOAT32, FLOAT64, Edge, Form, Layout, Tile, empty, narrowest_dtype
from codesign.simulate.engine.kernel import Kernel, Run, lower, reference
from codesign.simulate.engine.pointwise import (
    Affine,
    Clip,
    Floats,
    NotExactError,
    Operation,
    bind,
    cast_operations,
    entering,
    floats,
    power,
    settle,
)
from codesign.simulate.execute import run_node
from codesign.simulate.kernels import Operand, before_result

K = TypeVar("K")

# A table is worth making up to this many words.
TABLE_BITS = 16


def exactly(make: Callable[[np.dtype[Any]], K]) -> K:
    """What `make` makes for the narrowest float in which everything is exact.

    Raises:
        NotExactError: there is none.
    """
    try:
        return make(FLOAT32)
    except NotExactError:
        return make(FLOAT64)


def result_edge(node: Node, low: int, high: int, layout: Layout) -> Edge:
    """The edge of a node whose integers are known to lie in [low, high]."""
    return Edge(node.result, node.shape, low, high, Form(layout, narrowest_dtype(low, high)))


@singledispatch
def chain(node: Node, source: Edge) -> tuple[list[Operation], Edge]:
    """A node as a chain of operations on the integers of `source`, and the edge that it gives.

    Raises:
        NotExactError: it is no such chain.
    """
    raise NotExactError


def ending(
    node: Node, source: Edge, operations: Sequence[Operation], low: int, high: int, fraction: int
) -> tuple[list[Operation], Edge]:
    """A chain with the cast into the node's result at its end; before it are integers in [low, high]."""
    before = before_result(node, [source.type])
    cast, low, high = cast_operations(low, high, fraction, node.result, before)
    return [*operations, *cast], result_edge(node, low, high, source.form.layout)


@chain.register
def _(node: Reshape, source: Edge) -> tuple[list[Operation], Edge]:
    return [], replace(source, shape=node.shape)


@chain.register
def _(node: Activation, source: Edge) -> tuple[list[Operation], Edge]:
    low, high = source.low, source.high
    operations: list[Operation] = []
    if node.function is ActivationFunction.RELU and low < 0:
        operations, low, high = [Clip(0.0, np.inf)], 0, max(high, 0)
    return ending(node, source, operations, low, high, source.type.fraction)


def scaled_sum(
    source: Edge, scale: Floats, scale_fraction: int, bias: Floats, bias_fraction: int
) -> tuple[Affine, int, int, int]:
    """`x * scale + bias` as (operation, low, high, fraction bits) on integers of its own grid.

    Raises:
        NotExactError: a float64 does not hold every number in it.
    """
    entering(source, FLOAT64)
    fraction = max(source.type.fraction + scale_fraction, bias_fraction)
    scales = scale * power(fraction - source.type.fraction - scale_fraction)
    offsets = bias * power(fraction - bias_fraction)
    ends = np.array([source.low, source.high], dtype=np.float64)[:, None] * scales
    low, high = ends.min(axis=0) + offsets, ends.max(axis=0) + offsets
    if max(-low.min(), high.max(), np.abs(ends).max()) >= 2.0**53:
        raise NotExactError
    return Affine(scales, offsets), int(low.min()), int(high.max()), fraction


@chain.register
def _(node: Normalize, source: Edge) -> tuple[list[Operation], Edge]:
    affine, low, high, fraction = scaled_sum(
        source,
        floats(node.scale),
        node.scale_type.fraction,
        floats(node.bias),
        node.bias_type.fraction,
    )
    return ending(node, source, [affine], low, high, fraction)


@dataclass(frozen=True, eq=False)
class Pointwise(Kernel):
    """A chain of element-wise operations.

    Attributes:
        source: what it reads.
        operations: as the nodes say them.
        settled: as they are run.
    """

    source: Edge
    operations: tuple[Operation, ...]
    settled: tuple[Operation, ...]

    @classmethod
    def of(cls, source: Edge, operations: Sequence[Operation], edge: Edge) -> Pointwise:
        """The kernel in the narrowest float that is exact.

        Raises:
            NotExactError: there is none.
        """

        def make(dtype: np.dtype[Any]) -> Pointwise:
            settled = settle(operations, entering(source, dtype))
            return cls((Form(source.form.layout, dtype),), edge, source, tuple(operations), settled)

        return exactly(make)

    def extended(self, operations: Sequence[Operation], edge: Edge) -> Pointwise:
        """The same with more operations behind it.

        Raises:
            NotExactError: the two do not fit one float together.
        """
        return Pointwise.of(self.source, [*self.operations, *operations], edge)

    def bind(self, samples: int) -> Run:
        """As `Kernel.bind`."""
        return bound_chain(self.settled, self.edge, self.wants[0].dtype, samples)


def bound_chain(operations: Sequence[Operation], edge: Edge, dtype: np.dtype[Any], samples: int) -> Run:
    """A chain on floats of `dtype` that leaves its results in a tile of `edge`."""
    work = Form(edge.form.layout, dtype)
    out = empty(edge.size, samples, work)
    last = out if edge.form.dtype == dtype else empty(edge.size, samples, edge.form)
    apply = bind(operations, edge.size, samples, work)

    def run(tile: Tile) -> Tile:
        apply(tile, out)
        if last is not out:
            np.copyto(last, out, casting="unsafe")
        return last

    return run


def every_answer(node: Node, source: Edge) -> Any:
    """What a node that treats all numbers alike makes of each integer of an edge, the smallest first.

    Raises:
        NotExactError: there are too many.
    """
    words = source.high - source.low + 1
    if words > 1 << TABLE_BITS:
        raise NotExactError
    integers = np.arange(source.low, source.high + 1, dtype=np.int64)
    one_number = replace(node, shape=(1,))
    return run_node(one_number, [Operand(integers[:, None], source.type)])[:, 0]


@dataclass(frozen=True, eq=False)
class Table(Kernel):
    """A function of one number, as the table of its answers.

    Attributes:
        low: the integer that the first entry answers.
        entries: the answers, in the dtype of the edge.
    """

    low: int
    entries: Tile

    @classmethod
    def of(cls, node: Node, source: Edge) -> Table:
        """A table made by the node's readable kernel.

        Raises:
            NotExactError: it would be too long.
        """
        answers = every_answer(node, source)
        edge = result_edge(node, int(answers.min()), int(answers.max()), source.form.layout)
        return cls((source.form,), edge, source.low, answers.astype(edge.form.dtype))

    @property
    def bytes(self) -> int:
        """As `Kernel.bytes`."""
        return self.edge.size * (self.edge.form.dtype.itemsize + 8)

    def bind(self, samples: int) -> Run:
        """As `Kernel.bind`."""
        out = empty(self.edge.size, samples, self.edge.form)
        return lookup(self.entries, self.low, out)


def lookup(entries: Tile, low: int, out: Tile) -> Callable[[Tile], Tile]:
    """A function that looks each integer of a tile up in a table whose first entry answers `low`."""
    index = np.empty(out.shape, dtype=np.intp)

    def run(tile: Tile) -> Tile:
        np.copyto(index, tile, casting="unsafe")
        if low:
            np.subtract(index, low, out=index)
        np.take(entries, index, out=out, mode="clip")  # no index is outside; clip is the mode that checks least
        return out

    return run


def number_by_number(node: Node, sources: Sequence[Edge]) -> Kernel:
    """A node that treats all numbers alike: a chain, a table, or its readable kernel."""
    (source,) = sources
    try:
        operations, edge = chain(node, source)
        return Pointwise.of(source, operations, edge)
    except NotExactError:
        pass
    try:
        return Table.of(node, source)
    except NotExactError:
        return reference(node, sources)


@lower.register(Reshape)
@lower.register(Normalize)
def _(node: Reshape | Normalize, sources: Sequence[Edge]) -> Kernel:
    (source,) = sources
    try:
        operations, edge = chain(node, source)
        return Pointwise.of(source, operations, edge)
    except NotExactError:
        return reference(node, sources)


lower.register(Activation)(number_by_number)
