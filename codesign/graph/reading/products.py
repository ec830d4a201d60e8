"""Which of hls4ml's products a layer's weights and inputs meet in, and the weights as the numbers they stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from codesign.errors import UnsupportedLayerError
from codesign.graph.fixed_point import FixedPoint
from codesign.graph.nodes import IntArray, frozen
from codesign.graph.nodes.product import Product
from codesign.graph.reading.precision import BINARY, class_names, input_precision, read_type, read_weight

_MAX_SHIFT = 62


@dataclass(frozen=True)
class Weights:
    """The constant operand of a layer's products.

    Attributes:
        values: integers of `type`.
        type: theirs.
        product: that they enter; one of `CONSTANT`.
        exponent_width: bits of the exponents that they are written as; 0 where they are not.
    """

    values: IntArray
    type: FixedPoint
    product: Product
    exponent_width: int


def product_kind(data: Any, weight: Any) -> Product:
    """The product that hls4ml's backend picks for two of its precisions (fpga_backend.py, product_type)."""
    data_names, weight_names = class_names(data), class_names(weight)
    if "ExponentPrecisionType" in weight_names:
        return Product.WEIGHT_EXPONENTIAL
    if "XnorPrecisionType" in weight_names:
        return Product.BOTH_BINARY if "XnorPrecisionType" in data_names else Product.WEIGHT_BINARY
    if "XnorPrecisionType" in data_names:
        return Product.DATA_BINARY
    if "IntegerPrecisionType" in weight_names and weight.width == 2 and weight.signed:
        return Product.WEIGHT_TERNARY
    return Product.MULT


def is_ap_uint1(precision: Any) -> bool:
    """Whether a precision is written as `ap_uint<1>`, which hls4ml's C++ takes for a binary number."""
    names = class_names(precision)
    if "XnorPrecisionType" in names:
        return True
    return "IntegerPrecisionType" in names and precision.width == 1 and not precision.signed


def counts_agreement(node: Any, key: str = "weight", index: int = 0) -> bool:
    """Whether hls4ml's C++ takes a layer's accumulator for a count of equal bits (nnet_mult.h, cast).

    It goes by the types alone, whatever product was picked.
    """
    return is_ap_uint1(input_precision(node, index)) and is_ap_uint1(node.weights[key].type.precision)


def read_products(node: Any, key: str = "weight", index: int = 0, *, data: Any = None) -> Weights:
    """A layer's weights and the product that they enter.

    Args:
        node: an hls4ml layer.
        key: of the weights.
        index: of the input that they are multiplied with.
        data: that input's precision, where it is none of the layer's inputs.

    Raises:
        UnsupportedLayerError: a type is none that we carry, or exponents are too far apart.
    """
    precision = node.weights[key].type.precision
    data = input_precision(node, index) if data is None else data
    kind = product_kind(data, precision)
    if kind is Product.WEIGHT_EXPONENTIAL:
        return _exponential(node, key, read_type(data, layer=node.name, what="input"), int(precision.width))
    values, type_ = read_weight(node, key)
    if kind in (Product.WEIGHT_BINARY, Product.BOTH_BINARY):
        product = Product.MULT if kind is Product.WEIGHT_BINARY else kind
        return Weights(frozen(np.where(values == 1, 1, -1)), BINARY, product, 0)
    if kind is Product.WEIGHT_TERNARY:
        return Weights(frozen(np.where(values == -2, 1, values)), type_, Product.MULT, 0)
    return Weights(values, type_, kind, 0)


def _exponential(node: Any, key: str, source: FixedPoint, width: int) -> Weights:
    """Weights that hls4ml writes as a sign and an exponent of `width` bits."""
    data = np.asarray(node.weights[key].data, dtype=np.float64)
    if not np.all(np.isfinite(data) & (data != 0)):
        raise UnsupportedLayerError(
            f"layer {node.name!r}: {key} holds zeros, and hls4ml writes a logarithm of every power-of-two weight; "
            "use a quantizer without zeros, or fixed-point weights"
        )
    half = 1 << (width - 1)
    exponents = ((np.log2(np.abs(data)).astype(np.int64) + half) % (2 * half)) - half
    low, high = int(exponents.min()), int(exponents.max())
    fraction = max(-low, 0)
    if high + fraction > _MAX_SHIFT:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: {key} spans powers of two from {low} to {high}; they may be {_MAX_SHIFT} apart at "
            "most: quantize with a smaller max_value"
        )
    values = np.where(data < 0, -1, 1) * (np.int64(1) << (exponents + fraction))
    type_ = FixedPoint(True, high + fraction + 2, high + 2)
    # The shift takes place in ap_fixed<2 n, n>; where that loses nothing it is a product like any other.
    n = width + source.width
    integer = source.integer + int(not source.signed) + 1
    lossless = max(integer, integer + high) <= n and max(source.fraction, source.fraction - low) <= n
    product = Product.MULT if lossless else Product.WEIGHT_EXPONENTIAL
    return Weights(frozen(values), type_, product, 0 if lossless else width)
