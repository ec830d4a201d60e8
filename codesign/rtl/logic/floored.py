"""Sums of products that are each rounded, with the adders of a matrix product.

A product that loses its lowest n bits is `round(w * x / 2**n)`. With `w = high * 2**n + low` it is
`high * x + round(low * x / 2**n)`, for every rounding that adds a constant and drops bits. The second term is one of a
few numbers of `x`, the same for every output; so all sums together are one matrix product of the inputs and these.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from codesign.graph import FixedPoint, Overflow, Rounding
from codesign.rtl.arithmetic import Variable, add_constant, bits, multiply_constant, multiply_matrix, wrap
from codesign.rtl.casting import right_shift_limit, round_off

ObjectArray = npt.NDArray[np.object_]

_ADDS_AND_DROPS = (Rounding.TRN, Rounding.RND, Rounding.RND_MIN_INF)


def shares_adders(accumulator: FixedPoint) -> bool:
    """Whether products rounded into that accumulator can be added so."""
    return accumulator.rounding in _ADDS_AND_DROPS and accumulator.overflow is Overflow.WRAP


def floored_sums(
    x: Sequence[Variable], weight: ObjectArray, n: int, bias: Sequence[int], accumulator: FixedPoint
) -> list[Variable]:
    """`bias + sum of round(weight * x / 2**n)` for every output, wrapped into the accumulator.

    Args:
        x: n_in integers.
        weight: (n_in, n_out) Python integers.
        n: bits that every product loses, at least 1.
        bias: integers of the accumulator.
        accumulator: for which `shares_adders`.
    """
    numbers: list[Variable] = []
    rows: list[ObjectArray] = []
    for v, weights in zip(x, weight, strict=True):
        high = (weights + (1 << (n - 1)) - 1) >> n
        low = weights - (high << n)
        numbers.append(v)
        rows.append(high)
        for value in sorted({int(value) for value in low} - {0}):
            product = multiply_constant(v, value)
            numbers.append(round_off(product, right_shift_limit(bits(product), n), accumulator.rounding))
            rows.append((low == value).astype(object) * 1)
    sums = multiply_matrix(numbers, np.array(rows, dtype=object).reshape(len(rows), weight.shape[1]))
    return [
        wrap(add_constant(total, b), accumulator.signed, accumulator.width) for total, b in zip(sums, bias, strict=True)
    ]
