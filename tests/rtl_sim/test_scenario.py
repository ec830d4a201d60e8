"""Plans: the share of pauses that was asked for, the same from the same seed, every frame in one segment."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtl_sim.interface import Dut, Protocol, Stream
from rtl_sim.scenario import Claims, LastError, Pattern, Scenario, compile_plan, standard_scenarios

X = Stream("x", ("x_data",), 8, False, 2, beats=4, valid=("x_valid",), ready="x_ready", last="x_last")
Y = Stream("y", ("y_data",), 8, False, 2, beats=1, valid=("y_valid",), ready="y_ready")
DUT = Dut("top", Protocol.AXIS, "clk", "rst", (X,), (Y,))
CLAIMS = Claims(20, 4)


@pytest.mark.parametrize(("share", "pause"), [(0.2, 1.5), (0.5, 2.0), (0.5, 24.0), (0.75, 4.0)])
def test_a_pattern_pauses_as_often_and_as_long_as_it_says(share, pause):
    active = Pattern(share, pause).cycles(200_000, np.random.default_rng(1))
    assert abs((~active).mean() - share) < 0.01
    starts = np.count_nonzero(active[:-1] & ~active[1:])
    assert abs((~active).sum() / starts / pause - 1) < 0.05


@pytest.mark.parametrize(("share", "pause"), [(1.0, 2.0), (-0.1, 1.0), (0.5, 0.5), (0.75, 2.0)])
def test_a_pattern_that_cannot_be(share, pause):
    with pytest.raises(ValueError, match=rf"pauses in {share:g} of the cycles, {pause:g} at a time"):
        Pattern(share, pause)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 200), st.integers(0, 3), st.sampled_from(standard_scenarios(Protocol.AXIS)))
def test_every_frame_is_in_one_segment(frames, seed, scenario):
    plan = compile_plan(scenario, DUT, frames, CLAIMS, seed)
    assert [s.first for s in plan.segments] == [0, *np.cumsum([s.frames for s in plan.segments])[:-1]]
    assert sum(s.frames for s in plan.segments) == frames
    assert plan.gaps["x"].shape == (4 * frames,)
    assert plan.gaps["x"].min(initial=0) >= 0
    assert plan.ready["y"].any()
    aborted = [s for s in plan.segments if s.abort >= 0]
    assert len(aborted) == min(scenario.resets, frames // 4)
    assert all(later.abort < 0 for earlier, later in pairwise(plan.segments) if earlier.abort >= 0)
    assert not plan.segments or plan.segments[-1].abort < 0


def test_the_seed_decides():
    scenario = Scenario("s", Pattern(0.5, 2), Pattern(0.5, 2), resets=5)
    first, same, other = (compile_plan(scenario, DUT, 100, CLAIMS, seed) for seed in (7, 7, 8))
    for part in ("gaps", "ready", "last"):
        for name, values in getattr(first, part).items():
            np.testing.assert_array_equal(values, getattr(same, part)[name])
    assert first.segments == same.segments
    assert first.segments != other.segments
    assert (first.gaps["x"] != other.gaps["x"]).any()


def test_errors_of_tlast():
    def drawn(error):
        return compile_plan(Scenario("s", last=error), DUT, 100, CLAIMS, 0).last["x"].reshape(100, 4)

    assert (drawn(LastError.NONE) == [False, False, False, True]).all()
    missing, early, late = drawn(LastError.MISSING), drawn(LastError.EARLY), drawn(LastError.LATE)
    assert 20 < missing.sum() < 80
    assert not missing[:, :-1].any()
    assert (early.sum(axis=1) == 1).all()
    assert early[:, :-1].any()
    assert late[:, 0].sum() > 20
    assert not late[:, 1:-1].any()


def test_one_start_for_all_inputs_of_ap_ctrl_hs():
    streams = tuple(Stream(name, (name,), 8, True, 1) for name in ("a", "b"))
    dut = Dut("top", Protocol.AP_CTRL_HS, "ap_clk", "ap_rst", streams, (Stream("y", ("y",), 8, True, 1),))
    plan = compile_plan(Scenario("s", Pattern(0.5, 2)), dut, 50, CLAIMS, 0)
    np.testing.assert_array_equal(plan.gaps["a"], plan.gaps["b"])
    assert not plan.ready
