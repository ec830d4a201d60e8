"""Functions with two or three results: binary and ternary tanh, with or without a batch normalization before them."""

from __future__ import annotations

from dataclasses import dataclass

from codesign.errors import GraphError
from codesign.graph.fixed_point import FixedPoint
from codesign.graph.nodes.base import IntArray, Node, check_array, register, same_size


def _check_thresholds(node: Node, name: str, values: IntArray, type_: FixedPoint) -> None:
    if values.size == 0 or node.size % values.size:
        raise GraphError(f"node {node.name!r}: {values.size} thresholds do not divide {node.size} values")
    check_array(node, name, values, type_, (values.size,))


@register("binary_threshold")
@dataclass(frozen=True, eq=False, kw_only=True)
class BinaryThreshold(Node):
    """`result(1)` where x is at least the threshold, `result(below)` elsewhere.

    Attributes:
        threshold: (n,) integers of `threshold_type`; n divides the result's size, they repeat along the last axis.
        below: -1, or 0 where one bit tells the two results apart.
    """

    threshold: IntArray
    threshold_type: FixedPoint
    below: int

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        same_size(self, sources)
        _check_thresholds(self, "threshold", self.threshold, self.threshold_type)
        if self.below not in (-1, 0):
            raise GraphError(f"node {self.name!r} gives {self.below} below its threshold; it must be -1 or 0")


@register("ternary_threshold")
@dataclass(frozen=True, eq=False, kw_only=True)
class TernaryThreshold(Node):
    """`result(1)` where x is greater than high, else `result(-1)` where it is at most low, else 0.

    Attributes:
        high: (n,) integers of `threshold_type`; n divides the result's size, they repeat along the last axis.
        low: (n,) integers of `threshold_type`.
    """

    high: IntArray
    low: IntArray
    threshold_type: FixedPoint

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        same_size(self, sources)
        for name, values in (("high", self.high), ("low", self.low)):
            _check_thresholds(self, name, values, self.threshold_type)
        if self.high.size != self.low.size:
            raise GraphError(f"node {self.name!r} has {self.high.size} high and {self.low.size} low thresholds")


@register("ternary_tanh")
@dataclass(frozen=True, eq=False, kw_only=True)
class TernaryTanh(Node):
    """`result(1)` where v is greater than 1, else `result(-1)` where it is at most -1, else 0.

    Attributes:
        doubled: v is 2 * x, cast into the type of x; else it is x.
    """

    doubled: bool

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        same_size(self, sources)
