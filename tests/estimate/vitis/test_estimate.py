"""Estimates of whole designs: their intervals, what they rest on, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from codesign.errors import EstimateError
from codesign.estimate import Estimate, estimate
from codesign.estimate.vitis.calibration import calibration, constants, instead
from tests.estimate.vitis.nets import ULTRA, asked, classifier

FIGURES = ("lut", "ff", "dsp", "bram", "latency_cycles", "interval")


@pytest.fixture(scope="module")
def found() -> Estimate:
    return estimate(classifier(), asked())


def test_everything_known_is_said(found: Estimate) -> None:
    for name in FIGURES:
        figure = getattr(found, name)
        assert figure is not None
        assert 0 < figure.low <= figure.value <= figure.high
    assert found.fmax_mhz is None
    assert found.power_w is None
    assert [layer.name for layer in found.layers] == ["fc0", "relu0", "fc1", "softmax"]
    assert found.interval is not None
    assert found.interval.is_exact


def test_layers_and_what_joins_them_sum_up(found: Estimate) -> None:
    for name in ("lut", "ff", "dsp", "bram"):
        parts = [getattr(layer, name).value for layer in (*found.layers, found.rest)]
        assert getattr(found, name).value == pytest.approx(sum(parts))


def test_place_and_route_leaves_fewer_luts(found: Estimate) -> None:
    assert found.lut is not None
    assert found.lut_implemented is not None
    assert found.lut_implemented.high < found.lut.high
    assert found.lut_implemented.value == pytest.approx(0.4 * found.lut.value)
    assert any("C synthesis overstates LUTs" in line for line in found.basis)


def test_another_family_is_said_to_be_a_guess(found: Estimate) -> None:
    other = estimate(classifier(), asked(part=ULTRA))
    assert found.lut is not None
    assert other.lut is not None
    assert other.lut.high / other.lut.value > found.lut.high / found.lut.value
    assert any("nothing was fitted to dense layers on this family of parts" in line for line in other.basis)
    assert not any("on this family of parts" in line for line in found.basis)


def test_a_larger_interval_is_not_exact() -> None:
    shared = estimate(classifier(reuse=50), asked())
    assert shared.interval is not None
    assert shared.interval.value > 2
    assert not shared.interval.is_exact


def test_the_errors_stated_are_those_of_the_calibration(found: Estimate) -> None:
    known = calibration()
    assert any(f"LUT {100 * known.median('lut'):.0f} %" in line for line in found.basis)
    assert found.lut is not None
    assert found.lut.high / found.lut.value > 1 / (1 - known.within["lut"]), "two models are few"


def test_parts_of_others_are_refused() -> None:
    with pytest.raises(EstimateError) as refused:
        estimate(classifier(), asked(part="lfe5u-85f"))
    assert str(refused.value) == (
        "the vitis flow makes hardware for xilinx_7series and xilinx_ultrascale_plus, part lfe5u-85f is ecp5; "
        "use --flow rtl, or a board with such a part"
    )


def test_more_left_for_routing_takes_more_clocks(found: Estimate) -> None:
    tight = estimate(classifier(), replace(asked(), clock_uncertainty=0.4))
    assert tight.latency_cycles is not None
    assert found.latency_cycles is not None
    assert tight.latency_cycles.value > found.latency_cycles.value
    with pytest.raises(EstimateError) as refused:
        estimate(classifier(), replace(asked(), clock_uncertainty=1.0))
    assert str(refused.value) == ("a clock uncertainty of 1.0 makes no sense; give 0 to 0.9 of the period, as 0.125")


def test_other_constants_are_in_use_for_a_while() -> None:
    before = constants()
    with instead(calibration().constants.__class__(*[1.0] * 8)):
        assert constants().adder_share == 1.0
        assert estimate(classifier(), asked()).lut is not None
    assert constants() == before


def test_the_same_again(found: Estimate) -> None:
    assert estimate(classifier(), asked()).document() == found.document()
