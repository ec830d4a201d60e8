"""What a folded layer multiplies: any dense layer or convolution as a matrix of plain products."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.errors import UnsupportedLayerError
from codesign.graph import Convolution, Dense, DepthwiseConvolution, FixedPoint, IntArray, Product
from codesign.graph.cast import cast

Weighted = Dense | Convolution | DepthwiseConvolution


@dataclass(frozen=True, eq=False)
class Matrix:
    """Sums `bias + sum of number * weight`, as integers.

    Attributes:
        layer: name, for messages.
        weight: (n, n_out) integers, as Python's.
        bias: (n_out,) integers of the accumulator, as Python's.
        extra: (n_out,) what all products of an output have beside number * weight, at the products' fraction bits.
        number: type of the numbers.
        plus_minus: the numbers are bits that stand for -1 and 1.
        fraction: fraction bits of a product.
        accumulator: as the Graph's.
        result: as the Graph's.
        agreement: as `Convolution.agreement`.
        order: (n,) in which the terms of each output are added, or (n, n_out) where outputs differ.
        own: each output has numbers of its own: number i of output c is number i * n_out + c of the vector.
        skips_zeros: products with weights of zero are not added.
    """

    layer: str
    weight: npt.NDArray[Any]
    bias: npt.NDArray[Any]
    extra: npt.NDArray[Any]
    number: FixedPoint
    plus_minus: bool
    fraction: int
    accumulator: FixedPoint
    result: FixedPoint
    agreement: int
    order: IntArray
    own: bool
    skips_zeros: bool

    @property
    def terms(self) -> int:
        """Of each sum."""
        return int(self.weight.shape[0])

    @property
    def outputs(self) -> int:
        """Sums."""
        return int(self.weight.shape[1])

    @property
    def inputs(self) -> int:
        """Numbers of a vector."""
        return self.terms * self.outputs if self.own else self.terms

    @property
    def weight_bits(self) -> int:
        """Of the narrowest signed type that holds every weight."""
        low, high = int(self.weight.min()), int(self.weight.max())
        return max(low.__invert__().bit_length() if low < 0 else 0, high.bit_length()) + 1


@singledispatch
def _order(node: Weighted) -> IntArray:
    raise TypeError(f"{type(node).__name__} has no sums")


@_order.register(Dense)
@_order.register(Convolution)
def _(node: Dense | Convolution) -> IntArray:
    order = node.order
    return np.arange(node.weight.size // node.weight.shape[-1]) if order is None else order


@_order.register
def _(node: DepthwiseConvolution) -> IntArray:
    channels = node.weight.shape[-1]
    ascending = np.arange(node.weight.size // channels)
    orders = [node.order(channel) for channel in range(channels)]
    return np.stack([ascending if order is None else order for order in orders], axis=1)


def _agreement(node: Weighted) -> int:
    if isinstance(node, Dense):
        return node.weight.shape[0] if node.counts_agreement else 0
    return node.agreement


def matrix(node: Weighted, source: FixedPoint) -> Matrix:
    """The products of a node.

    Args:
        node: a layer.
        source: type of the numbers that it reads.

    Raises:
        UnsupportedLayerError: its products are not folded.
    """
    types = (source, node.weight_type, node.bias_type, node.accumulator, node.result)
    if any(type_.significant is not None for type_ in types):
        raise UnsupportedLayerError(
            f"layer {node.name!r}: the RTL flow has no floating-point arithmetic; state fixed-point types"
        )
    if node.product is Product.WEIGHT_EXPONENTIAL:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: its shifts lose bits (product weight_exponential), which is not folded; "
            "give it reuse factor 1, or quantize its weights with quantized_bits"
        )
    weight = node.weight.reshape(-1, node.weight.shape[-1]).astype(object)
    plus_minus = node.product is Product.DATA_BINARY
    both = node.product is Product.BOTH_BINARY
    bias = cast(node.bias, node.bias_type.fraction, node.accumulator, source=node.bias_type).astype(object)
    # A pair of equal bits counts 1: x where the weight is 1, and 1 - x where it is -1.
    extra = np.sum(weight == -1, axis=0).astype(object) if both else np.zeros(weight.shape[1], dtype=object)
    fraction = 0 if both else node.weight_type.fraction + (0 if plus_minus else source.fraction)
    return Matrix(
        layer=node.name,
        weight=weight,
        bias=bias,
        extra=extra,
        number=FixedPoint(True, 2, 2) if plus_minus else source,
        plus_minus=plus_minus,
        fraction=fraction,
        accumulator=node.accumulator,
        result=node.result,
        agreement=_agreement(node),
        order=_order(node),
        own=isinstance(node, DepthwiseConvolution),
        skips_zeros=node.leaves_out_zeros,
    )
