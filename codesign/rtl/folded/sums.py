"""How the products of a folded layer are added exactly: in which width, and what is cast on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.errors import UnsupportedLayerError
from codesign.graph import FixedPoint, Overflow
from codesign.graph.cast import round_to
from codesign.rtl.folded.matrix import Matrix


@dataclass(frozen=True, eq=False)
class Sums:
    """Accumulators, and the terms that are added to them.

    Attributes:
        bits: of an accumulator.
        signed: it is.
        fraction: its fraction bits.
        low: the smallest integer that a whole sum can be.
        high: the largest.
        bias: (n_out,) the integers that the sums begin with.
        up: bits by which a term is moved up before it is added.
        cast: each product is cast into `term` before it is added.
        term: bits of a term.
        term_signed: it is.
        chain: each sum is cast, so that the order counts; else any order and any tree of adders gives the same.
    """

    bits: int
    signed: bool
    fraction: int
    low: int
    high: int
    bias: npt.NDArray[Any]
    up: int
    cast: bool
    term: int
    term_signed: bool
    chain: bool


def bits_of(low: int, high: int) -> tuple[int, bool]:
    """(bits, sign) of the narrowest integers that hold a range."""
    if low >= 0:
        return max(high.bit_length(), 1), False
    return max((~low).bit_length(), max(high, 0).bit_length()) + 1, True


def _term_ranges(matrix: Matrix) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """(lowest, highest) product of every number and weight; 0 is among the products or between them."""
    ends = [matrix.weight * matrix.number.min_int, matrix.weight * matrix.number.max_int]
    if matrix.plus_minus:
        ends = [-matrix.weight, matrix.weight]
    return np.minimum(*ends), np.maximum(*ends)


def _holds(accumulator: FixedPoint, *values: npt.NDArray[Any]) -> bool:
    """Whether the accumulator holds all integers, its lowest one left out where casts do not give it."""
    lowest = -accumulator.max_int if accumulator.overflow is Overflow.SAT_SYM else accumulator.min_int
    return min(int(v.min()) for v in values) >= lowest and max(int(v.max()) for v in values) <= accumulator.max_int


def _bottom_zeros(values: npt.NDArray[Any], most: int) -> int:
    """How many of the lowest bits, at most `most`, are zero in all integers."""
    joined = 0
    for value in values.tolist():
        joined |= int(value)
    return min((joined & -joined).bit_length() - 1, most) if joined else most


def sums(matrix: Matrix) -> Sums:
    """How a layer's products are added.

    Raises:
        UnsupportedLayerError: no arithmetic here gives the Graph's numbers.
    """
    accumulator = matrix.accumulator
    down = matrix.fraction - accumulator.fraction
    product_low, product_high = _term_ranges(matrix)
    if down > 0:
        low, high = (round_to(v, matrix.fraction, accumulator).astype(object) for v in (product_low, product_high))
    else:
        low, high = product_low * (1 << -down), product_high * (1 << -down)
    extra = matrix.extra * (1 << max(-down, 0))
    bottom, top = matrix.bias + extra + low.sum(axis=0), matrix.bias + extra + high.sum(axis=0)
    never_overflows = _holds(accumulator, low, high, bottom, top, matrix.bias)
    if never_overflows or accumulator.overflow is Overflow.WRAP:
        if down > 0 and extra.any():
            raise _refused_bits(matrix)
        return _tree(matrix, low, high, matrix.bias + extra, never_overflows)
    if matrix.extra.any():
        raise _refused_bits(matrix)
    if matrix.skips_zeros and accumulator.overflow is Overflow.SAT_SYM and min(matrix.bias) < -accumulator.max_int:
        raise UnsupportedLayerError(
            f"layer {matrix.layer!r}: a bias is the lowest number of accumulator {accumulator}, and products with "
            "weights of 0 are left out, which is not folded; give it reuse factor 1, or another accumulator"
        )
    return Sums(
        bits=accumulator.width,
        signed=accumulator.signed,
        fraction=accumulator.fraction,
        low=accumulator.min_int,
        high=accumulator.max_int,
        bias=matrix.bias,
        up=0,
        cast=True,
        term=accumulator.width,
        term_signed=accumulator.signed,
        chain=True,
    )


def _refused_bits(matrix: Matrix) -> UnsupportedLayerError:
    return UnsupportedLayerError(
        f"layer {matrix.layer!r}: accumulator {matrix.accumulator} does not hold the count of its equal bits, which is "
        "not folded; give it an accumulator that does, or reuse factor 1"
    )


def _tree(
    matrix: Matrix,
    low: npt.NDArray[Any],
    high: npt.NDArray[Any],
    bias: npt.NDArray[Any],
    never_overflows: bool,
) -> Sums:
    """Sums that are right modulo a power of two, in any order.

    Args:
        matrix: the products.
        low: smallest terms, at the accumulator's fraction bits.
        high: largest terms.
        bias: at the accumulator's fraction bits.
        never_overflows: the accumulator holds whatever is added.
    """
    accumulator = matrix.accumulator
    cast = matrix.fraction > accumulator.fraction
    zeros = 0 if cast else _bottom_zeros(bias, min(accumulator.fraction - matrix.fraction, accumulator.width - 1))
    bottom, top = int((bias + low.sum(axis=0)).min()) >> zeros, int((bias + high.sum(axis=0)).max()) >> zeros
    bits, signed = bits_of(bottom, top)
    if not never_overflows and not accumulator.min_int <= bottom << zeros <= top << zeros <= accumulator.max_int:
        # Beyond the accumulator's range only the sum modulo 2**width counts.
        bits, signed = accumulator.width - zeros, accumulator.signed
        bottom, top = accumulator.min_int >> zeros, accumulator.max_int >> zeros
    term = bits_of(min(int(low.min()), -1), int(high.max()))[0]
    return Sums(
        bits=bits,
        signed=signed,
        fraction=accumulator.fraction - zeros,
        low=bottom,
        high=top,
        bias=np.right_shift(bias, zeros),
        up=0 if cast else accumulator.fraction - zeros - matrix.fraction,
        cast=cast,
        term=min(term, bits),
        term_signed=True,
        chain=False,
    )
