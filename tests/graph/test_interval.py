"""What a tensor can hold: sums of products, against every sum there is."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from codesign.graph import MergeOperation
from codesign.graph.interval import MERGED, Interval, affine, averaged

SMALL = st.integers(-5, 5)


@given(
    st.lists(st.tuples(SMALL, SMALL), min_size=1, max_size=3),
    st.tuples(SMALL, SMALL),
    st.tuples(SMALL, SMALL).map(sorted),
    st.integers(-2, 3),
    st.integers(-2, 3),
    st.integers(-2, 3),
)
def test_sums_of_products_reach_just_as_far(rows, bias, ends, x_fraction, weight_fraction, bias_fraction):
    """Both ends are reached by some input, or by the bias alone, and nothing lies beyond them."""
    step, scale, offset = (Fraction(2) ** -bits for bits in (x_fraction, weight_fraction, bias_fraction))
    found = affine(
        Interval(ends[0] * step, ends[1] * step, x_fraction), np.array(rows), weight_fraction, bias, bias_fraction
    )
    numbers = range(ends[0], ends[1] + 1)
    sums = {
        sum(x * step * row[column] * scale for x, row in zip(xs, rows, strict=True)) + bias[column] * offset
        for column in (0, 1)
        for xs in itertools.product(numbers, repeat=len(rows))
    }
    sums |= {value * offset for value in bias}
    assert (found.low, found.high) == (min(sums), max(sums))
    assert all((value * Fraction(2) ** found.fraction).denominator == 1 for value in sums)


def test_no_sum_is_too_wide_to_be_counted():
    weight = np.full((4, 1), 2**62)
    found = affine(Interval(Fraction(-(2**40)), Fraction(2**40), 0), weight, 0, [1], 0)
    assert (found.low, found.high) == (1 - 2**104, 1 + 2**104)


def test_means_have_as_many_more_fraction_bits_as_sums_grow():
    total, mean = averaged(Interval(Fraction(-3), Fraction(5), 1), 6)
    assert total == Interval(Fraction(-18), Fraction(30), 4)
    assert mean == Interval(Fraction(-3), Fraction(5), 4)


@given(st.sampled_from(MergeOperation), *[st.tuples(SMALL, SMALL).map(sorted)] * 2)
def test_merges_hold_what_two_numbers_become(operation, first, second):
    one, other = (Interval(Fraction(low), Fraction(high), 0) for low, high in (first, second))
    found = MERGED[operation](one, other)
    become = {
        MergeOperation.ADD: lambda a, b: a + b,
        MergeOperation.SUBTRACT: lambda a, b: a - b,
        MergeOperation.MULTIPLY: lambda a, b: a * b,
        MergeOperation.AVERAGE: lambda a, b: (a + b) / 2,
        MergeOperation.MAXIMUM: max,
        MergeOperation.MINIMUM: min,
    }[operation]
    for a, b in itertools.product((one.low, one.high), (other.low, other.high)):
        value = become(a, b)
        assert found.low <= value <= found.high
        assert (value * 2**found.fraction).denominator == 1


@given(st.tuples(SMALL, SMALL).map(sorted), st.integers(-3, 3), st.integers(-9, 9), st.integers(-1, 2))
def test_what_is_cut_off_at_an_end_holds_the_end(ends, fraction, end, end_fraction):
    """Also where the end lies between two numbers of a coarse grid."""
    step, limit = Fraction(2) ** -fraction, end * Fraction(2) ** -end_fraction
    numbers = [number * step for number in range(ends[0], ends[1] + 1)]
    whole = Interval(numbers[0], numbers[-1], fraction)
    for found, cut in (
        (whole.between(None, limit), [min(number, limit) for number in numbers]),
        (whole.between(limit, None), [max(number, limit) for number in numbers]),
    ):
        assert (found.low, found.high) == (min(cut), max(cut))
        assert all((number * Fraction(2) ** found.fraction).denominator == 1 for number in cut)
    assert whole.between(numbers[0], numbers[-1]) == whole
