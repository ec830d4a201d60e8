"""Casts in logic against `codesign.graph.cast`, for every mode and any types."""

from __future__ import annotations

import numpy as np
from alkaid.trace import trace
from hypothesis import given
from hypothesis import strategies as st

from codesign.graph import FixedPoint, Overflow, Rounding
from codesign.graph.cast import cast as cast_integers
from codesign.rtl.arithmetic import inputs
from codesign.rtl.casting import cast
from codesign.rtl.exact_lsb import exact_lowest_bits
from tests.rtl.designs import cast_types


def answers(source, targets, values):
    with exact_lowest_bits():
        x = inputs(source, 1)
        logic = trace(x, [cast(x[0], source.fraction, to) for to in targets])
    return logic.predict(values.astype(np.float64)[:, None], n_threads=1)


def words(type_, limit=1024):
    every = np.arange(type_.min_int, type_.max_int + 1) if type_.width <= 10 else None
    if every is not None:
        return every
    rng = np.random.default_rng(type_.width)
    ends = [type_.min_int, type_.max_int, 0, 1, type_.min_int + 1]
    return np.concatenate([ends, rng.integers(type_.min_int, type_.max_int, size=limit, endpoint=True)])


@st.composite
def casts(draw):
    signed = draw(st.booleans())
    width = draw(st.integers(1, 30))
    source = FixedPoint(signed, width, draw(st.integers(-6, 36)))
    overflow = draw(st.sampled_from(Overflow))
    to_signed = draw(st.booleans()) or overflow is Overflow.WRAP_SM
    to = FixedPoint(
        to_signed, draw(st.integers(1, 18)), draw(st.integers(-6, 36)), draw(st.sampled_from(Rounding)), overflow
    )
    return source, to


@given(casts())
def test_any_cast_equals_the_graphs(case):
    source, to = case
    values = words(source, 200)
    expected = cast_integers(values, source.fraction, to)
    np.testing.assert_array_equal(answers(source, [to], values)[:, 0], expected.astype(np.float64))


def test_every_mode_on_every_word():
    for source in (FixedPoint(True, 9, 4), FixedPoint(False, 8, 3), FixedPoint(True, 1, 1), FixedPoint(False, 1, 5)):
        values = words(source)
        targets = list(cast_types())
        found = answers(source, targets, values)
        for column, to in enumerate(targets):
            expected = cast_integers(values, source.fraction, to)
            np.testing.assert_array_equal(found[:, column], expected, err_msg=f"{source} to {to}")


def test_shifts_far_beyond_the_width():
    for source, to in (
        (FixedPoint(True, 6, -2000), FixedPoint(True, 8, 4, Rounding.RND, Overflow.SAT)),
        (FixedPoint(True, 6, 2000), FixedPoint(True, 8, 4, Rounding.RND, Overflow.SAT)),
        (FixedPoint(True, 6, 2000), FixedPoint(True, 8, 4, Rounding.TRN, Overflow.WRAP_SM)),
        (FixedPoint(True, 6, -2000), FixedPoint(True, 8, 4)),
    ):
        values = words(source)
        expected = cast_integers(values, source.fraction, to)
        np.testing.assert_array_equal(answers(source, [to], values)[:, 0], expected.astype(np.float64))


def test_identical_types_change_nothing():
    type_ = FixedPoint(True, 4, 2, overflow=Overflow.SAT_SYM)
    x = inputs(type_, 1)
    assert cast(x[0], type_.fraction, type_, source=type_) is x[0]
    assert cast(x[0], type_.fraction, type_) is not x[0]
