"""FixedPoint: its range, its text, and the narrowest type of a range."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from codesign.errors import PrecisionError
from codesign.graph import FixedPoint, Overflow, Rounding, narrowest
from tests.graph.strategies import fixed_points


@pytest.mark.parametrize(
    ("text", "low", "high", "step"),
    [
        ("fixed<8,3>", Fraction(-4), Fraction(127, 32), Fraction(1, 32)),
        ("ufixed<8,3>", Fraction(0), Fraction(255, 32), Fraction(1, 32)),
        ("fixed<1,1>", Fraction(-1), Fraction(0), Fraction(1)),
        ("ufixed<1,0>", Fraction(0), Fraction(1, 2), Fraction(1, 2)),
        ("fixed<4,-2>", Fraction(-1, 8), Fraction(7, 64), Fraction(1, 64)),
        ("fixed<4,6>", Fraction(-32), Fraction(28), Fraction(4)),
        ("int<5>", Fraction(-16), Fraction(15), Fraction(1)),
        ("uint<5>", Fraction(0), Fraction(31), Fraction(1)),
    ],
)
def test_range_and_step(text, low, high, step):
    type_ = FixedPoint.parse(text)
    assert (type_.low, type_.high, type_.step) == (low, high, step)


@given(fixed_points(1024))
def test_text_round_trip(type_):
    assert FixedPoint.parse(str(type_)) == type_
    assert FixedPoint.parse(f"ap_{type_}") == type_


def test_text_in_other_spellings():
    assert FixedPoint.parse(" AP_FIXED< 16 , 6 , AP_RND_CONV , ap_sat_sym , 0 > ") == FixedPoint(
        True, 16, 6, Rounding.RND_CONV, Overflow.SAT_SYM
    )
    assert str(FixedPoint.parse("fixed<16,6,TRN,WRAP>")) == "fixed<16,6>"
    assert str(FixedPoint.parse("ufixed<4,2,RND>")) == "ufixed<4,2,RND,WRAP>"
    assert FixedPoint.parse("int<5>") == FixedPoint.parse("fixed<5,5>")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("half", "'half' is not a fixed-point type; write fixed<width,integer"),
        ("fixed<8>", "'fixed<8>' is not a fixed-point type"),
        ("fixed<8,x>", "'fixed<8,x>' is not a fixed-point type"),
        ("fixed<8,3,NEAREST>", "rounding one of TRN, TRN_ZERO, RND, RND_ZERO, RND_INF, RND_MIN_INF, RND_CONV"),
        ("fixed<8,3,RND,CLIP>", "overflow one of WRAP, SAT, SAT_ZERO, SAT_SYM, WRAP_SM"),
        ("fixed<8,3,RND,SAT,0,0>", "has too many parameters"),
        ("int<8,RND>", "has too many parameters"),
        ("fixed<8,3,RND,WRAP,2>", "2 saturation bits: only 0 is supported"),
        ("fixed<0,0>", "width 0: the width must be at least 1"),
        ("fixed<1025,0>", "width 1025: ap_fixed holds at most 1024 bits"),
        ("fixed<8,99999>", "99999 integer bits: give -4096..4096"),
        ("fixed<8,3>; rm -rf /", "is not a fixed-point type"),
        ("", "'' is not a fixed-point type"),
    ],
)
def test_refused(text, said):
    with pytest.raises(PrecisionError) as error:
        FixedPoint.parse(text)
    assert said in str(error.value)


@given(fixed_points(8), fixed_points(8))
def test_contains_is_subset(ours, other):
    values = [n * other.step for n in range(other.min_int, other.max_int + 1)]
    held = all((v / ours.step).denominator == 1 and ours.low <= v <= ours.high for v in values)
    assert ours.contains(other) == held


@given(fixed_points(), st.sampled_from(Rounding), st.sampled_from(Overflow))
def test_modes_leave_the_grid(type_, rounding, overflow):
    assume(type_.signed or overflow is not Overflow.WRAP_SM)
    other = type_.with_modes(rounding, overflow)
    assert other.same_grid(type_)
    assert (other.rounding, other.overflow) == (rounding, overflow)


@given(st.integers(-5000, 5000), st.integers(0, 5000), st.integers(-3, 8))
def test_narrowest_holds_the_range_and_one_bit_less_does_not(low, span, fraction):
    step = Fraction(1, 2) ** fraction
    bottom, top = low * step, (low + span) * step
    type_ = narrowest(bottom, top, fraction)
    assert type_.fraction == fraction
    assert type_.low <= bottom
    assert type_.high >= top
    assert type_.signed == (low < 0)
    if type_.width > 1:
        narrower = FixedPoint(type_.signed, type_.width - 1, type_.integer - 1)
        assert narrower.low > bottom or narrower.high < top


def test_narrowest_refuses_an_empty_range():
    with pytest.raises(PrecisionError, match=r"empty range \[1, 0\]"):
        narrowest(Fraction(1), Fraction(0), 3)


def test_an_unsigned_type_cannot_wrap_sign_and_magnitude():
    with pytest.raises(PrecisionError, match=r"ufixed<8,3> with overflow WRAP_SM: .* choose WRAP, SAT, SAT_ZERO"):
        FixedPoint(False, 8, 3, overflow=Overflow.WRAP_SM)
