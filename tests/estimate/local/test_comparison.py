"""An estimate beside the truth, and what is not comparable."""

from __future__ import annotations

import json

import pytest

from codesign.errors import ReportError
from codesign.estimate import Figure, Flow
from codesign.estimate.local import FIGURES, compare
from codesign.hls.reports import Stage
from tests.estimate.local.samples import estimate, report


def test_side_by_side() -> None:
    found = compare(estimate(), report())
    assert tuple(row.name for row in found.rows) == FIGURES
    lut, bram, fmax = found["lut"], found["bram"], found["fmax_mhz"]
    assert (lut.truth, lut.error, lut.inside) == (1250, pytest.approx(-0.2), True)
    assert (bram.estimate, bram.truth, bram.error, bram.inside) == (Figure.exactly(0), 2, -1.0, False)
    assert (fmax.estimate, fmax.truth, fmax.error, fmax.inside) == (None, None, None, None)
    assert found["interval"].error == 0
    document = json.loads(json.dumps(found.document()))
    assert document["figures"]["fmax_mhz"] == {"estimate": None, "truth": None, "error": None, "inside": None}
    with pytest.raises(KeyError):
        found["power"]


def test_a_truth_of_nothing() -> None:
    found = compare(estimate(), report(lut=0, bram18=0))
    assert (found["lut"].error, found["lut"].inside) == (None, False)
    assert (found["bram"].error, found["bram"].inside) == (0.0, True)
    assert found["ff"].truth is None


def test_luts_after_placement_are_compared_with_those_expected_there() -> None:
    guess = estimate(lut_implemented=Figure.about(600.0, 0.5, 0.5))
    assert compare(guess, report(Stage.IMPLEMENTATION, lut=630))["lut"].error == pytest.approx(600 / 630 - 1)
    assert compare(guess, report(Stage.CSYNTH, lut=630))["lut"].error == pytest.approx(1000 / 630 - 1)


def test_the_highest_clock_is_where_no_slack_is_left() -> None:
    guess = estimate(Flow.RTL, fmax_mhz=Figure.about(200.0, 0.1, 0.1))
    assert compare(guess, report(Stage.IMPLEMENTATION, slack_ns=1.0))["fmax_mhz"].truth == 250
    assert compare(guess, report(Stage.IMPLEMENTATION, slack_ns=-5.0))["fmax_mhz"].truth == 100
    # Before placement wires are a guess.
    assert compare(guess, report(Stage.VSYNTH, slack_ns=1.0))["fmax_mhz"].truth is None


@pytest.mark.parametrize(
    ("guess", "found", "said"),
    [
        (estimate(Flow.RTL), report(), r"net_csynth\.xml: C synthesis reports the hls4ml project.*--flow vitis"),
        (
            estimate(part="xczu7ev-ffvc1156-2-e"),
            report(),
            r"part xc7z020-clg400-1 \(xilinx_7series\).*estimate for the part",
        ),
        (estimate(), report(part="xcvm1802-vsva2197"), r"part xcvm1802-vsva2197 \(of no known family\)"),
        (
            estimate(clock_ns=10.0),
            report(),
            r"clock period of 5 ns, and the estimate for 10; estimate with --clock-ns 5",
        ),
    ],
)
def test_what_is_not_comparable(guess: object, found: object, said: str) -> None:
    with pytest.raises(ReportError, match=said):
        compare(guess, found)  # type: ignore[arg-type]


def test_what_is_not_known_is_not_held_against_a_report() -> None:
    assert compare(estimate(), report(part=None, clock_ns=None))["lut"].truth == 1250
    guess = estimate(part="xcvm1802-vsva2197", uncalibrated=True)
    assert compare(guess, report(part="xcvm1802-vsva2197"))["lut"].truth == 1250
