"""Nodes that compute every number on its own, as chains of float operations, or as tables of every answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import singledispatch
from typing import Any, TypeVar

import numpy as np

from codesign.graph import (
    Activation,
    ActivationFunction,
    BinaryThreshold,
    ClippedRelu,
    Elu,
    HardActivation,
    Node,
    Normalize,
    PRelu,
    Reshape,
    Selu,
    TernaryTanh,
    TernaryThreshold,
    ThresholdedRelu,
    UnaryTable,
)
from codesign.simulate.engine.applied import bind
from codesign.simulate.engine.edge import FLOAT32, FLOAT64, Edge, Form, Layout, Tile, empty, narrowest_dtype
from codesign.simulate.engine.kernel import Kernel, Run, lower, reference
from codesign.simulate.engine.pointwise import (
    Affine,
    Clip,
    NotExactError,
    Operation,
    cast_operations,
    entering,
    floats,
    power,
    settle,
)
from codesign.simulate.engine.sums import terms_of
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


@chain.register
def _(node: Normalize, source: Edge) -> tuple[list[Operation], Edge]:
    terms = terms_of(source, node.scale[None], node.scale_type, node.product, node.exponent_width)
    fraction = max(terms.fraction, node.bias_type.fraction)
    up, offset = power(fraction - terms.fraction), floats(node.bias) * power(fraction - node.bias_type.fraction)
    low, high = terms.low[0] * up + offset, terms.high[0] * up + offset
    if max(float(np.abs(ends).max()) for ends in (low, high, offset)) >= 2.0**52:
        raise NotExactError
    affine = Affine(terms.matrix[0] * up, terms.constant[0] * up + offset)
    return ending(node, source, [affine], int(low.min()), int(high.max()), fraction)


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


def period(node: Node) -> int:
    """After how many numbers of a sample a node treats them alike: the size of its parameters."""
    sizes = {values.size for name, values in node.arrays().items() if name in _REPEATING}
    return max(sizes, default=1)


# Parameters that repeat along a sample; other arrays are tables, which belong to all numbers.
_REPEATING = ("scale", "bias", "alpha", "theta", "threshold", "high", "low")


def every_answer(node: Node, source: Edge, alike: int) -> Any:
    """What an element-wise node makes of each integer of an edge.

    Args:
        node: that computes every number on its own.
        source: what it reads.
        alike: its `period`.

    Returns:
        (words, alike) integers of its result, the smallest word first.

    Raises:
        NotExactError: there are too many.
    """
    words = source.high - source.low + 1
    if words * alike > 1 << TABLE_BITS:
        raise NotExactError
    integers = np.arange(source.low, source.high + 1, dtype=np.int64)
    operand = Operand(np.repeat(integers[:, None], alike, axis=1), source.type)
    return run_node(replace(node, shape=(alike,)), [operand])


@dataclass(frozen=True, eq=False)
class Table(Kernel):
    """A function of one number, as the table of its answers.

    Attributes:
        low: the integer that the first entry answers.
        entries: (alike, words) the answers, in the dtype of the edge; number k of a sample has row k modulo alike.
    """

    low: int
    entries: Tile

    @classmethod
    def of(cls, node: Node, source: Edge) -> Table:
        """A table made by the node's readable kernel.

        Raises:
            NotExactError: it would be too long.
        """
        answers = every_answer(node, source, period(node))
        edge = result_edge(node, int(answers.min()), int(answers.max()), source.form.layout)
        return cls((source.form,), edge, source.low, np.ascontiguousarray(answers.T).astype(edge.form.dtype))

    @property
    def bytes(self) -> int:
        """As `Kernel.bytes`."""
        return self.edge.size * (self.edge.form.dtype.itemsize + 8)

    def bind(self, samples: int) -> Run:
        """As `Kernel.bind`."""
        out = empty(self.edge.size, samples, self.edge.form)
        alike, words = self.entries.shape
        starts = None
        if alike > 1:
            starts = np.resize(np.arange(alike) * words, self.edge.size)
            starts = np.tile(starts, (samples, 1)) if self.edge.form.layout is Layout.ROWS else starts[:, None]
        find = lookup(self.entries.ravel(), self.low, out.size, starts)

        def run(tile: Tile) -> Tile:
            find(tile, out)
            return out

        return run


def lookup(entries: Tile, low: int, room: int, starts: Tile | None = None) -> Callable[[Tile, Tile], None]:
    """A function that leaves the entries that belong to a tile's integers in another tile.

    Args:
        entries: the first answers `low`.
        low: the smallest integer.
        room: numbers in the largest tile.
        starts: where each number's own entries start; at the first one where None.
    """
    indices = np.empty(room, dtype=np.intp)

    def run(tile: Tile, out: Tile) -> None:
        index = indices[: tile.size].reshape(tile.shape)
        np.copyto(index, tile, casting="unsafe")
        if low:
            np.subtract(index, low, out=index)
        if starts is not None:
            np.add(index, starts, out=index)
        np.take(entries, index, out=out, mode="clip")  # no index is outside; clip is the mode that checks least

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


for _node in (
    Activation,
    BinaryThreshold,
    ClippedRelu,
    Elu,
    HardActivation,
    Normalize,
    PRelu,
    Reshape,
    Selu,
    TernaryTanh,
    TernaryThreshold,
    ThresholdedRelu,
    UnaryTable,
):
    lower.register(_node)(number_by_number)
