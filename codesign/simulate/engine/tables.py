"""Tables that are indexed by what hls4ml makes of a number: its scaled whole part, or the top bits of its word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from codesign.graph import FixedPoint, IntArray, Node, TableActivation
from codesign.graph.cast import cast
from codesign.simulate.engine.applied import bind
from codesign.simulate.engine.edge import Edge, Form, Tile, empty
from codesign.simulate.engine.elementwise import TABLE_BITS, exactly, lookup, number_by_number, result_edge
from codesign.simulate.engine.kernel import Kernel, Run, lower
from codesign.simulate.engine.pointwise import (
    Affine,
    Clip,
    Direction,
    Floats,
    NotExactError,
    Operation,
    Round,
    cast_operations,
    floats,
    number,
    power,
    settle,
    whole_numbers,
)


@dataclass(frozen=True, eq=False)
class Lookup:
    """A function of integers as a chain that makes places of them, and the table's entries at these.

    Attributes:
        low: no integer is smaller.
        high: none is larger.
        operations: from an integer to its place.
        first: the smallest place.
        entries: the function's values, from there on.
    """

    low: int
    high: int
    operations: tuple[Operation, ...]
    first: int
    entries: Floats

    @property
    def least(self) -> int:
        """The smallest value."""
        return int(self.entries.min())

    @property
    def most(self) -> int:
        """The largest value."""
        return int(self.entries.max())

    def check(self, dtype: np.dtype[Any]) -> None:
        """Refuse a float that does not hold everything.

        Raises:
            NotExactError: it does not.
        """
        settle(self.operations, whole_numbers(self.low, self.high, dtype))
        whole_numbers(self.least, self.most, dtype)

    def bind(self, size: int, samples: int, form: Form) -> Callable[[Tile, Tile], None]:
        """A function that leaves the values of a tile's integers in another tile, which may be the same."""
        settled = settle(self.operations, whole_numbers(self.low, self.high, form.dtype))
        places = bind(settled, size, samples, form)
        entries = self.entries.astype(form.dtype)
        find = lookup(entries, self.first, size * samples)

        def run(tile: Tile, out: Tile) -> None:
            if settled:
                places(tile, out)
                tile = out
            find(tile, out)

        return run


def symmetric(low: int, high: int, type_: FixedPoint, span: int, values: IntArray) -> Lookup:
    """The table over (-span/2, span/2) that hls4ml indexes with `x * entries / span + entries / 2`.

    Args:
        low: the smallest integer that is looked up.
        high: the largest.
        type_: theirs.
        span: what the table covers.
        values: its entries, or what becomes of them.

    Raises:
        NotExactError: the index is no shift of the number, or overflows.
    """
    entries = values.size
    scale, rest = divmod(entries, span)
    if rest or scale & (scale - 1):
        raise NotExactError
    shift = type_.fraction - (scale.bit_length() - 1)
    if max(abs(low), abs(high)) >> max(shift, 0) << max(-shift, 0) >= 1 << 30:
        raise NotExactError
    operations: list[Operation] = []
    if shift:
        operations.append(Affine(number(power(-shift)), number(0.0)))
    if shift > 0:
        operations.append(Round(Direction.TO_ZERO))
    operations.append(Clip(-float(entries // 2), float(entries - 1 - entries // 2)))
    return Lookup(low, high, tuple(operations), -(entries // 2), floats(values))


def direct(low: int, high: int, function: Callable[[IntArray], IntArray]) -> Lookup:
    """Every value of a function of integers.

    Raises:
        NotExactError: there are too many.
    """
    if high - low >= 1 << TABLE_BITS:
        raise NotExactError
    return Lookup(low, high, (), low, floats(function(np.arange(low, high + 1, dtype=np.int64))))


def top_bits(
    low: int, high: int, fraction: int, source: FixedPoint | None, index: FixedPoint, table: IntArray
) -> Lookup:
    """A table that is indexed by the top bits of the words of a type.

    Args:
        low: the smallest integer that is looked up.
        high: the largest.
        fraction: their fraction bits.
        source: their type, where they have one.
        index: the type that they are cast into.
        table: a power of two of entries.

    Raises:
        NotExactError: a float64 does not hold what is in between.
    """
    operations, first, last = cast_operations(low, high, fraction, index, source)
    shift = index.width - (table.size.bit_length() - 1)
    if shift:
        operations += [Affine(number(power(-shift)), number(0.0)), Round(Direction.DOWN)]
    places = np.arange(first >> shift, (last >> shift) + 1)
    return Lookup(low, high, tuple(operations), int(places[0]), floats(table[places & (table.size - 1)]))


@dataclass(frozen=True, eq=False)
class Looked(Kernel):
    """Each number looked up.

    Attributes:
        found: where, and what.
    """

    found: Lookup

    @classmethod
    def of(cls, node: Node, source: Edge, found: Lookup) -> Looked:
        """The kernel in the narrowest float that is exact; `found` has the integers of the node's result.

        Raises:
            NotExactError: there is none.
        """

        def make(dtype: np.dtype[Any]) -> Looked:
            found.check(dtype)
            edge = result_edge(node, found.least, found.most, source.form.layout)
            return cls((Form(source.form.layout, dtype),), edge, found)

        return exactly(make)

    @property
    def bytes(self) -> int:
        """As `Kernel.bytes`."""
        return self.edge.size * (2 * self.wants[0].dtype.itemsize + 8)

    def bind(self, samples: int) -> Run:
        """As `Kernel.bind`."""
        form = self.wants[0]
        out = empty(self.edge.size, samples, form)
        last = out if self.edge.form == form else empty(self.edge.size, samples, self.edge.form)
        find = self.found.bind(self.edge.size, samples, form)

        def run(tile: Tile) -> Tile:
            find(tile, out)
            if last is not out:
                np.copyto(last, out, casting="unsafe")
            return last

        return run


@lower.register
def _(node: TableActivation, sources: Sequence[Edge]) -> Kernel:
    (source,) = sources
    values = cast(node.table, node.table_type.fraction, node.result, source=node.table_type)
    try:
        return Looked.of(node, source, symmetric(source.low, source.high, source.type, node.span, values))
    except NotExactError:
        return number_by_number(node, sources)
