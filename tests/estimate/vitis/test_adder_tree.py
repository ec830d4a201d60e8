"""Products and sums of a matrix, against a count one by one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from codesign.estimate.vitis.adder_tree import sums
from codesign.estimate.vitis.multipliers import signed_digits
from codesign.estimate.vitis.operators import adder_lut
from codesign.graph import FixedPoint
from codesign.rtl import Family
from tests.estimate.vitis.nets import WIDE, X, dense

SERIES = Family.XILINX_7SERIES
MATRICES = st.integers(0, 2**32).map(np.random.default_rng)


def _matrix(draw: np.random.Generator, most: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    shape = tuple(draw.integers(1, 8, 2))
    return draw.integers(-most, most + 1, shape) * draw.integers(0, 2, shape)


def _digits(weight: int) -> int:
    return int(signed_digits(np.array([weight]))[0])


def _ceil_log2(weight: int) -> int:
    return max(abs(weight) - 1, 0).bit_length()


@given(MATRICES, st.sampled_from([5, 127, 2000, 10**6]))
def test_products(draw: np.random.Generator, most: int) -> None:
    weight = _matrix(draw, most)
    node = dense(weight, weight_type=FixedPoint(True, 24, 4), accumulator=FixedPoint(True, 40, 10))
    found = sums(node, X, SERIES)
    distinct = [w for row in weight.tolist() for w in set(row)]
    assert found.multipliers == sum(_digits(w) > 2 for w in distinct)
    assert found.product_lut == sum(adder_lut(X.width + _ceil_log2(w), SERIES) for w in distinct if _digits(w) == 2)
    assert found.constant_bits == max((_ceil_log2(w) + 1 for w in distinct if _digits(w) > 2), default=0)
    assert found.terms.tolist() == (weight != 0).sum(axis=0).tolist()
    assert found.used_inputs == sum(any(row) for row in weight.tolist())
    assert found.used_outputs == sum(any(column) for column in weight.T.tolist())


def _added(widths: list[int], ary: int, most: int) -> tuple[int, list[int]]:
    """LUTs of a sum whose numbers are grouped from the widest down, and the bits after each depth."""
    left, lut, bits = sorted(widths), 0, []
    while len(left) > 1:
        left = [0] * (-len(left) % ary) + left
        groups = [[w for w in left[k : k + ary] if w] for k in range(0, len(left), ary)]
        left = []
        for group in groups:
            width = min(most, max(group) + len(group) - 1)
            lut += (adder_lut(width, SERIES) if len(group) == 2 else 0) + (2 * most if len(group) == 3 else 0)
            left.append(width)
        bits.append(sum(left))
    return lut, bits


@given(st.lists(st.integers(1, 127), min_size=1, max_size=40))
def test_sums(column: list[int]) -> None:
    node = dense(np.array(column)[:, None], bias=[5])
    found = sums(node, X, SERIES)
    dropped = 1  # 13 fraction bits of a product into 12
    widths = [X.width + _ceil_log2(w) - dropped for w in column] + [4]
    for levels, ary in ((found.by_twos, 2), (found.by_threes, 3)):
        lut, bits = _added(widths, ary, WIDE.width)
        assert levels.lut == lut
        assert list(levels.bits) == bits


def test_sums_of_several_outputs_are_those_of_each() -> None:
    weight = np.random.default_rng(3).integers(-127, 128, (11, 6)) * np.array([1, 0, 1, 1, 1, 0])
    weight[4:, 2] = 0
    whole = sums(dense(weight), X, SERIES)
    alone = [sums(dense(weight[:, [k]]), X, SERIES) for k in range(6)]
    assert whole.by_twos.lut == sum(one.by_twos.lut for one in alone)
    assert whole.by_threes.lut == sum(one.by_threes.lut for one in alone)


def test_a_matrix_is_counted_once() -> None:
    node = dense([[11, 3]])
    assert sums(node, X, SERIES) is sums(node, X, SERIES)
    assert sums(node, FixedPoint(False, 4, 4), SERIES) is not sums(node, X, SERIES), "another type is another count"
    assert sums(node, X, Family.XILINX_ULTRASCALE_PLUS).product_lut > sums(node, X, SERIES).product_lut


def test_negative_products_of_unsigned_numbers_have_a_sign() -> None:
    unsigned = FixedPoint(False, 8, 2)
    kept = sums(dense([[11, -11]], accumulator=FixedPoint(True, 40, 10)), unsigned, SERIES).widths
    assert kept[0].tolist() == [12, 13]
