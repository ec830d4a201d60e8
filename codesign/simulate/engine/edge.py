"""What flows between kernels: a tile of a node's results, and what is known of every number in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from math import prod
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from codesign.graph import FixedPoint

Tile: TypeAlias = npt.NDArray[Any]

FLOAT32: np.dtype[Any] = np.dtype(np.float32)
FLOAT64: np.dtype[Any] = np.dtype(np.float64)
INT64: np.dtype[Any] = np.dtype(np.int64)
OBJECT: np.dtype[Any] = np.dtype(object)

# Integers of fewer magnitude bits than these are held exactly, and so are all sums that stay below.
MANTISSA: dict[np.dtype[Any], int] = {FLOAT32: 24, FLOAT64: 53}
_INT64_BITS = 62


class Layout(str, Enum):
    """How a tile is laid out in memory, C-contiguous either way."""

    ROWS = "rows"  # (samples, numbers of one sample)
    COLUMNS = "columns"  # (numbers of one sample, samples): what is done to one number is done to a run of samples


@dataclass(frozen=True)
class Form:
    """What a kernel wants of a tile that it reads."""

    layout: Layout
    dtype: np.dtype[Any]


@dataclass(frozen=True)
class Edge:
    """The result of a node as its kernel leaves it.

    Attributes:
        type: of the integers.
        shape: for one sample.
        low: no integer is smaller, whatever the input.
        high: no integer is larger, whatever the input.
        form: of the tile that holds them; the integers stand in it as they are, as floats where its dtype is one.
    """

    type: FixedPoint
    shape: tuple[int, ...]
    low: int
    high: int
    form: Form

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"no integer is at least {self.low} and at most {self.high}")

    @property
    def size(self) -> int:
        """Numbers in one sample."""
        return prod(self.shape)

    def within(self, low: int, high: int) -> Edge:
        """The same edge with a range that is known more closely."""
        return replace(self, low=max(low, self.low), high=min(high, self.high))


def narrowest_dtype(low: int, high: int) -> np.dtype[Any]:
    """The fastest dtype that holds every integer from `low` to `high` exactly."""
    magnitude = max(abs(low), abs(high))
    for dtype, bits in MANTISSA.items():
        if magnitude < 1 << bits:
            return dtype
    return INT64 if magnitude < 1 << _INT64_BITS else OBJECT


def edge_of(type_: FixedPoint, shape: tuple[int, ...], layout: Layout) -> Edge:
    """An edge of which nothing is known but its type."""
    low, high = type_.min_int, type_.max_int
    return Edge(type_, shape, low, high, Form(layout, narrowest_dtype(low, high)))


def empty(size: int, samples: int, form: Form) -> Tile:
    """Memory for a tile."""
    shape = (samples, size) if form.layout is Layout.ROWS else (size, samples)
    return np.empty(shape, dtype=form.dtype)


def to_dtype(source: Tile, out: Tile) -> None:
    """Copy integers from one dtype into another, which holds them."""
    if out.dtype == object and source.dtype != object:
        out[...] = source.astype(np.int64)
    elif source.dtype == object or out.dtype == object:
        out[...] = source
    else:
        np.copyto(out, source, casting="unsafe")


def convert(size: int, samples: int, given: Form, wanted: Form) -> Callable[[Tile], Tile]:
    """A function that brings a tile from one form into another."""
    out = empty(size, samples, wanted)
    turned = given.layout is not wanted.layout

    def run(tile: Tile) -> Tile:
        to_dtype(tile.T if turned else tile, out)
        return out

    return run
