"""Scale and bias: batch normalization that is not fused, and the scales of QKeras' alpha."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from codesign.errors import GraphError
from codesign.graph.fixed_point import FixedPoint
from codesign.graph.nodes.base import IntArray, Node, check_array, register, same_size
from codesign.graph.nodes.product import Product, check_products


class NormalizeKind(str, Enum):
    """Where the scale and bias come from."""

    BATCH_NORMALIZATION = "batch_normalization"
    APPLY_ALPHA = "apply_alpha"


@register("normalize")
@dataclass(frozen=True, eq=False, kw_only=True)
class Normalize(Node):
    """`result(x * scale + bias)` at full precision; scale and bias repeat along the last axis.

    Attributes:
        scale: (n,) integers of `scale_type`, where n divides the result's size.
        bias: (n,) integers of `bias_type`.
        product: how x and the scale are multiplied, one of `codesign.graph.nodes.product.CONSTANT`.
        exponent_width: bits of the exponents that scales of product `weight_exponential` are written as; else 0.
    """

    kind: NormalizeKind
    scale: IntArray
    scale_type: FixedPoint
    bias: IntArray
    bias_type: FixedPoint
    product: Product = Product.MULT
    exponent_width: int = 0

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        source = same_size(self, sources)
        n = self.scale.size
        if n == 0 or self.size % n:
            raise GraphError(f"node {self.name!r}: {n} scales do not divide {self.size} values")
        check_array(self, "scale", self.scale, self.scale_type, (n,))
        check_array(self, "bias", self.bias, self.bias_type, (n,))
        check_products(self, source.result, self.scale, self.product, self.exponent_width, what="scale")
