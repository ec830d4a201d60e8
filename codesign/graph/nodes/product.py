"""How a weight and a number are multiplied: hls4ml has products of its own for one- and two-bit operands and shifts."""

from __future__ import annotations

from enum import Enum

import numpy as np

from codesign.errors import GraphError
from codesign.graph.fixed_point import FixedPoint
from codesign.graph.nodes.base import IntArray, Node


class Product(str, Enum):
    """hls4ml's products (nnet_mult.h).

    A node with constant weights carries those of `CONSTANT` only: binary weights stand there as -1 and 1, and ternary
    ones as what they are taken for, so that both are plain products.
    """

    MULT = "mult"
    WEIGHT_BINARY = "weight_binary"  # a weight of one bit stands for -1 or 1
    DATA_BINARY = "data_binary"  # a number of one bit stands for -1 or 1
    BOTH_BINARY = "both_binary"  # 1 where both bits are the same, 0 elsewhere
    WEIGHT_TERNARY = "weight_ternary"  # a weight of two bits: 0, -1, and 1 for all others
    WEIGHT_EXPONENTIAL = "weight_exponential"  # a shift, inside a type that may lose bits at both ends


CONSTANT = (Product.MULT, Product.DATA_BINARY, Product.BOTH_BINARY, Product.WEIGHT_EXPONENTIAL)


def is_bit(type_: FixedPoint) -> bool:
    """Whether a type holds 0 and 1 and nothing else."""
    return (type_.signed, type_.width, type_.integer) == (False, 1, 1)


def check_products(
    node: Node, source: FixedPoint, weight: IntArray, product: Product, exponent_width: int, *, what: str = "weight"
) -> None:
    """Refuse weights or inputs that a product does not take.

    Args:
        node: for messages.
        source: type of the numbers that are multiplied with the weights.
        weight: their integers.
        product: of the node.
        exponent_width: bits of the exponents that the weights are written as; 0 where they are not.
        what: the weights' name.

    Raises:
        GraphError: naming the node and what is wrong.
    """
    if product not in CONSTANT:
        raise GraphError(
            f"node {node.name!r} has product {product.value!r} with constant weights; write the weights as the numbers "
            f"they stand for, and one of {', '.join(item.value for item in CONSTANT)}"
        )
    if product in (Product.DATA_BINARY, Product.BOTH_BINARY) and not is_bit(source):
        raise GraphError(f"node {node.name!r} has product {product.value!r} but reads {source}; it must be ufixed<1,1>")
    if product is Product.BOTH_BINARY and np.any(np.abs(weight) > 1):
        raise GraphError(f"node {node.name!r}: a {what} of product both_binary is -1 or 1 (or 0, where it is left out)")
    exponential = product is Product.WEIGHT_EXPONENTIAL
    if exponential != (exponent_width > 0) or not 0 <= exponent_width <= 32:
        raise GraphError(
            f"node {node.name!r} has exponents of {exponent_width} bits and product {product.value!r}; "
            "weight_exponential has exponents of 1 to 32 bits, any other product has none (0)"
        )
    if exponential and np.any(np.abs(weight) & (np.abs(weight) - 1)):
        raise GraphError(
            f"node {node.name!r}: a {what} of product weight_exponential is a power of two, or its negative"
        )
