"""Floats onto grids: the fast arithmetic in floats against the one in integers of any width."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.errors import InputDataError
from codesign.graph import FixedPoint, Overflow, Rounding
from codesign.graph.convert import _exactly, to_floats, to_integers
from tests.graph.strategies import fixed_points


def assert_same(values: np.ndarray, to: FixedPoint) -> None:
    found, expected = to_integers(values, to), _exactly(values, to)
    np.testing.assert_array_equal(found.values, expected.values, f"{values.dtype} {to}")
    assert (found.rounded, found.overflowed) == (expected.rounded, expected.overflowed), f"{values.dtype} {to}"


def special(dtype: type) -> np.ndarray:
    """Numbers around ties, ends of types and ends of floats."""
    near = [0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.5, 3.5, 7.5, 8.0, 15.75, 16.0, 127.5, 2.0**20, 2.0**23, 2.0**24, 2.0**40]
    info = np.finfo(dtype)
    ends = [info.max, info.tiny, info.smallest_subnormal, info.eps]
    values = np.array([value for value in (*near, *ends) if float(value) <= float(info.max)], dtype=dtype)
    values = np.concatenate([values, np.nextafter(values, dtype(0)), np.nextafter(values[:-4], info.max)])
    return np.concatenate([values, -values])


@pytest.mark.parametrize(("rounding", "overflow"), list(itertools.product(Rounding, Overflow)))
def test_ties_and_ends_in_every_mode(rounding: Rounding, overflow: Overflow) -> None:
    grids = [(4, 2), (8, 4), (8, 12), (24, 10), (25, 10), (53, 20), (54, 20), (70, 30), (1, 1), (6, -3), (10, 300)]
    for width, integer in grids:
        for signed in (True, False):
            if overflow is Overflow.WRAP_SM and not signed:
                continue
            to = FixedPoint(signed, width, integer, rounding, overflow)
            for dtype in (np.float16, np.float32, np.float64):
                assert_same(special(dtype), to)
            assert_same(np.arange(-300, 300), to)
            assert_same(np.arange(0, 250, dtype=np.uint8), to)
            assert_same(np.array([0, 1, 2**53, 2**53 + 1, 2**62 + 1, 2**64 - 1], dtype=np.uint64), to)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=8), fixed_points(60))
def test_any_floats(values: list[float], to: FixedPoint) -> None:
    assert_same(np.array(values), to)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), min_size=1, max_size=8), fixed_points(30))
def test_any_single_floats(values: list[float], to: FixedPoint) -> None:
    assert_same(np.array(values, dtype=np.float32), to)


def test_more_than_one_chunk() -> None:
    to = FixedPoint(True, 8, 4, Rounding.RND, Overflow.SAT)
    values = np.random.default_rng(0).normal(0, 5, (3, 50_000)).astype(np.float32)
    assert_same(values, to)
    assert_same(values.T, to)
    values[1, 40_000] = 3e38  # scaled, it leaves the range of the float
    assert_same(values, to)


def test_all_bad_values_are_counted() -> None:
    values = np.zeros((3, 50_000))
    values[0, 3], values[2, 49_999] = np.nan, -np.inf
    with pytest.raises(InputDataError, match="x holds 2 values that are NaN or infinite"):
        to_integers(values, FixedPoint(True, 8, 4), name="x")


@given(st.lists(st.integers(-(2**50), 2**50), min_size=1), st.integers(-1000, 1000))
def test_there_and_back(values: list[int], fraction: int) -> None:
    type_ = FixedPoint(True, 52, 52 - fraction)
    floats = to_floats(np.array(values), type_)
    if np.all(np.isfinite(floats)) and np.all((floats != 0) == (np.array(values) != 0)) and abs(fraction) < 900:
        assert to_integers(floats, type_).values.tolist() == values
