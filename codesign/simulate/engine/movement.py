"""Nodes that move numbers: strided copies, with the cast and what follows it as a chain behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import singledispatch
from typing import Any

import numpy as np

from codesign.graph import Cropping, Node, Resize, Transpose, ZeroPadding
from codesign.simulate.engine.edge import Edge, Form, Tile
from codesign.simulate.engine.elementwise import bound_chain, ending, exactly
from codesign.simulate.engine.kernel import Kernel, Run, lower, reference
from codesign.simulate.engine.pointwise import NotExactError, Operation, entering, settle
from codesign.simulate.engine.view import samples_first


@singledispatch
def move(node: Node, source: Tile, result: Tile) -> None:
    """Copy (samples, *shape) numbers to where the node has them; what it does not copy stays.

    Raises:
        NotExactError: the node is none that moves numbers.
    """
    raise NotExactError


@move.register
def _(node: ZeroPadding, source: Tile, result: Tile) -> None:
    ends = zip(node.before, source.shape[1:], strict=True)
    inside = (slice(None), *(slice(start, start + length) for start, length in ends))
    result[inside] = source


@move.register
def _(node: Cropping, source: Tile, result: Tile) -> None:
    ends = zip(node.before, node.shape, strict=True)
    kept = (slice(None), *(slice(start, start + length) for start, length in ends))
    result[...] = source[kept]


@move.register
def _(node: Transpose, source: Tile, result: Tile) -> None:
    result[...] = source.transpose(0, *(axis + 1 for axis in node.axes))


@move.register
def _(node: Resize, source: Tile, result: Tile) -> None:
    result[...] = source[:, np.array(node.rows)[:, None], np.array(node.columns)]


def _shapes(node: Node, source: Edge) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shapes between which a node moves: a resize takes what it reads for an image."""
    if isinstance(node, Resize):
        return node.image, (len(node.rows), len(node.columns), node.image[2])
    return source.shape, node.shape


@dataclass(frozen=True, eq=False)
class Moved(Kernel):
    """A move, and a chain of element-wise operations behind it.

    Attributes:
        node: the move.
        source: what it reads.
        moved: the same numbers, and zeros where it puts some, at their new places.
        operations: as the nodes say them.
        settled: as they are run.
    """

    node: Node
    source: Edge
    moved: Edge
    operations: tuple[Operation, ...]
    settled: tuple[Operation, ...]

    @classmethod
    def of(cls, node: Node, source: Edge, operations: Sequence[Operation], edge: Edge) -> Moved:
        """The kernel in the narrowest float that is exact.

        Raises:
            NotExactError: there is none.
        """
        moved = placed(node, source)

        def make(dtype: np.dtype[Any]) -> Moved:
            settled = settle(operations, entering(moved, dtype))
            return cls((Form(source.form.layout, dtype),), edge, node, source, moved, tuple(operations), settled)

        return exactly(make)

    def extended(self, operations: Sequence[Operation], edge: Edge) -> Moved:
        """The same with more operations behind it.

        Raises:
            NotExactError: they do not fit one float together.
        """
        return Moved.of(self.node, self.source, [*self.operations, *operations], edge)

    @property
    def bytes(self) -> int:
        """As `Kernel.bytes`."""
        return self.edge.size * (self.edge.form.dtype.itemsize + self.wants[0].dtype.itemsize)

    def bind(self, samples: int) -> Run:
        """As `Kernel.bind`."""
        layout, dtype = self.wants[0].layout, self.wants[0].dtype
        shape = (samples, self.edge.size) if layout is layout.ROWS else (self.edge.size, samples)
        place = np.zeros(shape, dtype=dtype)
        old, new = _shapes(self.node, self.source)
        result = samples_first(place, new, layout)
        chain: Callable[[Tile], Tile] = bound_chain(self.settled, self.edge, dtype, samples)
        # Whoever gets the tile may write into it, which zeros that stay do not survive.
        plain = not self.settled and self.edge.form.dtype == dtype and not isinstance(self.node, ZeroPadding)

        def run(tile: Tile) -> Tile:
            move(self.node, samples_first(tile, old, layout), result)
            return place if plain else chain(place)

        return run


def placed(node: Node, source: Edge) -> Edge:
    """What a move makes of an edge before any cast."""
    low, high = source.low, source.high
    if isinstance(node, ZeroPadding):
        low, high = min(low, 0), max(high, 0)
    return replace(source, shape=node.shape, low=low, high=high)


@lower.register(ZeroPadding)
@lower.register(Cropping)
@lower.register(Transpose)
@lower.register(Resize)
def _(node: ZeroPadding | Cropping | Transpose | Resize, sources: Sequence[Edge]) -> Kernel:
    (source,) = sources
    moved = placed(node, source)
    try:
        operations, edge = ending(node, moved, [], moved.low, moved.high, source.type.fraction)
        return Moved.of(node, source, operations, edge)
    except NotExactError:
        return reference(node, sources)
