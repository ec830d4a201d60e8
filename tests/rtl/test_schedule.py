"""Latency, interval and FIFO depths follow from when units take and give beats."""

from __future__ import annotations

import pytest

from codesign.rtl.schedule import Schedule, schedule, timed
from codesign.rtl.stream import Layout
from tests.rtl.networks import branches, chain, lagging, slow, straight

VECTOR = Layout(4, 1)
IMAGE = Layout(2, 30)


def test_latencies_add_up():
    assert schedule(chain(straight("a", VECTOR, 3), straight("b", VECTOR, 5), shape=(4,))) == Schedule(9, 1, {})


def test_wires_take_no_time():
    assert schedule(chain(straight("a", VECTOR, 0), straight("b", VECTOR, 0), shape=(4,))) == Schedule(1, 1, {})


def test_a_sample_takes_its_beats():
    made = chain(straight("a", IMAGE, 2), shape=(30, 2), layout=IMAGE)
    assert schedule(made) == Schedule(1 + 2 + 29, 30, {})


def test_the_slowest_unit_sets_the_interval():
    made = chain(slow("a", VECTOR, 7, 8), slow("b", VECTOR, 11, 12), shape=(4,))
    assert schedule(made) == Schedule(1 + 8 + 12, 11, {})


def test_slow_beats_count_each():
    made = chain(slow("a", IMAGE, 7, 8), shape=(30, 2), layout=IMAGE)
    assert schedule(made) == Schedule(1 + 29 * 7 + 8, 30 * 7, {})


def test_beats_are_gathered_and_scattered():
    made = chain(straight("a", Layout(60, 1), 1), straight("b", IMAGE, 1), shape=(30, 2), layout=IMAGE)
    assert schedule(made) == Schedule(1 + 30 + 1 + 1 + 1 + 29, 30, {})


def test_equal_branches_need_no_fifo():
    found = schedule(branches(straight("a", IMAGE, 3), straight("b", IMAGE, 3), IMAGE))
    assert found == Schedule(1 + 3 + 1 + 29, 30, {})


@pytest.mark.parametrize("lag", [1, 4, 17])
def test_a_branch_that_lags_is_waited_for(lag):
    found = schedule(branches(lagging("a", IMAGE, lag), straight("b", IMAGE, 0), IMAGE))
    (name,) = found.fifos
    assert name.endswith("_f1") or "w002" in name
    assert lag - 2 <= found.fifos[name] <= lag + 2
    assert found.interval == 30 + lag


@pytest.mark.parametrize("swap", [False, True])
def test_depths_are_the_least_that_suffice(swap):
    first, second = lagging("a", IMAGE, 9), straight("b", IMAGE, 2)
    made = branches(second, first, IMAGE) if swap else branches(first, second, IMAGE)
    found = schedule(made)
    ((name, depth),) = found.fifos.items()
    assert depth > 1
    assert timed(made(found.fifos)) == (found.latency, found.interval)
    assert timed(made({name: 2 * depth})) == (found.latency, found.interval)
    shallow = timed(made({name: depth - 1}))
    assert shallow is None or shallow > (found.latency, found.interval)


@pytest.mark.parametrize("lag", [1, 4, 9, 30])
def test_a_vector_that_lags_costs_no_clock(lag):
    made = branches(straight("a", VECTOR, lag), straight("b", VECTOR, 0), VECTOR)
    found = schedule(made)
    assert found.interval == 1
    assert timed(made(found.fifos), 100) == (found.latency, 1)


def test_branches_that_wait_for_each_other_are_seen():
    assert timed(branches(lagging("a", IMAGE, 9), straight("b", IMAGE, 2), IMAGE)({})) is None


def test_a_slow_branch_holds_the_other_back_without_harm():
    found = schedule(branches(slow("a", IMAGE, 6, 7), straight("b", IMAGE, 1), IMAGE))
    assert found.interval == 30 * 6
    assert all(depth <= 4 for depth in found.fifos.values())
