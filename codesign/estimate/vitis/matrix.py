"""The matrix products inside layers: each is what a dense layer's module would be."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from codesign.errors import UnsupportedLayerError
from codesign.estimate.conditions import Conditions, IoType
from codesign.estimate.vitis import fabric
from codesign.estimate.vitis.fabric import Cost
from codesign.estimate.vitis.module import module
from codesign.estimate.vitis.multipliers import DSP_OPERANDS, magnitude_bits, signed_digits
from codesign.graph import Dense, FixedPoint, Input, IntArray, Node, Product
from codesign.rtl.folded.multipliers import Multipliers

_MOST_COLUMNS = 32
"""Of a matrix with one block a channel that is estimated at once; its zeros are looked at too."""


@dataclass(frozen=True)
class Matrix:
    """A product of numbers with constant weights.

    Attributes:
        node: the layer, whose name counts for reuse factors and messages.
        source: type of the numbers.
        weight: (n_in, n_out) integers of `weight_type`.
        bias: (n_out,) integers of `bias_type`.
        accumulator: of the sums.
        result: type that these are cast to.
        strategy: hls4ml's.
        reuse_factor: times that one multiplier is used.
        product: how numbers and weights are multiplied.
        exponent_width: as in `Dense`.
    """

    node: Node
    source: FixedPoint
    weight: IntArray
    weight_type: FixedPoint
    bias: IntArray
    bias_type: FixedPoint
    accumulator: FixedPoint
    result: FixedPoint
    strategy: str = "latency"
    reuse_factor: int = 1
    product: Product = Product.MULT
    exponent_width: int = 0


@dataclass(frozen=True)
class MatrixModule:
    """What a matrix product takes, and its clocks."""

    cost: Cost
    latency: int
    interval: int


def matrix_module(matrix: Matrix, conditions: Conditions) -> MatrixModule:
    """What the product takes, as the dense layer that it is.

    Raises:
        UnsupportedLayerError: there is no model of its strategy.
    """
    n_in, n_out = matrix.weight.shape
    matrix, apart = _without_wide(matrix, conditions)
    source = Input(name=f"{matrix.node.name}_in", inputs=(), shape=(n_in,), result=matrix.source)
    dense = Dense(
        name=matrix.node.name,
        inputs=(source.name,),
        shape=(n_out,),
        result=matrix.result,
        source=matrix.node.source,
        weight=matrix.weight,
        weight_type=matrix.weight_type,
        bias=matrix.bias,
        bias_type=matrix.bias_type,
        accumulator=matrix.accumulator,
        reuse_factor=matrix.reuse_factor,
        strategy=matrix.strategy,
        product=matrix.product,
        exponent_width=matrix.exponent_width,
    )
    # Inside a layer, operands are at hand: what a stream adds is that layer's.
    row = module(dense, (source,), parallel(conditions))
    if row is None:
        raise UnsupportedLayerError(
            f"layer {matrix.node.name!r}: a matrix of {n_in} x {n_out} without a module; use --flow rtl"
        )
    return MatrixModule(Cost(row.lut, row.ff, row.dsp, row.bram18) + apart, row.latency, row.interval)


def _without_wide(matrix: Matrix, conditions: Conditions) -> tuple[Matrix, Cost]:
    """The same without products of which both operands are wider than a DSP block's ports, and what those take.

    Vitis HLS adds shifts for them: that rule gives the blocks of the one report with such products.
    """
    wide, narrow = DSP_OPERANDS[conditions.target.family]
    apart = 1 + magnitude_bits(matrix.weight) > narrow
    if matrix.source.width <= wide or conditions.multipliers is Multipliers.DSP or not apart.any():
        return matrix, Cost()
    cost = Cost()
    for constant, digits in zip(matrix.weight[apart], signed_digits(matrix.weight[apart]), strict=True):
        span = matrix.source.width + abs(int(constant)).bit_length()
        cost += fabric.add(span).times(max(1, int(digits) - 1)) + fabric.add(matrix.accumulator.width)
        cost += fabric.registers(1, span)
    type_ = replace(matrix.weight_type, width=narrow, integer=narrow - matrix.weight_type.fraction)
    return replace(matrix, weight=np.where(apart, 0, matrix.weight), weight_type=type_), cost


def channel_modules(matrix: Matrix, places: int, conditions: Conditions) -> MatrixModule:
    """What products of one small vector for each channel take.

    Args:
        matrix: its weight is (places, channels): one column for each channel's own numbers.
        places: numbers that each channel reads.
        conditions: what is asked for.
    """
    channels = matrix.weight.shape[1]
    cost, latency, interval = Cost(), 0, 1
    for start in range(0, channels, _MOST_COLUMNS):
        columns = matrix.weight[:, start : start + _MOST_COLUMNS]
        count = columns.shape[1]
        blocks = np.zeros((places, count, count), dtype=np.int64)
        blocks[:, np.arange(count), np.arange(count)] = columns
        part = matrix_module(
            Matrix(
                matrix.node,
                matrix.source,
                blocks.reshape(places * count, count),
                matrix.weight_type,
                matrix.bias[start : start + _MOST_COLUMNS],
                matrix.bias_type,
                matrix.accumulator,
                matrix.result,
                "latency",
                1,
                matrix.product,
                matrix.exponent_width,
            ),
            conditions,
        )
        cost, latency, interval = cost + part.cost, max(latency, part.latency), max(interval, part.interval)
    return MatrixModule(cost, latency, interval)


def parallel(conditions: Conditions) -> Conditions:
    """The same, for what works on whole tensors inside a layer."""
    return replace(conditions, io_type=IoType.PARALLEL)
