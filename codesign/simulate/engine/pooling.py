"""Pooling: the largest or the sum of strided views, where no partial sum is rounded or ends by what it is cast into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import Any

import numpy as np

from codesign.graph import FixedPoint, Overflow, Pooling, PoolingArithmetic, PoolingKind
from codesign.simulate.engine.edge import Edge, Form, Tile, empty
from codesign.simulate.engine.elementwise import bound_chain, exactly, result_edge
from codesign.simulate.engine.kernel import Kernel, Run, lower, reference
from codesign.simulate.engine.pointwise import NotExactError, Operation, cast_operations, check, entering, settle
from codesign.simulate.engine.view import samples_first
from codesign.simulate.kernels import before_result
from codesign.simulate.kernels.pooling import lowest_word, overlaps

# One reduction is faster than this many views, where there is but one window.
_FEW = 16
_INT_BITS = 32
_CASTS_FIRST = (PoolingArithmetic.STREAM, PoolingArithmetic.RUNNING)


@dataclass(frozen=True)
class _Steps:
    """What is done to the numbers of a tile, in order.

    Attributes:
        first: to each number.
        taken: the edge of what the windows take.
        cell: of padding.
        totals: the edge of what becomes of each window.
        between: to each sum, before it is divided.
        divided: the edge of the sums that are divided; None where there is no division.
        after: at the end.
        edge: the result.
    """

    first: list[Operation]
    taken: Edge
    cell: int
    totals: Edge
    between: list[Operation]
    divided: Edge | None
    after: list[Operation]
    edge: Edge


def _divisors(node: Pooling, source: Edge) -> Any:
    """The size of every window, (windows..., 1), or one number."""
    counted = overlaps(node, source.shape)
    if node.count_padding or counted.min() == counted.max() == prod(node.window):
        return prod(node.window)
    return counted


def _steps(node: Pooling, source: Edge) -> _Steps:
    """The node as chains with a reduction and a division between them.

    Raises:
        NotExactError: it is no such thing.
    """
    if node.channels_first:
        raise NotExactError
    accumulator, x = node.accumulator, source.type
    average = node.kind is PoolingKind.AVERAGE
    first: list[Operation] = []
    low, high, type_ = source.low, source.high, x
    if node.arithmetic in _CASTS_FIRST or (average and node.integer_accumulator):
        first, low, high = cast_operations(low, high, x.fraction, accumulator, x)
        type_ = accumulator
    taken = replace(source, type=type_, low=low, high=high)
    cell = 0
    if any(node.before + node.after):
        cell = 0 if average else lowest_word(x)
        taken = replace(taken, low=min(low, cell), high=max(high, cell))
    if not average:
        return _largest(node, first, taken, cell)
    n = prod(node.window)
    if type_.fraction > accumulator.fraction:
        raise NotExactError  # every partial sum is rounded
    low, high = min(n * taken.low, taken.low), max(n * taken.high, taken.high)
    low, high = min(low, 0), max(high, 0)
    totals = replace(taken, shape=node.shape, low=low, high=high)
    between, low, high = cast_operations(low, high, type_.fraction, accumulator)
    if accumulator.overflow is not Overflow.WRAP and not _fits(totals, type_, accumulator):
        raise NotExactError  # every partial sum may be cut off
    if node.integer_accumulator and accumulator.signed and accumulator.width < 32 and low < 0:
        raise NotExactError  # divided modulo 2**33
    divided = replace(totals, type=accumulator, low=low, high=high)
    after: list[Operation] = []
    fraction = accumulator.fraction
    if node.arithmetic is not PoolingArithmetic.RUNNING:
        after, low, high = cast_operations(low, high, fraction, accumulator)
    last, low, high = cast_operations(low, high, fraction, node.result, before_result(node, [x]))
    return _Steps(
        first, taken, cell, totals, between, divided, [*after, *last], result_edge(node, low, high, source.form.layout)
    )


def _fits(totals: Edge, type_: FixedPoint, accumulator: FixedPoint) -> bool:
    """Whether no sum leaves the accumulator, nor is lifted from its lowest number."""
    up = accumulator.fraction - type_.fraction
    return (
        totals.low << up > accumulator.min_int - (not accumulator.signed) and totals.high << up <= accumulator.max_int
    )


def _largest(node: Pooling, first: list[Operation], taken: Edge, cell: int) -> _Steps:
    accumulator = node.accumulator
    totals = replace(taken, shape=node.shape)
    into, low, high = cast_operations(taken.low, taken.high, taken.type.fraction, accumulator, taken.type)
    last, low, high = cast_operations(low, high, accumulator.fraction, node.result, accumulator)
    edge = result_edge(node, low, high, taken.form.layout)
    return _Steps(first, taken, cell, totals, [], None, [*into, *last], edge)


@dataclass(frozen=True, eq=False)
class Pooled(Kernel):
    """Windows reduced view by view.

    Attributes:
        node: the pooling.
        source: what it reads.
        steps: what is done.
    """

    node: Pooling
    source: Edge
    steps: _Steps

    @classmethod
    def of(cls, node: Pooling, source: Edge) -> Pooled:
        """The kernel in the narrowest float that is exact.

        Raises:
            NotExactError: there is none.
        """
        steps = _steps(node, source)

        def make(dtype: np.dtype[Any]) -> Pooled:
            settle(steps.first, entering(source, dtype))
            for edge in (steps.taken, steps.totals):
                entering(edge, dtype)
            check(steps.between, entering(steps.totals, dtype))
            if steps.divided is not None:
                # A quotient is rounded to the nearest float, which then is no integer that it was not.
                size = prod(node.window)
                entering(replace(steps.divided, low=steps.divided.low - size, high=steps.divided.high + size), dtype)
            settle(steps.after, entering(steps.divided or steps.totals, dtype))
            return cls((Form(source.form.layout, dtype),), steps.edge, node, source, steps)

        return exactly(make)

    @property
    def bytes(self) -> int:
        """As `Kernel.bytes`."""
        return (2 * self.source.size + 3 * self.edge.size) * self.wants[0].dtype.itemsize

    def bind(self, samples: int) -> Run:
        """As `Kernel.bind`."""
        node, steps, (layout, dtype) = self.node, self.steps, (self.wants[0].layout, self.wants[0].dtype)
        first = _bound(steps.first, entering(self.source, dtype), steps.taken, dtype, samples)
        lengths = node.lengths(self.source.shape)
        channels = self.source.shape[-1]
        wide = tuple(map(sum, zip(lengths, node.before, node.after, strict=True)))
        padded = empty(prod(wide) * channels, samples, Form(layout, dtype)) if wide != lengths else None
        if padded is not None:
            padded.fill(steps.cell)
        totals = empty(self.edge.size, samples, Form(layout, dtype))
        counts = tuple(
            (length - size) // step + 1 for length, size, step in zip(wide, node.window, node.stride, strict=True)
        )
        windows = samples_first(totals, (*counts, channels), layout)
        between = _bound(steps.between, entering(steps.totals, dtype), steps.divided or steps.totals, dtype, samples)
        size = np.asarray(_divisors(node, self.source), dtype=dtype)
        end = entering(steps.divided or steps.totals, dtype)
        after = bound_chain(settle(steps.after, end), steps.edge, dtype, samples)
        inside = (slice(None), *(slice(a, a + length) for a, length in zip(node.before, lengths, strict=True)))

        def run(tile: Tile) -> Tile:
            image = samples_first(first(tile), self.source.shape, layout)
            if padded is not None:
                wider = samples_first(padded, (*wide, channels), layout)
                wider[inside] = image
                image = wider
            _reduce(node, image, windows)
            found = between(totals)
            if steps.divided is not None:
                quotients = samples_first(found, (*counts, channels), layout)
                np.divide(quotients, size, out=quotients)
                np.trunc(found, out=found)
            return after(found)

        return run


def _bound(operations: Sequence[Operation], state: Any, edge: Edge, dtype: np.dtype[Any], samples: int) -> Run:
    """A chain that stays in floats of `dtype`; nothing where it is empty."""
    if not operations:
        return lambda tile: tile
    return bound_chain(settle(operations, state), replace(edge, form=Form(edge.form.layout, dtype)), dtype, samples)


def _reduce(node: Pooling, image: Tile, windows: Tile) -> None:
    """The largest number or the sum of each window of (samples, *lengths, channels)."""
    combine: np.ufunc = np.maximum if node.kind is PoolingKind.MAX else np.add
    axes = tuple(range(1, image.ndim - 1))
    if image.shape[1:-1] == node.window and prod(node.window) > _FEW:
        combine.reduce(image, axis=axes, keepdims=True, out=windows)
        return
    for index, offsets in enumerate(product(*map(range, node.window))):
        ends = zip(offsets, windows.shape[1:-1], node.stride, strict=True)
        cells = (slice(None), *(slice(at, at + (n - 1) * step + 1, step) for at, n, step in ends))
        view = image[cells]
        if index:
            combine(windows, view, out=windows)
        else:
            windows[...] = view


@lower.register
def _(node: Pooling, sources: Sequence[Edge]) -> Kernel:
    (source,) = sources
    try:
        return Pooled.of(node, source)
    except NotExactError:
        return reference(node, sources)
