"""Dense layers."""

from __future__ import annotations

from dataclasses import dataclass

from codesign.errors import GraphError
from codesign.graph.fixed_point import FixedPoint, Overflow
from codesign.graph.nodes.base import IntArray, Node, check_array, one_source, register

STRATEGIES = ("latency", "resource")


@register("dense")
@dataclass(frozen=True, eq=False, kw_only=True)
class Dense(Node):
    """`result(accumulator(bias) + sum of accumulator(x * weight))`, added in order of the inputs.

    Attributes:
        weight: (n_in, n_out) integers of `weight_type`.
        bias: (n_out,) integers of `bias_type`.
        accumulator: every product, and the bias, is cast to it before it is added; so is every partial sum.
        reuse_factor: times that the hardware uses one multiplier for a sample; at least 1.
        strategy: hls4ml's, one of `STRATEGIES`; it changes the hardware, never the numbers.
    """

    weight: IntArray
    weight_type: FixedPoint
    bias: IntArray
    bias_type: FixedPoint
    accumulator: FixedPoint
    reuse_factor: int = 1
    strategy: str = "latency"

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        source = one_source(self, sources)
        if self.weight.ndim != 2 or len(self.shape) != 1:
            raise GraphError(f"node {self.name!r}: a dense layer has a 2-D weight and a 1-D result")
        check_array(self, "weight", self.weight, self.weight_type, (source.size, self.shape[0]))
        check_array(self, "bias", self.bias, self.bias_type, (self.shape[0],))
        if self.reuse_factor < 1:
            raise GraphError(f"node {self.name!r} has reuse factor {self.reuse_factor}; it must be at least 1")
        if self.strategy not in STRATEGIES:
            raise GraphError(f"node {self.name!r} has strategy {self.strategy!r}; choose {' or '.join(STRATEGIES)}")
        if self.strategy == "resource" and self.reuse_factor > 1 and self.accumulator.overflow is not Overflow.WRAP:
            # nnet_dense_resource.h adds every reuse_factor-th product first, which saturation can tell apart.
            raise GraphError(
                f"node {self.name!r} has strategy resource, reuse factor {self.reuse_factor} and accumulator "
                f"{self.accumulator}: where sums saturate their order counts; use an accumulator that wraps, or latency"
            )
