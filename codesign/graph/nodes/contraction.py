"""Nodes that multiply two results, or one and weights, and add up along axes that both have."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from codesign.errors import GraphError
from codesign.graph.fixed_point import FixedPoint
from codesign.graph.nodes.base import IntArray, Node, check_array, one_source, register
from codesign.graph.nodes.merge import two_sources
from codesign.graph.nodes.product import Product, check_products, is_bit

_BINARY_LEFT = (Product.DATA_BINARY, Product.BOTH_BINARY)
_BINARY_RIGHT = (Product.WEIGHT_BINARY, Product.BOTH_BINARY)


def check_operands(node: Node, left: FixedPoint, right: FixedPoint, product: Product) -> None:
    """Refuse results that a product does not take.

    Raises:
        GraphError: naming the node and what is wrong.
    """
    if product is Product.WEIGHT_EXPONENTIAL:
        raise GraphError(f"node {node.name!r} has product {product.value!r}, which takes weights and no results")
    for binary, type_ in ((_BINARY_LEFT, left), (_BINARY_RIGHT, right)):
        if product in binary and not is_bit(type_):
            raise GraphError(
                f"node {node.name!r} has product {product.value!r} but reads {type_} where it takes ufixed<1,1>"
            )
    if product is Product.WEIGHT_TERNARY and (right.signed, right.width, right.integer) != (True, 2, 2):
        raise GraphError(
            f"node {node.name!r} has product {product.value!r} but its second operand is {right}; it must be int<2>"
        )


def check_axes(node: Node, what: str, axes: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """The lengths of the axes of `shape` in another order.

    Raises:
        GraphError: `axes` does not name every one of them once.
    """
    if sorted(axes) != list(range(len(shape))):
        raise GraphError(f"node {node.name!r}: {what} {axes} does not name each axis of shape {shape} once")
    return tuple(shape[axis] for axis in axes)


@register("dot")
@dataclass(frozen=True, eq=False, kw_only=True)
class Dot(Node):
    """`result(sum of accumulator(a * b))` over all numbers of two results; every partial sum is cast too.

    Attributes:
        accumulator: the type of every product and sum.
        product: how two numbers are multiplied.
    """

    accumulator: FixedPoint
    product: Product = Product.MULT

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        left, right = two_sources(self, sources)
        if left.size != right.size or self.shape != (1,):
            raise GraphError(
                f"node {self.name!r} has shape {self.shape} and multiplies shapes {left.shape} and {right.shape}; "
                "both must have as many numbers, and the result one"
            )
        check_operands(self, left.result, right.result, self.product)


@register("einsum")
@dataclass(frozen=True, eq=False, kw_only=True)
class Einsum(Node):
    """Sums of products of two results over axes that both have, in hls4ml's order.

    The axes of either operand are brought into the order: in place (both operands and the result have them), free
    (the other operand lacks them), contracted. Then, for every place i, free l of the left and m of the right operand,
    with `total` 0 at first and c ascending, `total = accumulator(total + left[i, l, c] * right[i, m, c])`.
    `result(total)` is number (i, l, m) of the interim shape, whose axes are brought into the result's order.

    Attributes:
        left_axes: of the first operand, in that order.
        right_axes: of the second operand, in that order.
        n_inplace: numbers along the axes in place.
        n_contract: products in every sum.
        interim_shape: of the result before its axes are reordered.
        result_axes: of the interim shape, in the result's order.
        accumulator: the type of every sum.
        casts_products: every product is cast to it too before it is added.
        product: how two numbers are multiplied.
    """

    left_axes: tuple[int, ...]
    right_axes: tuple[int, ...]
    n_inplace: int
    n_contract: int
    interim_shape: tuple[int, ...]
    result_axes: tuple[int, ...]
    accumulator: FixedPoint
    casts_products: bool = False
    product: Product = Product.MULT

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        left, right = two_sources(self, sources)
        check_axes(self, "left_axes", self.left_axes, left.shape)
        check_axes(self, "right_axes", self.right_axes, right.shape)
        check_interim(self, self.interim_shape, self.result_axes)
        each = self.n_inplace * self.n_contract
        if self.n_inplace < 1 or self.n_contract < 1 or left.size % each or right.size % each:
            raise GraphError(
                f"node {self.name!r}: {self.n_inplace} places of sums of {self.n_contract} products do not divide "
                f"shapes {left.shape} and {right.shape}"
            )
        if self.size != self.n_inplace * (left.size // each) * (right.size // each):
            raise GraphError(
                f"node {self.name!r} has shape {self.shape}, but shapes {left.shape} and {right.shape} give "
                f"{self.n_inplace} x {left.size // each} x {right.size // each} numbers"
            )
        check_operands(self, left.result, right.result, self.product)


def check_interim(node: Node, interim_shape: tuple[int, ...], result_axes: tuple[int, ...]) -> None:
    """Refuse an interim shape that does not become the node's shape.

    Raises:
        GraphError: naming the node and both shapes.
    """
    if check_axes(node, "result_axes", result_axes, interim_shape) != node.shape:
        raise GraphError(
            f"node {node.name!r} has shape {node.shape}, but axes {result_axes} of shape {interim_shape} give another"
        )


@register("einsum_dense")
@dataclass(frozen=True, eq=False, kw_only=True)
class EinsumDense(Node):
    """A dense layer over some axes of what it reads, with weights for each place of others.

    The axes of x are brought into the order: in place, free, contracted; then, for every place i and free l, numbers
    (i, l) of the interim shape are a dense layer of x[i, l] with weight[i] and bias[i, l].

    Attributes:
        source_axes: of x, in that order.
        weight: (places, contracted, filters) integers of `weight_type`.
        bias: (places, free, filters) integers of `bias_type`.
        interim_shape: of the result before its axes are reordered.
        result_axes: of the interim shape, in the result's order.
        accumulator: every product, and the bias, is cast to it before it is added; so is every partial sum.
        product: how inputs and weights are multiplied, one of `codesign.graph.nodes.product.CONSTANT`.
        exponent_width: bits of the exponents that weights of product `weight_exponential` are written as; else 0.
        counts_agreement: as that of a dense layer.
    """

    source_axes: tuple[int, ...]
    weight: IntArray
    weight_type: FixedPoint
    bias: IntArray
    bias_type: FixedPoint
    interim_shape: tuple[int, ...]
    result_axes: tuple[int, ...]
    accumulator: FixedPoint
    product: Product = Product.MULT
    exponent_width: int = 0
    counts_agreement: bool = False

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        source = one_source(self, sources)
        check_axes(self, "source_axes", self.source_axes, source.shape)
        check_interim(self, self.interim_shape, self.result_axes)
        if self.weight.ndim != 3 or self.bias.ndim != 3:
            raise GraphError(f"node {self.name!r}: weight and bias must have three axes each")
        places, contracted, filters = self.weight.shape
        free = self.bias.shape[1]
        check_array(self, "weight", self.weight, self.weight_type, None)
        check_array(self, "bias", self.bias, self.bias_type, (places, free, filters))
        if source.size != places * free * contracted or self.size != prod(self.bias.shape) or not self.weight.size:
            raise GraphError(
                f"node {self.name!r}: weights of shape {self.weight.shape} and {free} free rows do not lead from shape "
                f"{source.shape} to {self.shape}"
            )
        check_products(self, source.result, self.weight, self.product, self.exponent_width)
        if self.counts_agreement and not is_bit(source.result):
            raise GraphError(f"node {self.name!r} counts equal bits but reads {source.result}; it must be ufixed<1,1>")
