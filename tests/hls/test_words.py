"""Integers and the raw bits that the C simulation reads and writes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.graph import FixedPoint
from codesign.hls.words import from_words, to_words, words_each


@st.composite
def typed(draw: st.DrawFn) -> tuple[FixedPoint, np.ndarray]:
    width = draw(st.one_of(st.sampled_from([1, 62, 63, 64, 65, 127, 128, 129]), st.integers(1, 200)))
    type_ = FixedPoint(draw(st.booleans()), width, draw(st.integers(-8, width + 8)))
    shape = draw(st.sampled_from([(0, 3), (1, 1), (2, 3), (3, 2, 2)]))
    count = int(np.prod(shape))
    ends = st.sampled_from([type_.min_int, type_.max_int])
    values = draw(st.lists(st.one_of(ends, st.integers(type_.min_int, type_.max_int)), min_size=count, max_size=count))
    return type_, np.array(values, dtype=object if width > 62 else np.int64).reshape(shape)


@given(typed())
def test_words_give_back_the_integers(case):
    type_, values = case
    words = to_words(values, type_)
    assert words.dtype == np.dtype("<u8")
    assert words.shape == (values.shape[0], int(np.prod(values.shape[1:])) * words_each(type_))
    back = from_words(words, type_, values.shape[1:])
    assert back.dtype == values.dtype
    assert back.shape == values.shape
    assert np.array_equal(back, values)


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("fixed<8,3>", -1, [0xFF]),
        ("ufixed<8,3>", 255, [0xFF]),
        ("fixed<1,1>", -1, [1]),
        ("fixed<62,1>", -1, [2**62 - 1]),
        ("fixed<64,3>", -2, [2**64 - 2]),
        ("ufixed<65,3>", 2**64 + 5, [5, 1]),
        ("fixed<70,3>", -1, [2**64 - 1, 2**6 - 1]),
        ("fixed<129,3>", -(2**128), [0, 0, 1]),
    ],
)
def test_bits_are_those_of_twos_complement_lowest_word_first(text, value, expected):
    words = to_words(np.array([[value]], dtype=object), FixedPoint.parse(text))
    assert words.tolist() == [expected]
