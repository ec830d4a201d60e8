"""Dense layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.errors import GraphError
from codesign.graph.fixed_point import FixedPoint
from codesign.graph.nodes.base import IntArray, Node, check_array, one_source, register
from codesign.graph.nodes.product import Product, check_products, is_bit

STRATEGIES = ("latency", "resource", "resource_unrolled", "distributed_arithmetic")
_RESOURCE = ("resource", "resource_unrolled")


@register("dense")
@dataclass(frozen=True, eq=False, kw_only=True)
class Dense(Node):
    """`result(accumulator(bias) + sum of accumulator(x * weight))`, added in the order of the strategy.

    Attributes:
        weight: (n_in, n_out) integers of `weight_type`.
        bias: (n_out,) integers of `bias_type`.
        accumulator: every product, and the bias, is cast to it before it is added; so is every partial sum.
        reuse_factor: times that the hardware uses one multiplier for a sample; at least 1.
        strategy: hls4ml's, one of `STRATEGIES`. It changes the order of the sums; `resource_unrolled` leaves out the
            products with weights that are zero.
        product: how inputs and weights are multiplied, one of `codesign.graph.nodes.product.CONSTANT`.
        exponent_width: bits of the exponents that weights of product `weight_exponential` are written as; else 0.
        counts_agreement: the accumulator holds how many of the n_in input and weight bits are equal, or so hls4ml's C++
            takes it: the result is made of `2 * accumulator - n_in`.
    """

    weight: IntArray
    weight_type: FixedPoint
    bias: IntArray
    bias_type: FixedPoint
    accumulator: FixedPoint
    reuse_factor: int = 1
    strategy: str = "latency"
    product: Product = Product.MULT
    exponent_width: int = 0
    counts_agreement: bool = False

    @property
    def order(self) -> IntArray | None:
        """The inputs in the order in which their products are added; None where it is ascending."""
        n_in = self.weight.shape[0]
        if self.strategy not in _RESOURCE or not 1 < self.reuse_factor < n_in:
            return None
        return np.concatenate([np.arange(start, n_in, self.reuse_factor) for start in range(self.reuse_factor)])

    @property
    def leaves_out_zeros(self) -> bool:
        """Whether products with weights that are zero are not added at all."""
        return self.strategy == "resource_unrolled" or self.product is not Product.MULT

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        source = one_source(self, sources)
        if self.weight.ndim != 2 or len(self.shape) != 1:
            raise GraphError(f"node {self.name!r}: a dense layer has a 2-D weight and a 1-D result")
        check_array(self, "weight", self.weight, self.weight_type, (source.size, self.shape[0]))
        check_array(self, "bias", self.bias, self.bias_type, (self.shape[0],))
        check_products(self, source.result, self.weight, self.product, self.exponent_width)
        if self.counts_agreement and not is_bit(source.result):
            raise GraphError(f"node {self.name!r} counts equal bits but reads {source.result}; it must be ufixed<1,1>")
        if self.reuse_factor < 1:
            raise GraphError(f"node {self.name!r} has reuse factor {self.reuse_factor}; it must be at least 1")
        if self.strategy not in STRATEGIES:
            raise GraphError(f"node {self.name!r} has strategy {self.strategy!r}; choose {', '.join(STRATEGIES)}")
        n_in = self.weight.shape[0]
        if self.strategy in _RESOURCE and (
            self.reuse_factor % n_in if self.reuse_factor > n_in else n_in % self.reuse_factor
        ):
            raise GraphError(
                f"node {self.name!r} has strategy {self.strategy} and reuse factor {self.reuse_factor}; "
                f"it must divide the {n_in} inputs, or be a multiple of them"
            )
