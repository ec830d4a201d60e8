"""Nodes that bring results together, and the ends of loops over time steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from codesign.graph import Concatenate, Merge, MergeOperation, Node, ReadTimeStep, WriteTimeStep
from codesign.simulate.engine.applied import bind
from codesign.simulate.engine.edge import Edge, Form, Layout, Tile, empty
from codesign.simulate.engine.elementwise import bound_chain, exactly, result_edge
from codesign.simulate.engine.kernel import Kernel, Run, lower, reference
from codesign.simulate.engine.pointwise import (
    NotExactError,
    Operation,
    cast_operations,
    entering,
    power,
    settle,
    whole_numbers,
)
from codesign.simulate.engine.view import samples_first
from codesign.simulate.kernels.merge import keeps_lowest

_COMBINE: dict[MergeOperation, np.ufunc] = {
    MergeOperation.ADD: np.add,
    MergeOperation.SUBTRACT: np.subtract,
    MergeOperation.MULTIPLY: np.multiply,
    MergeOperation.AVERAGE: np.add,
    MergeOperation.MAXIMUM: np.maximum,
    MergeOperation.MINIMUM: np.minimum,
}


def _layout(sources: Sequence[Edge]) -> Layout:
    """The one that most of what is read has not to be turned into."""
    columns = sum(source.size for source in sources if source.form.layout is Layout.COLUMNS)
    return Layout.COLUMNS if 2 * columns >= sum(source.size for source in sources) else Layout.ROWS


@dataclass(frozen=True, eq=False)
class Merged(Kernel):
    """Two results of one size, number by number, and a chain behind.

    Attributes:
        combine: what is done to two numbers.
        sources: what is read.
        up: bits by which each is shifted first, so that both are on one grid.
        ends: the range of what comes out of it.
        operations: behind it, as the nodes say them.
        settled: as they are run.
    """

    combine: np.ufunc
    sources: tuple[Edge, ...]
    up: tuple[int, int]
    ends: tuple[int, int]
    operations: tuple[Operation, ...]
    settled: tuple[Operation, ...]

    @classmethod
    def of(
        cls,
        combine: np.ufunc,
        sources: tuple[Edge, ...],
        up: tuple[int, int],
        ends: tuple[int, int],
        operations: Sequence[Operation],
        edge: Edge,
    ) -> Merged:
        """The kernel in the narrowest float that is exact.

        Raises:
            NotExactError: there is none.
        """

        def make(dtype: np.dtype[Any]) -> Merged:
            for source, bits in zip(sources, up, strict=True):
                entering(source, dtype)
                whole_numbers(source.low << bits, source.high << bits, dtype)
            settled = settle(operations, whole_numbers(*ends, dtype))
            form = Form(edge.form.layout, dtype)
            return cls((form, form), edge, combine, sources, up, ends, tuple(operations), settled)

        return exactly(make)

    def extended(self, operations: Sequence[Operation], edge: Edge) -> Merged:
        """As `Pointwise.extended`."""
        return Merged.of(self.combine, self.sources, self.up, self.ends, [*self.operations, *operations], edge)

    def bind(self, samples: int) -> Run:
        """As `Kernel.bind`."""
        form = self.wants[0]
        scaled = [empty(self.edge.size, samples, form) if bits else None for bits in self.up]
        factors = [form.dtype.type(power(bits)) for bits in self.up]
        out = empty(self.edge.size, samples, form)
        chain = bound_chain(self.settled, self.edge, form.dtype, samples)

        def run(*tiles: Tile) -> Tile:
            first, second = (
                tile if room is None else np.multiply(tile, factor, out=room)
                for tile, room, factor in zip(tiles, scaled, factors, strict=True)
            )
            self.combine(first, second, out=out)
            return chain(out)

        return run


def _ends(combine: np.ufunc, first: tuple[int, int], second: tuple[int, int]) -> tuple[int, int]:
    """The range of what comes out of two ranges: each of these functions is monotone in each number."""
    functions: dict[np.ufunc, Callable[[int, int], int]] = {
        np.add: lambda a, b: a + b,
        np.subtract: lambda a, b: a - b,
        np.multiply: lambda a, b: a * b,
        np.maximum: max,
        np.minimum: min,
    }
    found = [functions[combine](a, b) for a in first for b in second]
    return min(found), max(found)


@lower.register
def _(node: Merge, sources: Sequence[Edge]) -> Kernel:
    first, second = sources
    chooses = node.operation in (MergeOperation.MAXIMUM, MergeOperation.MINIMUM)
    try:
        if first.size != second.size or (chooses and keeps_lowest(node.result, [first.type, second.type])):
            raise NotExactError
        combine = _COMBINE[node.operation]
        fraction = max(first.type.fraction, second.type.fraction)
        up = fraction - first.type.fraction, fraction - second.type.fraction
        if node.operation is MergeOperation.MULTIPLY:
            fraction, up = first.type.fraction + second.type.fraction, (0, 0)
        ranges = [(edge.low << bits, edge.high << bits) for edge, bits in zip(sources, up, strict=True)]
        ends = _ends(combine, *ranges)
        half = node.operation is MergeOperation.AVERAGE
        operations, low, high = cast_operations(*ends, fraction + half, node.result)
        edge = result_edge(node, low, high, _layout(sources))
        return Merged.of(combine, (first, second), up, ends, operations, edge)
    except NotExactError:
        return reference(node, sources)


@dataclass(frozen=True, eq=False)
class Joined(Kernel):
    """Results beside each other, each cast on its own.

    Attributes:
        node: the concatenation.
        sources: what is read.
        chains: the cast of each.
    """

    node: Concatenate
    sources: tuple[Edge, ...]
    chains: tuple[tuple[Operation, ...], ...]

    def bind(self, samples: int) -> Run:
        """As `Kernel.bind`."""
        layout = self.edge.form.layout
        out = empty(self.edge.size, samples, self.edge.form)
        whole = samples_first(out, self.node.shape, layout)
        places, casts, start = [], [], 0
        for source, form, operations in zip(self.sources, self.wants, self.chains, strict=True):
            stop = start + source.shape[self.node.axis]
            places.append(whole[(slice(None),) * (self.node.axis + 1) + (slice(start, stop),)])
            room = empty(source.size, samples, form) if operations else None
            casts.append((bind(operations, source.size, samples, form), room))
            start = stop

        def run(*tiles: Tile) -> Tile:
            for tile, source, place, (apply, room) in zip(tiles, self.sources, places, casts, strict=True):
                found = tile
                if room is not None:
                    apply(tile, room)
                    found = room
                np.copyto(place, samples_first(found, source.shape, layout), casting="unsafe")
            return out

        return run


@lower.register
def _(node: Concatenate, sources: Sequence[Edge]) -> Kernel:
    types, layout = [source.type for source in sources], _layout(sources)
    keeps = keeps_lowest(node.result, types)
    try:
        chains, wants, lows, highs = [], [], [], []
        for source in sources:
            operations, low, high = cast_operations(
                source.low, source.high, source.type.fraction, node.result, source.type if keeps else None
            )

            def make(dtype: np.dtype[Any], edge: Edge = source, given: Sequence[Operation] = operations) -> Any:
                return settle(given, entering(edge, dtype)), Form(layout, dtype)

            chain, form = exactly(make)
            chains.append(chain)
            wants.append(form)
            lows.append(low)
            highs.append(high)
        edge = result_edge(node, min(lows), max(highs), layout)
        return Joined(tuple(wants), edge, node, tuple(sources), tuple(chains))
    except NotExactError:
        return reference(node, sources)


class TimeSteps(Kernel):
    """The steps of a sample as samples, or samples as the steps of one: the same numbers, in the same memory."""

    @property
    def bytes(self) -> int:
        """As `Kernel.bytes`."""
        return 0

    def bind(self, samples: int) -> Run:
        """As `Kernel.bind`."""
        return lambda tile: tile.reshape(samples, -1)


def _steps(node: Node, sources: Sequence[Edge]) -> Kernel:
    (source,) = sources
    form = Form(Layout.ROWS, source.form.dtype)
    return TimeSteps((form,), Edge(node.result, node.shape, source.low, source.high, form))


lower.register(ReadTimeStep)(_steps)
lower.register(WriteTimeStep)(_steps)
