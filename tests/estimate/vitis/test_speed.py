"""What fits into a clock."""

from __future__ import annotations

import pytest

from codesign.estimate.vitis.speed import speed_of
from tests.estimate.vitis.nets import ULTRA, asked


@pytest.mark.parametrize(
    ("part", "factor"),
    [
        ("xc7z007s-clg225-2", 1.0),
        ("xc7a100tcsg324-1", 1.22),
        ("xc7z020clg400-1", 1.22),
        ("xc7k325tffg900-3", 0.87),
        ("xc7z020", 1.0),
        (ULTRA, 0.42),
        ("xcu50-fsvh2104-1-e", 0.42 * 1.22),
    ],
)
def test_grades(part: str, factor: float) -> None:
    assert speed_of(asked(part=part)).factor == pytest.approx(factor)


def test_delays_are_those_that_reports_state() -> None:
    speed = speed_of(asked(5.0))
    assert speed.budget == pytest.approx(4.375)
    assert speed.adder(21) == pytest.approx(1.795, abs=0.005)
    assert speed.dsp(16) == pytest.approx(3.815, abs=0.005)


@pytest.mark.parametrize(("clock_ns", "narrow", "wide", "adders"), [(5.0, 0, 2, 1), (3.33, 2, 3, 0), (10.0, 0, 0, 2)])
def test_stages(clock_ns: float, narrow: int, wide: int, adders: int) -> None:
    speed = speed_of(asked(clock_ns))
    assert (speed.dsp_stages(16), speed.dsp_stages(36)) == (narrow, wide)
    assert speed.three_adders(16) == adders
    assert speed.clocks(0.1) == 1
    assert speed.clocks(2.1 * speed.budget) == 3
