"""What is learned from pairs, and how much of it is believed."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.estimate import Estimate, Figure, Flow
from codesign.estimate.local import Group, corrected, fit, pair_of
from codesign.estimate.local.fit import ENOUGH, WEIGHT, correction, log_ratio
from codesign.hls.reports import Stage
from codesign.rtl import Family
from tests.estimate.local.samples import CSYNTH, GRAPH, estimate, pair, report


def of_lut(*truths: float, **more: object) -> Estimate:
    """An estimate of 1,000 LUTs, corrected by pairs of that many estimated."""
    return corrected(estimate(), fit([pair(1000, truth, number=k, **more) for k, truth in enumerate(truths)]))  # type: ignore[arg-type]


def test_one_pair_is_believed_a_third() -> None:
    assert WEIGHT == 2
    found = of_lut(2000.0)
    assert found.lut is not None
    assert found.lut.value == pytest.approx(1000 * 2 ** (1 / 3))
    # Its residual is the whole of it: without it nothing is known.
    assert found.lut.high == pytest.approx(found.lut.value * 2)
    assert found.lut.low == pytest.approx(found.lut.value / 2)


def test_one_outlier_moves_nothing() -> None:
    found = of_lut(1000.0, 1000.0, 1000.0, 1000.0, 50_000.0).lut
    assert found is not None
    assert found.value == pytest.approx(1000)
    assert found.high == pytest.approx(50_000)


def test_an_interval_does_not_narrow_before_there_are_enough_pairs() -> None:
    own = estimate().lut
    assert own is not None
    few = of_lut(*[1000.0] * (ENOUGH - 1)).lut
    enough = of_lut(*[1000.0] * ENOUGH).lut
    assert few is not None
    assert enough is not None
    assert (few.value, few.low, few.high) == (pytest.approx(own.value), pytest.approx(own.low), pytest.approx(own.high))
    assert enough.is_exact


def test_what_is_exact_stays_so_while_reports_agree() -> None:
    found = corrected(estimate(), fit([pair_of(GRAPH, estimate(), report())]))
    assert (found.latency_cycles, found.interval, found.dsp) == tuple(map(Figure.exactly, (20.0, 1.0, 10.0)))
    assert found.corrected
    # Nothing was expected of block RAM, and no factor makes two of nothing.
    assert found.bram == Figure.exactly(0.0)


def test_layers_keep_their_shares() -> None:
    found = of_lut(2000.0)
    assert found.lut is not None
    assert found.rest is not None
    parts = [layer.lut.value for layer in (*found.layers, found.rest) if layer.lut is not None]
    assert sum(parts) == pytest.approx(found.lut.value)
    assert found.layers[0].ff is None


def test_the_basis_says_so() -> None:
    found = of_lut(2000.0, 2000.0)
    assert found.basis[0] == "fitted on something"
    assert found.basis[1] == "local calibration towards csynth reports of xilinx_7series: lut x1.41 (2 pairs)"
    assert json.loads(json.dumps(found.document()))["corrected"] is True
    assert corrected(found, fit([pair(1000, 2000)])) is found, "a correction is not made twice"


def test_other_groups_say_nothing() -> None:
    for group in (
        replace(CSYNTH, flow=Flow.RTL, stage=Stage.IMPLEMENTATION),
        replace(CSYNTH, stage=Stage.VSYNTH),
        replace(CSYNTH, family=Family.XILINX_ULTRASCALE_PLUS),
        replace(CSYNTH, part="xcvm1802"),
    ):
        assert of_lut(2000.0, group=group) == estimate()
    assert corrected(estimate(), fit([])) == estimate()


def test_uncalibrated_parts_learn_from_the_same_part_alone() -> None:
    guess = estimate(part="xcvm1802-vsva2197", uncalibrated=True)
    group = Group(Flow.VITIS, Stage.CSYNTH, Family.XILINX_ULTRASCALE_PLUS, "xcvm1802-vsva2197")
    assert (
        corrected(guess, fit([pair(1000, 2000, group=group)]))
        .basis[1]
        .startswith("local calibration towards csynth reports of xcvm1802-vsva2197: lut x1.26 (1 pair)")
    )
    assert corrected(guess, fit([pair(1000, 2000, group=replace(group, part=None))])) == guess


def test_luts_after_placement() -> None:
    group = replace(CSYNTH, stage=Stage.IMPLEMENTATION)
    found = corrected(estimate(), fit([pair(1000, 300, number=k, group=group) for k in range(4)]))
    assert found.lut == estimate().lut
    assert found.lut_implemented is not None
    assert found.lut_implemented.value == pytest.approx(1000 * 0.3 ** (4 / 6))
    assert found.basis[1].startswith("local calibration towards implementation reports")


def test_the_rtl_flow_is_corrected_towards_implementation() -> None:
    group = Group(Flow.RTL, Stage.IMPLEMENTATION, Family.XILINX_7SERIES)
    guess = estimate(Flow.RTL, fmax_mhz=Figure.about(200.0, 0.1, 0.1))
    found = corrected(guess, fit([pair(200, 400, group=group, figure="fmax_mhz")]))
    assert found.fmax_mhz is not None
    assert found.fmax_mhz.value == pytest.approx(200 * 2 ** (1 / 3))
    assert found.lut_implemented is None


def test_pairs_of_another_version_are_told_and_left_out() -> None:
    calibration = fit([pair(1000, 2000), pair(1000, 4000, number=1, version="0.0.0")])
    assert (calibration.pairs, calibration.left_out) == (1, 1)
    found = corrected(estimate(), calibration)
    assert found.basis[1].endswith("lut x1.26 (1 pair); 1 pairs of other versions of codesign are not used")
    document = json.loads(json.dumps(calibration.document()))
    assert document["groups"][0]["figures"]["lut"]["pairs"] == 1


def test_a_design_is_not_judged_by_its_own_pairs() -> None:
    pairs = [pair(1000, 2000), pair(1000, 8000, number=1)]
    assert fit(pairs, without=pairs[1].graph) == fit(pairs[:1])
    assert fit(pairs, without=pairs[1].graph).left_out == 0


def test_ratios() -> None:
    assert log_ratio(pair(10, 20), "lut") == pytest.approx(math.log(2))
    assert log_ratio(pair(10, 0), "lut") == pytest.approx(math.log(0.05)), "none reported counts as half of one"
    assert log_ratio(pair(10, None), "lut") is None
    assert log_ratio(pair(10, 20), "ff") is None


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=30))
def test_the_fit_is_that_of_the_definition(ratios: list[float]) -> None:
    def center(values: list[float]) -> float:
        return median(values) * len(values) / (len(values) + WEIGHT) if values else 0.0

    found = correction(ratios)
    left = sorted(abs(value - center([*ratios[:k], *ratios[k + 1 :]])) for k, value in enumerate(ratios))
    rank = min(math.ceil(9 * (len(left) + 1) / 10), len(left))
    assert found.log_factor == pytest.approx(center(ratios), abs=1e-12)
    assert found.spread == pytest.approx(left[rank - 1], abs=1e-12)
    assert found.pairs == len(ratios)


@pytest.mark.parametrize("count", [ENOUGH, 30])
def test_intervals_hold_nine_in_ten_of_what_comes(count: int) -> None:
    """A tool that reports 0.6 times the estimate, give or take: the next truth lies inside as often as is said."""
    rng = np.random.default_rng(5)
    inside, better = 0, 0
    for _ in range(400):
        ratios = np.exp(rng.normal(math.log(0.6), 0.2, count + 1))
        *seen, truth = 1000 * ratios
        found = of_lut(*map(float, seen)).lut
        assert found is not None
        inside += found.low <= truth <= found.high
        better += abs(found.value - truth) < abs(1000 - truth)
    assert inside >= 0.88 * 400
    assert better >= 0.85 * 400
