"""Nodes that move numbers and compute none: padding, cropping, resizing, transposing."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from codesign.errors import GraphError
from codesign.graph.nodes.base import Node, one_source, register


def _check_ends(node: Node, source: Node, **ends: tuple[int, ...]) -> None:
    for name, values in ends.items():
        if len(values) != len(source.shape) or min(values) < 0:
            raise GraphError(
                f"node {node.name!r}: {name} is {values}, expected {len(source.shape)} integers of at least 0"
            )


def _check_shape(node: Node, expected: tuple[int, ...]) -> None:
    if node.shape != expected:
        raise GraphError(f"node {node.name!r} has shape {node.shape}, expected {expected}")


@register("zero_padding")
@dataclass(frozen=True, eq=False, kw_only=True)
class ZeroPadding(Node):
    """`result(x)` with zeros around it.

    Attributes:
        before: zeros before the first number, along every axis.
        after: zeros after the last number, along every axis.
    """

    before: tuple[int, ...]
    after: tuple[int, ...]

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        source = one_source(self, sources)
        _check_ends(self, source, before=self.before, after=self.after)
        _check_shape(self, tuple(map(sum, zip(source.shape, self.before, self.after, strict=True))))


@register("cropping")
@dataclass(frozen=True, eq=False, kw_only=True)
class Cropping(Node):
    """`result(x)` without its edges.

    Attributes:
        before: numbers left out at the start, along every axis.
        after: numbers left out at the end, along every axis.
    """

    before: tuple[int, ...]
    after: tuple[int, ...]

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        source = one_source(self, sources)
        _check_ends(self, source, before=self.before, after=self.after)
        ends = zip(source.shape, self.before, self.after, strict=True)
        _check_shape(self, tuple(length - before - after for length, before, after in ends))


@register("resize")
@dataclass(frozen=True, eq=False, kw_only=True)
class Resize(Node):
    """An image of copied rows and columns: `y[i, j, k] = x[rows[i], columns[j], k]`.

    Attributes:
        image: height, width and channels of what is read, in row-major order whatever its shape.
        rows: for each row of the result, the row that it copies.
        columns: for each column of the result, the column that it copies.
    """

    image: tuple[int, ...]
    rows: tuple[int, ...]
    columns: tuple[int, ...]

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        source = one_source(self, sources)
        if len(self.image) != 3 or min(self.image) < 1 or prod(self.image) != source.size:
            raise GraphError(f"node {self.name!r}: an image of {self.image} is not what shape {source.shape} holds")
        for name, indices, length in (("rows", self.rows, self.image[0]), ("columns", self.columns, self.image[1])):
            if not indices or min(indices) < 0 or max(indices) >= length:
                raise GraphError(f"node {self.name!r}: {name} must be of 0 to {length - 1}, they are {indices}")
        if self.size != len(self.rows) * len(self.columns) * self.image[2]:
            raise GraphError(
                f"node {self.name!r} has shape {self.shape}, but gives {len(self.rows)} rows of {len(self.columns)} "
                f"columns of {self.image[2]} channels"
            )
        if source.result != self.result:
            raise GraphError(f"node {self.name!r} resizes {source.result} into {self.result}; a resize keeps the type")


@register("transpose")
@dataclass(frozen=True, eq=False, kw_only=True)
class Transpose(Node):
    """`result(x)` with its axes in another order.

    Attributes:
        axes: for each axis of the result, the axis of what is read.
    """

    axes: tuple[int, ...]

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        source = one_source(self, sources)
        if sorted(self.axes) != list(range(len(source.shape))):
            raise GraphError(f"node {self.name!r}: axes are {self.axes}, expected each of {len(source.shape)} once")
        _check_shape(self, tuple(source.shape[axis] for axis in self.axes))
