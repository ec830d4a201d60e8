"""Products of two results, or of one and weights, added up (nnet_merge.h, nnet_einsum.h, nnet_einsum_dense.h)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.graph import Dot, Einsum, EinsumDense, FixedPoint, Product
from codesign.rtl.arithmetic import (
    Variable,
    all_bits,
    any_bit,
    choose,
    constant,
    invert,
    multiply,
)
from codesign.rtl.casting import cast
from codesign.rtl.logic.base import Wires, precast
from codesign.rtl.logic.sums import ObjectArray, accumulate, add_up, agreement, cast_bias, terms


def _binary(flag: Variable, v: Variable) -> Variable:
    """`v` where the flag is 1, `-v` where it is 0."""
    return choose(flag, v, -v)


def _product(a: Variable, b: Variable, product: Product) -> Variable:
    if product is Product.WEIGHT_BINARY:
        return _binary(b, a)
    if product is Product.DATA_BINARY:
        return _binary(a, b)
    if product is Product.BOTH_BINARY:
        return choose(a, b, invert(b))
    if product is Product.WEIGHT_TERNARY:  # 0 and -1 are themselves, anything else is 1
        return choose(all_bits(b), -a, choose(any_bit(b), a, constant(0)))
    return multiply(a, b)


def _fraction(left: FixedPoint, right: FixedPoint, product: Product) -> int:
    if product is Product.BOTH_BINARY:
        return 0
    if product is Product.DATA_BINARY:
        return right.fraction
    if product in (Product.WEIGHT_BINARY, Product.WEIGHT_TERNARY):
        return left.fraction
    return left.fraction + right.fraction


def _summed(
    left: Sequence[Variable],
    right: Sequence[Variable],
    fraction: int,
    node: Dot | Einsum,
    *,
    cast_products: bool,
) -> Variable:
    """The sum of the products of two rows, every partial one cast into the accumulator."""
    products = [_product(a, b, node.product) for a, b in zip(left, right, strict=True)]
    if cast_products:
        products = [cast(v, fraction, node.accumulator) for v in products]
        fraction = node.accumulator.fraction
    return add_up(products, fraction, 0, node.accumulator)


@precast.register
def _(node: Dot, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    left, right = operands
    fraction = _fraction(left.type, right.type, node.product)
    return [_summed(left.values, right.values, fraction, node, cast_products=True)], node.accumulator.fraction


def _array(x: Wires, axes: tuple[int, ...]) -> ObjectArray:
    """The numbers with their axes in another order."""
    values = np.empty(len(x.values), dtype=object)
    values[:] = x.values
    return np.asarray(values.reshape(x.shape).transpose(axes))


def _reordered(values: ObjectArray, interim: tuple[int, ...], axes: tuple[int, ...]) -> list[Variable]:
    return list(values.reshape(interim).transpose(axes).ravel())


@precast.register
def _(node: Einsum, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    rows = [
        _array(x, axes).reshape(node.n_inplace, -1, node.n_contract)
        for x, axes in zip(operands, (node.left_axes, node.right_axes), strict=True)
    ]
    fraction = _fraction(operands[0].type, operands[1].type, node.product)
    found = np.empty((node.n_inplace, rows[0].shape[1], rows[1].shape[1]), dtype=object)
    for i, free, other in np.ndindex(*found.shape):
        left, right = list(rows[0][i, free]), list(rows[1][i, other])
        found[i, free, other] = _summed(left, right, fraction, node, cast_products=node.casts_products)
    return _reordered(found, node.interim_shape, node.result_axes), node.accumulator.fraction


@precast.register
def _(node: EinsumDense, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    (x,) = operands
    contracted = node.weight.shape[1]
    rows = _array(x, node.source_axes).reshape(*node.bias.shape[:2], contracted)
    found = np.empty(node.bias.shape, dtype=object)
    fraction = node.accumulator.fraction
    for place, free in np.ndindex(*node.bias.shape[:2]):
        weight = node.weight[place]
        each = terms(list(rows[place, free]), x.type, weight, node.weight_type, node.product, node.exponent_width)
        bias = cast_bias(node.bias[place, free], node.bias_type, node.accumulator)
        sums = accumulate(each, bias, node.accumulator, leaves_out_zeros=node.product is not Product.MULT)
        if node.counts_agreement:
            counted = [agreement(v, node.accumulator, contracted) for v in sums]
            sums, fraction = [v for v, _ in counted], counted[0][1].fraction
        found[place, free] = sums
    return _reordered(found, node.interim_shape, node.result_axes), fraction
