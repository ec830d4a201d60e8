"""What a product becomes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.estimate.vitis.multipliers import (
    dsp_blocks,
    magnitude_bits,
    multiplier_lut,
    signed_digits,
    takes_dsp,
)
from codesign.rtl import Family, Multipliers


def _fewest(value: int) -> int:
    """Non-zero digits of the non-adjacent form, digit by digit."""
    value, found = abs(value), 0
    while value:
        if value & 1:
            value -= 2 - (value & 3)
            found += 1
        value >>= 1
    return found


@pytest.mark.parametrize(("value", "digits"), [(0, 0), (-128, 1), (64, 1), (3, 2), (7, 2), (-31, 2), (11, 3), (85, 4)])
def test_digits(value: int, digits: int) -> None:
    assert signed_digits(np.array([value])).tolist() == [digits]


@given(st.lists(st.integers(-(2**60), 2**60), max_size=20))
def test_digits_of_any_width(values: list[int]) -> None:
    assert signed_digits(np.array(values, dtype=np.int64)).tolist() == [_fewest(value) for value in values]


@given(st.lists(st.integers(-(2**50), 2**50), max_size=20))
def test_magnitudes(values: list[int]) -> None:
    expected = [max(abs(value) - 1, 0).bit_length() for value in values]
    assert magnitude_bits(np.array(values, dtype=np.int64)).tolist() == expected


def test_multipliers_of_luts_are_those_that_reports_state() -> None:
    assert multiplier_lut(8, 8) == pytest.approx(62, rel=0.05)
    assert multiplier_lut(17, 18) == pytest.approx(366, rel=0.05)
    assert multiplier_lut(1, 1) >= 1


def test_who_chooses() -> None:
    assert takes_dsp(2, 2, Multipliers.DSP)
    assert not takes_dsp(18, 18, Multipliers.LUT)
    assert takes_dsp(12, 6, Multipliers.AUTO), "published"
    assert not takes_dsp(7, 8, Multipliers.AUTO), "published"
    assert not takes_dsp(6, 6, Multipliers.AUTO), "published"


@pytest.mark.parametrize(
    ("left", "right", "seven", "ultra"),
    [(8, 8, 1, 1), (18, 25, 1, 1), (18, 27, 2, 1), (26, 19, 2, 2), (26, 26, 4, 2), (32, 32, 4, 4), (1, 40, 2, 2)],
)
def test_tiles(left: int, right: int, seven: int, ultra: int) -> None:
    assert dsp_blocks(left, right, Family.XILINX_7SERIES) == seven
    assert dsp_blocks(left, right, Family.XILINX_ULTRASCALE_PLUS) == ultra
    assert dsp_blocks(right, left, Family.XILINX_7SERIES) == seven
