"""Judging what was seen: wrong numbers, lacking and surplus beats, frames that a reset cut off, broken rules."""

from __future__ import annotations

import numpy as np
import pytest

from rtl_sim.beats import to_beats
from rtl_sim.interface import Dut, Protocol, Stream
from rtl_sim.observed import Flow, Observed, Violation
from rtl_sim.run_files import Order, load_observed, save_observed
from rtl_sim.scenario import Plan, Segment
from rtl_sim.scoreboard import judge

X = Stream("x", ("x",), 8, True, 2, valid=("xv",))
INSIDE = Stream("layer", ("l",), 8, True, 1, beats=2, valid=("lv",))
Y = Stream("y", ("y",), 8, True, 1, beats=2, valid=("yv",))
DUT = Dut("top", Protocol.VALID_READY, "clk", "rst", (X,), (Y,), probes=(INSIDE,))
NUMBERS = np.arange(12).reshape(6, 2) - 6
PLAN = Plan(6, (Segment(0, 2, abort=5), Segment(2, 4)), {}, {})


def flow(rows, segments):
    rows = np.asarray(rows).reshape(-1, 1)
    words = to_beats(Stream("one", ("d",), 8, True, 1), rows)["d"]
    return Flow(
        np.arange(len(rows), dtype=np.int64) * 3, np.asarray(segments, dtype=np.int64), {"y": words, "l": words}
    )


def seen(rows=None, segments=None, inside=None, violations=()):
    rows = np.concatenate([NUMBERS[0], NUMBERS[2:].ravel()]) if rows is None else rows
    segments = [0] * 2 + [1] * 8 if segments is None else segments
    right = flow(np.concatenate([NUMBERS[0], NUMBERS[2:].ravel()]), [0] * 2 + [1] * 8)
    flows = {"y": flow(rows, segments), "layer": right if inside is None else inside}
    return Observed(np.array([0, 10]), 40, flows, violations)


def test_right_answers_and_a_frame_cut_off():
    assert judge(DUT, PLAN, seen(), {"y": NUMBERS}) == ()
    rows = np.concatenate([NUMBERS[:2].ravel()[:3], NUMBERS[2:].ravel()])
    assert judge(DUT, PLAN, seen(rows, [0] * 3 + [1] * 8), {"y": NUMBERS}) == ()


def test_a_wrong_number_is_placed():
    rows = np.concatenate([NUMBERS[0], NUMBERS[2:].ravel()])
    rows[5] = -1
    (fault,) = judge(DUT, PLAN, seen(rows), {"y": NUMBERS})
    assert (fault.stream, fault.frame, fault.index, fault.expected, fault.found) == ("y", 3, 1, 1, -1)
    assert fault.text == "y of frame 3 is wrong in cycle 15: number 1 is -1 (11111111), expected 1 (00000001)"


def test_the_point_inside_comes_first():
    rows = np.concatenate([NUMBERS[0], NUMBERS[2:].ravel()])
    rows[4] = 99
    faults = judge(DUT, PLAN, seen(rows, inside=flow(rows, [0] * 2 + [1] * 8)), {"y": NUMBERS, "layer": NUMBERS})
    assert [(fault.stream, fault.frame) for fault in faults] == [("layer", 3), ("y", 3)]


@pytest.mark.parametrize(
    ("count", "message"),
    [(7, "y gave 7 beats, not 8, for 4 frames from 2 on"), (9, "y gave 9 beats, not 8, for 4 frames from 2 on")],
)
def test_too_few_and_too_many(count, message):
    rows = np.resize(NUMBERS[2:].ravel(), count)
    (fault,) = judge(DUT, PLAN, seen(np.concatenate([NUMBERS[0], rows]), [0] * 2 + [1] * count), {"y": NUMBERS})
    assert fault.text == message


def test_what_a_reset_should_have_ended_is_seen():
    rows = np.concatenate([NUMBERS[0], NUMBERS[1], NUMBERS[2:].ravel()])
    faults = judge(DUT, PLAN, seen(rows, [0] * 2 + [1] * 10), {"y": NUMBERS})
    assert (faults[0].frame, faults[0].index) == (2, 0)


def test_a_broken_rule_has_its_frame():
    rows = np.concatenate([NUMBERS[0], NUMBERS[2:4].ravel()])
    broken = seen(rows, [0] * 2 + [1] * 4, violations=(Violation(33, 1, "y", "y_valid fell"),))
    (fault,) = judge(DUT, PLAN, broken, {"y": NUMBERS})
    assert (fault.frame, fault.cycle, fault.text) == (4, 33, "y: y_valid fell (frame 4, cycle 33)")


def test_files_hold_all_of_it(tmp_path):
    observed = seen(violations=(Violation(33, 1, "y", "y_valid fell"),))
    save_observed(observed, tmp_path)
    back = load_observed(tmp_path)
    assert (back.cycles, back.violations) == (observed.cycles, observed.violations)
    for name, kept in observed.flows.items():
        np.testing.assert_array_equal(back.flows[name].cycle, kept.cycle)
        np.testing.assert_array_equal(back.flows[name].segment, kept.segment)
        np.testing.assert_array_equal(back.flows[name].words["y"], kept.words["y"])
    plan = Plan(6, PLAN.segments, {"x": np.arange(6)}, {"y": np.ones(3, dtype=bool)}, {"x": np.zeros(6, dtype=bool)})
    order = Order(DUT, plan, {"x": to_beats(X, NUMBERS)}, seed=4, probes=True)
    order.save(tmp_path)
    again = Order.load(tmp_path)
    assert (again.design, again.seed, again.probes, again.plan.segments) == (DUT, 4, True, plan.segments)
    np.testing.assert_array_equal(again.plan.gaps["x"], plan.gaps["x"])
    np.testing.assert_array_equal(again.plan.last["x"], plan.last["x"])
    np.testing.assert_array_equal(again.words["x"]["x"], order.words["x"]["x"])
