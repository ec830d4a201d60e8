"""Products of two results, or of one and weights, added up (nnet_merge.h, nnet_einsum.h, nnet_einsum_dense.h)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.graph import Dot, Einsum, EinsumDense, FixedPoint, Overflow, Product
from codesign.graph.cast import Integers, cast, count, magnitude_bits, round_to, shift_left, widen
from codesign.simulate.kernels.operand import Operand, accumulator_overflows, before_result, precast
from codesign.simulate.kernels.sums import accumulate, agreement, agreement_type, overflows, terms


def _factors(left: Operand, right: Operand, product: Product) -> tuple[Integers, Integers, int]:
    """Two operands whose plain products are what the product gives, and the fraction bits of those."""
    a, b = left.values, right.values
    if product is Product.WEIGHT_BINARY:
        return a, 2 * b - 1, left.type.fraction
    if product is Product.DATA_BINARY:
        return 2 * a - 1, b, right.type.fraction
    if product is Product.WEIGHT_TERNARY:
        return a, np.where(b == -2, 1, b), left.type.fraction
    if product is Product.BOTH_BINARY:  # of the two products of an input, one is zero and the other tells agreement
        return (
            np.stack([a, 1 - a], axis=-1).reshape(*a.shape[:-1], -1),
            (np.stack([b, 1 - b], axis=-1).reshape(*b.shape[:-1], -1)),
            0,
        )
    return a, b, left.type.fraction + right.type.fraction


def _summed(
    left: Integers, right: Integers, fraction: int, accumulator: FixedPoint, *, cast_products: bool
) -> Integers:
    """Sums over the last axis, every partial one cast into the accumulator.

    Args:
        left: (..., l, c) integers.
        right: (..., m, c) integers.
        fraction: fraction bits of their products.
        accumulator: the type of the sums.
        cast_products: a product is cast too before it is added.

    Returns:
        (..., l, m) integers of the accumulator.
    """
    bits = magnitude_bits(left) + magnitude_bits(right) + left.shape[-1].bit_length()
    if fraction <= accumulator.fraction and accumulator.overflow is Overflow.WRAP:
        # No sum is rounded, and sums modulo 2**width do not depend on where they wrap.
        return cast(_exact(left, right, bits), fraction, accumulator)
    left, right = widen(left, bits), widen(right, bits)
    up, down = max(accumulator.fraction - fraction, 0), max(fraction - accumulator.fraction, 0)
    total = np.zeros((*left.shape[:-1], right.shape[-2]), dtype=np.int64)
    for index in range(left.shape[-1]):
        product = left[..., :, None, index] * right[..., None, :, index]
        if cast_products:
            added = widen(total, accumulator.width + 2) + cast(product, fraction, accumulator)
            total = cast(added, accumulator.fraction, accumulator)
            continue
        product = shift_left(product, up)
        whole = shift_left(total, down)
        added = widen(whole, max(magnitude_bits(whole), magnitude_bits(product)) + 1) + product
        total = cast(added, accumulator.fraction + down, accumulator)
    return total


def _exact(left: Integers, right: Integers, bits: int) -> Integers:
    """`left @ right` transposed, exactly, for sums of at most so many bits."""
    across = np.swapaxes(right, -1, -2)
    if bits <= 53:
        return np.asarray((left.astype(np.float64) @ across.astype(np.float64)).astype(np.int64))
    return np.asarray(widen(left, bits) @ widen(across, bits))


def _exceeded(left: Integers, right: Integers, fraction: int, accumulator: FixedPoint) -> int:
    """How many of the sums, had the accumulator no limit, would have ended outside its range."""
    bits = magnitude_bits(left) + magnitude_bits(right) + left.shape[-1].bit_length()
    total = _exact(left, right, bits)
    return count(round_to(total, fraction, accumulator), accumulator.fraction, accumulator).overflowed


def _dot_rows(node: Dot, operands: Sequence[Operand]) -> tuple[Integers, Integers, int]:
    left, right = (Operand(x.values.reshape(x.values.shape[0], 1, -1), x.type) for x in operands)
    return _factors(left, right, node.product)


@precast.register
def _(node: Dot, operands: Sequence[Operand]) -> tuple[Integers, int]:
    left, right, fraction = _dot_rows(node, operands)
    total = _summed(left, right, fraction, node.accumulator, cast_products=True)
    return total.reshape(-1, 1), node.accumulator.fraction


@accumulator_overflows.register
def _(node: Dot, operands: Sequence[Operand]) -> int:
    return _exceeded(*_dot_rows(node, operands), node.accumulator)


@before_result.register(Dot)
@before_result.register(Einsum)
def _(node: Dot | Einsum, types: Sequence[FixedPoint]) -> FixedPoint:
    return node.accumulator


def _reordered(values: Integers, axes: tuple[int, ...]) -> Integers:
    """The axes behind the first one, which counts samples, in another order."""
    return np.asarray(np.transpose(values, (0, *(axis + 1 for axis in axes))))


def _einsum_rows(node: Einsum, operands: Sequence[Operand]) -> tuple[Integers, Integers, int]:
    rows = []
    for x, axes in zip(operands, (node.left_axes, node.right_axes), strict=True):
        ordered = _reordered(x.values, axes).reshape(x.values.shape[0], node.n_inplace, -1, node.n_contract)
        rows.append(Operand(ordered, x.type))
    return _factors(rows[0], rows[1], node.product)


@precast.register
def _(node: Einsum, operands: Sequence[Operand]) -> tuple[Integers, int]:
    left, right, fraction = _einsum_rows(node, operands)
    total = _summed(left, right, fraction, node.accumulator, cast_products=node.casts_products)
    interim = total.reshape(total.shape[0], *node.interim_shape)
    return _reordered(interim, node.result_axes), node.accumulator.fraction


@accumulator_overflows.register
def _(node: Einsum, operands: Sequence[Operand]) -> int:
    return _exceeded(*_einsum_rows(node, operands), node.accumulator)


def _places(node: EinsumDense, x: Operand) -> Integers:
    """(samples, places, free, contracted) numbers of x."""
    return _reordered(x.values, node.source_axes).reshape(x.values.shape[0], *node.bias.shape[:2], node.weight.shape[1])


@precast.register
def _(node: EinsumDense, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    bias = cast(node.bias, node.bias_type.fraction, node.accumulator, source=node.bias_type)
    rows = _places(node, x)
    sums = []
    for place, free in np.ndindex(*bias.shape[:2]):
        found = terms(
            rows[:, place, free], x.type, node.weight[place], node.weight_type, node.product, node.exponent_width
        )
        sums.append(
            accumulate(
                found.x,
                found.weight,
                bias[place, free],
                fraction=found.fraction,
                accumulator=node.accumulator,
                leaves_out_zeros=node.product is not Product.MULT,
            )
        )
    total, fraction = np.stack(sums, axis=1), node.accumulator.fraction
    if node.counts_agreement:
        total, type_ = agreement(total, node.accumulator, node.weight.shape[1])
        fraction = type_.fraction
    return _reordered(total.reshape(total.shape[0], *node.interim_shape), node.result_axes), fraction


@before_result.register
def _(node: EinsumDense, types: Sequence[FixedPoint]) -> FixedPoint:
    return agreement_type(node.weight.shape[1]) if node.counts_agreement else node.accumulator


@accumulator_overflows.register
def _(node: EinsumDense, operands: Sequence[Operand]) -> int:
    (x,) = operands
    bias = round_to(node.bias, node.bias_type.fraction, node.accumulator)
    rows = _places(node, x)
    exceeded = 0
    for place, free in np.ndindex(*bias.shape[:2]):
        found = terms(
            rows[:, place, free], x.type, node.weight[place], node.weight_type, node.product, node.exponent_width
        )
        exceeded += overflows(
            found.x, found.weight, bias[place, free], fraction=found.fraction, accumulator=node.accumulator
        )
    return exceeded
