"""Nodes that bring two results together, number by number or side by side."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from codesign.errors import GraphError
from codesign.graph.nodes.base import Node, one_source, register


class MergeOperation(str, Enum):
    """What two numbers become."""

    ADD = "add"
    SUBTRACT = "subtract"
    MULTIPLY = "multiply"
    AVERAGE = "average"
    MAXIMUM = "maximum"
    MINIMUM = "minimum"


def two_sources(node: Node, sources: tuple[Node, ...]) -> tuple[Node, Node]:
    """The two nodes that are read; both may be the same.

    Raises:
        GraphError: there are fewer or more.
    """
    if len(sources) != 2:
        raise GraphError(f"node {node.name!r} reads {len(sources)} results, expected 2")
    return sources[0], sources[1]


@register("merge")
@dataclass(frozen=True, eq=False, kw_only=True)
class Merge(Node):
    """`result(a op b)`, number by number; the smaller of the two repeats along the flattened larger one.

    Attributes:
        operation: what two numbers become.
    """

    operation: MergeOperation

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        first, second = two_sources(self, sources)
        if self.size != max(first.size, second.size):
            raise GraphError(
                f"node {self.name!r} has shape {self.shape}, but merges shapes {first.shape} and {second.shape}; "
                "it must have as many numbers as the larger of them"
            )


@register("broadcast")
@dataclass(frozen=True, eq=False, kw_only=True)
class Broadcast(Node):
    """`result(x)`, repeated along every axis on which x has length 1 and the result is longer."""

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        source = one_source(self, sources)
        pairs = list(zip(source.shape, self.shape, strict=False))
        if len(source.shape) != len(self.shape) or any(mine not in (1, axis) for mine, axis in pairs):
            raise GraphError(
                f"node {self.name!r} broadcasts shape {source.shape} to {self.shape}; "
                "both must have as many axes, and each axis of the first the same length or 1"
            )


@register("concatenate")
@dataclass(frozen=True, eq=False, kw_only=True)
class Concatenate(Node):
    """`result(x)` of one source after the other along an axis.

    Attributes:
        axis: of the result, counted from 0.
    """

    axis: int

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        if not sources or not 0 <= self.axis < len(self.shape):
            raise GraphError(
                f"node {self.name!r} concatenates {len(sources)} results along axis {self.axis}; "
                f"it needs at least one, and an axis from 0 to {len(self.shape) - 1}"
            )
        total = sum(source.shape[self.axis] for source in sources if len(source.shape) == len(self.shape))
        whole = (*self.shape[: self.axis], total, *self.shape[self.axis + 1 :])
        shapes = [source.shape for source in sources]
        others = {(*shape[: self.axis], *shape[self.axis + 1 :]) for shape in shapes}
        if any(len(shape) != len(self.shape) for shape in shapes) or len(others) != 1 or whole != self.shape:
            raise GraphError(
                f"node {self.name!r} concatenates shapes {', '.join(map(str, shapes))} along axis {self.axis} into "
                f"{self.shape}; they must agree on every other axis and add up on this one"
            )
