"""Rectifiers with a parameter: leaky, parametric, thresholded and clipped."""

from __future__ import annotations

from dataclasses import dataclass

from codesign.errors import GraphError
from codesign.graph.fixed_point import FixedPoint
from codesign.graph.nodes.base import IntArray, Node, check_array, register, same_size


@register("p_relu")
@dataclass(frozen=True, eq=False, kw_only=True)
class PRelu(Node):
    """`result(x)` where x is positive, `result(alpha * x)` elsewhere.

    Attributes:
        alpha: (n,) integers of `alpha_type`; n divides the result's size, they repeat along the flattened result.
    """

    alpha: IntArray
    alpha_type: FixedPoint

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        same_size(self, sources)
        n = self.alpha.size
        if n == 0 or self.size % n:
            raise GraphError(f"node {self.name!r}: {n} slopes do not divide {self.size} values")
        check_array(self, "alpha", self.alpha, self.alpha_type, (n,))


@register("thresholded_relu")
@dataclass(frozen=True, eq=False, kw_only=True)
class ThresholdedRelu(Node):
    """`result(x)` where x is greater than theta, 0 elsewhere.

    Attributes:
        theta: (1,) integer of `theta_type`.
    """

    theta: IntArray
    theta_type: FixedPoint

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        same_size(self, sources)
        check_array(self, "theta", self.theta, self.theta_type, (1,))


@register("clipped_relu")
@dataclass(frozen=True, eq=False, kw_only=True)
class ClippedRelu(Node):
    """`result(min(max(x, 0), maximum))`.

    Attributes:
        maximum: a number, at least 1.
    """

    maximum: int

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        same_size(self, sources)
        if not 1 <= self.maximum < 1 << 31:
            raise GraphError(f"node {self.name!r} is clipped at {self.maximum}; it must be 1 to {(1 << 31) - 1}")
