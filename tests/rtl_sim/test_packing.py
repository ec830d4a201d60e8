"""Packing and unpacking are inverse, and element 0 lies at the low bits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtl_sim.packing import pack, to_rows, to_words, unpack, word_bytes


@given(st.integers(1, 70), st.booleans(), st.integers(1, 9), st.integers(0, 4), st.randoms(use_true_random=False))
def test_unpack_undoes_pack(bits, signed, elements, samples, random):
    low = -(1 << (bits - 1)) if signed else 0
    rows = [[low + random.getrandbits(bits) for _ in range(elements)] for _ in range(samples)]
    values = np.array(rows, dtype=np.int64 if bits <= 62 else object).reshape(samples, elements)
    words = pack(values, bits)
    assert words.shape == (samples, word_bytes(elements * bits))
    assert unpack(words, elements, bits, signed=signed).tolist() == values.tolist()
    assert to_rows(to_words(words), elements * bits).tolist() == words.tolist()


@pytest.mark.parametrize("dtype", [np.int64, object])
def test_element_0_is_lowest(dtype):
    (word,) = to_words(pack(np.array([[1, -1, 2]], dtype=dtype), 4))
    assert word == 0x2F1


def test_wide_and_narrow_agree():
    rng = np.random.default_rng(0)
    values = rng.integers(-(2**11), 2**11, size=(20, 7))
    assert pack(values, 12).tolist() == pack(values.astype(object), 12).tolist()
