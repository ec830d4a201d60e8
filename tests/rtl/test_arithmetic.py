"""Arithmetic beyond what alkaid's own float32 and int32 hold."""

from __future__ import annotations

import numpy as np
import pytest
from alkaid.trace import trace
from alkaid.trace.passes import optimize
from hypothesis import given
from hypothesis import strategies as st

from codesign.graph import FixedPoint
from codesign.rtl.arithmetic import (
    add,
    add_constant,
    choose,
    constant,
    inputs,
    invert,
    is_negative,
    look_up,
    multiply_by_rows,
    multiply_constant,
    multiply_matrix,
    shift_left,
    wrap,
)
from codesign.rtl.exact_lsb import exact_lowest_bits, lowest_bit


def answers(source, size, function, values):
    with exact_lowest_bits():
        x = inputs(source, size)
        logic = trace(x, function(x))
    return logic.predict(values.astype(np.float64), n_threads=1)


def samples(source, size, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.integers(source.min_int, source.max_int, size=(100, size), endpoint=True)
    values[0], values[1] = source.min_int, source.max_int
    return values


@given(st.integers(2, 48), st.booleans(), st.integers(-(2**47), 2**47), st.integers(-(2**40), 2**40))
def test_constants_of_any_width_add(width, signed, first, second):
    source = FixedPoint(signed, width, width)
    values = samples(source, 1)
    found = answers(source, 1, lambda x: [add_constant(add_constant(x[0], first), second)], values)
    np.testing.assert_array_equal(found, (values + first + second).astype(np.float64))


@given(st.integers(2, 16), st.integers(-(2**33), 2**33))
def test_constants_of_any_width_multiply(width, value):
    source = FixedPoint(True, width, width)
    values = samples(source, 1)
    found = answers(source, 1, lambda x: [multiply_constant(x[0], value)], values)
    np.testing.assert_array_equal(found, (values * value).astype(np.float64))


@pytest.mark.parametrize("bits", [1, 6, 20, 21, 24, 33])
def test_matrices_of_any_width_multiply(bits):
    rng = np.random.default_rng(bits)
    source = FixedPoint(True, 10, 10)
    matrix = rng.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), size=(5, 4))
    matrix[:, 3] = 0
    values = samples(source, 5)
    found = answers(source, 5, lambda x: multiply_matrix(x, matrix), values)
    np.testing.assert_array_equal(found, (values @ matrix).astype(np.float64))


@pytest.mark.parametrize("bits", [1, 18, 24, 40])
def test_tables_of_any_width_are_looked_up(bits):
    rng = np.random.default_rng(bits)
    table = [int(v) for v in rng.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), size=64)]
    values = np.arange(64)[:, None]
    found = answers(FixedPoint(False, 6, 6), 1, lambda x: [look_up(x[0], table)], values)
    assert found[:, 0].astype(np.int64).tolist() == table


@given(st.integers(-(2**53), 2**53), st.integers(-30, 30))
def test_lowest_bit_is_exact(value, scale):
    if value:
        assert lowest_bit(value * 2.0**scale) == (value & -value).bit_length() - 1 + scale


@pytest.mark.parametrize("zeros", [3, 25, 30])
@pytest.mark.parametrize("value", [1, 5 << 20, 3 << 33, -(7 << 28) - 1])
def test_constants_add_to_numbers_with_zeros_below(zeros, value):
    source = FixedPoint(True, 12, 12)
    values = samples(source, 1)
    found = answers(source, 1, lambda x: [add_constant(shift_left(x[0], zeros), value)], values)
    np.testing.assert_array_equal(found, ((values << zeros) + value).astype(np.float64))


def test_single_bits_of_either_sign_multiply():
    rng = np.random.default_rng(0)
    matrix = rng.integers(-99, 99, size=(16, 3))
    for source in (FixedPoint(True, 1, 1), FixedPoint(False, 1, 1)):
        values = samples(source, 16)
        for scale in (1, 4, -2):

            def scaled(x, scale=scale):
                return multiply_matrix([multiply_constant(v, scale) for v in x], matrix)

            found = answers(source, 16, scaled, values)
            np.testing.assert_array_equal(found, (scale * values @ matrix).astype(np.float64))


def test_constants_among_the_numbers_of_a_matrix_product():
    source = FixedPoint(True, 5, 5)
    values = samples(source, 2)
    matrix = np.array([[3, 5], [7, -2], [1, 4]])
    found = answers(source, 2, lambda x: multiply_matrix([x[0], constant(9), x[1]], matrix), values)
    expected = np.stack([values[:, 0], np.full(100, 9), values[:, 1]], axis=1) @ matrix
    np.testing.assert_array_equal(found, expected.astype(np.float64))
    only = answers(source, 2, lambda x: [*multiply_matrix([constant(2)], matrix[:1]), x[0]], values)
    assert only[0, :2].tolist() == [6.0, 10.0]


def test_a_flag_inverted_twice_is_itself_whatever_its_sign():
    source = FixedPoint(True, 1, 1)
    values = np.array([[0], [-1]])
    found = answers(
        source, 1, lambda x: [invert(invert(-x[0])), choose(invert(-x[0]), constant(0), constant(5))], values
    )
    assert found.tolist() == [[0, 0], [1, 5]]


def test_a_bit_is_not_taken_for_a_higher_one_of_the_same_weight():
    source = FixedPoint(True, 2, 2)
    values = np.arange(-2, 2)[:, None]
    with exact_lowest_bits():
        x = inputs(source, 1)
        low = wrap(shift_left(x[0], 1), False, 2)
        logic = optimize(trace(x, [add(low, x[0])], optimize=False), surrogate=False)
    found = logic.predict(values.astype(np.float64), n_threads=1)
    assert found.ravel().tolist() == [-2, 1, 0, 3]


def test_the_sign_of_a_negated_slice_chooses():
    source = FixedPoint(True, 4, 4)
    values = np.arange(-8, 8)[:, None]

    def chosen(x):
        negated = -wrap(shift_left(x[0], 1), True, 4)
        return [choose(is_negative(negated), constant(3), constant(5))]

    found = answers(source, 1, chosen, values)
    assert found.ravel().tolist() == [3 if 0 < 2 * x % 16 < 8 else 5 for x in range(-8, 8)]


@pytest.mark.parametrize("signed", [(False, False), (False, True), (True, False), (True, True)])
@pytest.mark.parametrize("widths", [(3, 3), (4, 6), (5, 2), (1, 4)])
def test_rows_of_adders_multiply(signed, widths):
    first, second = (FixedPoint(sign, width, width) for sign, width in zip(signed, widths, strict=True))
    a, b = np.meshgrid(*(np.arange(type_.min_int, type_.max_int + 1) for type_ in (first, second)))
    with exact_lowest_bits():
        x = [*inputs(first, 1), *inputs(second, 1)]
        logic = trace(x, [multiply_by_rows(*x)])
    found = logic.predict(np.stack([a.ravel(), b.ravel()], axis=1).astype(np.float64), n_threads=1)
    np.testing.assert_array_equal(found.ravel(), (a * b).ravel().astype(np.float64))
