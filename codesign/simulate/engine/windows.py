"""Sums over windows that slide along up to two axes, and over plain vectors, which are one window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from codesign.simulate.engine.applied import bind
from codesign.simulate.engine.edge import Edge, Form, Layout, Tile, empty
from codesign.simulate.engine.elementwise import exactly
from codesign.simulate.engine.kernel import Kernel, Run
from codesign.simulate.engine.pointwise import Operation, settle
from codesign.simulate.engine.sums import Adding

# What the windows that are gathered at a time may take.
_GATHER_BYTES = 300_000


@dataclass(frozen=True)
class Geometry:
    """How windows lie over a source; one axis is the same as two of which the first has length 1.

    Attributes:
        source: (height, width, channels).
        window: (height, width).
        strides: between windows.
        before: zeros before the source.
        after: zeros behind it.
    """

    source: tuple[int, int, int]
    window: tuple[int, int] = (1, 1)
    strides: tuple[int, int] = (1, 1)
    before: tuple[int, int] = (0, 0)
    after: tuple[int, int] = (0, 0)

    @property
    def padded(self) -> tuple[int, int, int]:
        """The source with its zeros."""
        height, width = (a + b + c for a, b, c in zip(self.before, self.source[:2], self.after, strict=True))
        return height, width, self.source[2]

    @property
    def places(self) -> tuple[int, int]:
        """How often windows fit, (rows, columns)."""
        rows, columns = (
            (have - window) // step + 1
            for have, window, step in zip(self.padded[:2], self.window, self.strides, strict=True)
        )
        return rows, columns

    @property
    def numbers(self) -> int:
        """In a window."""
        return self.window[0] * self.window[1] * self.source[2]

    def pad(self, samples: int, dtype: np.dtype[Any]) -> Callable[[Tile], Tile]:
        """A function from (numbers, samples) to (*padded, samples), of which only the source is written again."""
        height, width, _ = self.source
        if self.padded == self.source:
            return lambda tile: tile.reshape(*self.source, samples)
        out = np.zeros((*self.padded, samples), dtype=dtype)
        top, left = self.before
        inside = out[top : top + height, left : left + width]

        def run(tile: Tile) -> Tile:
            np.copyto(inside, tile.reshape(*self.source, samples))
            return out

        return run

    def views(self, padded: Tile) -> Tile:
        """(rows, columns, window height, window width, channels, samples) without a copy."""
        down, right, channel, sample = padded.strides
        steps = (down * self.strides[0], right * self.strides[1], down, right, channel, sample)
        shape = (*self.places, *self.window, *padded.shape[2:])
        return np.lib.stride_tricks.as_strided(padded, shape, steps, writeable=False)


def line(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """A shape of (width, channels) or (height, width, channels) as the latter."""
    return (1, *shape) if len(shape) == 2 else shape  # type: ignore[return-value]


def plane(values: tuple[int, ...], fill: int) -> tuple[int, int]:
    """A number for each of one or two axes as numbers for two."""
    return (fill, *values) if len(values) == 1 else values  # type: ignore[return-value]


@dataclass(frozen=True, eq=False)
class WindowSums(Kernel):
    """Sums over each window, and a chain behind them.

    Attributes:
        source: what it reads.
        geometry: of the windows.
        adding: how a window's numbers are added up.
        operations: behind the sums, as the nodes say them.
        prepared: `adding` with constants folded in.
        settled: the operations as they are run.
    """

    source: Edge
    geometry: Geometry
    adding: Adding
    operations: tuple[Operation, ...]
    prepared: Adding
    settled: tuple[Operation, ...]

    @classmethod
    def of(
        cls, source: Edge, geometry: Geometry, adding: Adding, operations: Sequence[Operation], edge: Edge
    ) -> WindowSums:
        """The kernel in the narrowest float that is exact.

        Raises:
            NotExactError: there is none.
        """

        def make(dtype: np.dtype[Any]) -> WindowSums:
            settled = settle([*adding.operations, *operations], adding.state(source, dtype))
            prepared, rest = adding.folded(settled)
            form = Form(Layout.COLUMNS, dtype)
            return cls((form,), edge, source, geometry, adding, tuple(operations), prepared, rest)

        return exactly(make)

    def extended(self, operations: Sequence[Operation], edge: Edge) -> WindowSums:
        """As `Pointwise.extended`."""
        return WindowSums.of(self.source, self.geometry, self.adding, [*self.operations, *operations], edge)

    @property
    def bytes(self) -> int:
        """As `Kernel.bytes`."""
        padded = 0 if self.geometry.padded == self.geometry.source else int(np.prod(self.geometry.padded))
        return (self.edge.size + padded) * self.wants[0].dtype.itemsize

    def bind(self, samples: int) -> Run:
        """As `Kernel.bind`."""
        form = self.wants[0]
        out = empty(self.edge.size, samples, form)
        last = out if self.edge.form == form else empty(self.edge.size, samples, self.edge.form)
        apply = bind(self.settled, self.edge.size, samples, form)
        add = self._over_windows(samples, form.dtype)

        def run(tile: Tile) -> Tile:
            add(tile, out)
            apply(out, out)
            if last is not out:
                np.copyto(last, out, casting="unsafe")
            return last

        return run

    def _over_windows(self, samples: int, dtype: np.dtype[Any]) -> Callable[[Tile, Tile], None]:
        """A function from a tile to the sums of all its windows."""
        shape = self.geometry
        rows, columns = shape.places
        pad = shape.pad(samples, dtype)
        sums = (rows, columns, self.prepared.outputs, samples)
        if shape.window == shape.strides == (1, 1):  # each window is a vector that lies there already
            add = self.prepared.bind(rows * columns, samples, dtype)

            def directly(tile: Tile, out: Tile) -> None:
                add(pad(tile).reshape(rows * columns, shape.numbers, samples), out.reshape(-1, *sums[2:]))

            return directly
        together = max(1, min(rows, _GATHER_BYTES // (columns * shape.numbers * samples * dtype.itemsize)))
        add = self.prepared.bind(together * columns, samples, dtype)
        gathered = np.empty((together, columns, *shape.window, shape.source[2], samples), dtype=dtype)

        def run(tile: Tile, out: Tile) -> None:
            views, found = shape.views(pad(tile)), out.reshape(sums)
            for start in range(0, rows, together):
                count = min(together, rows - start)
                np.copyto(gathered[:count], views[start : start + count])
                x = gathered[:count].reshape(count * columns, shape.numbers, samples)
                add(x, found[start : start + count].reshape(count * columns, *sums[2:]))

        return run
