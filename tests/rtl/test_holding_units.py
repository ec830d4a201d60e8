"""Beats that are held: values and cycles against the Graph and the behaviour that the units claim."""

from __future__ import annotations

import pytest

from codesign.graph import Broadcast, Merge, MergeOperation
from codesign.rtl.stream import Layout, by_place, whole
from codesign.rtl.units import Place, Source, plan
from tests.rtl.image_nodes import OPTIONS, P, port, shared, trial
from tests.rtl.unit_bench import Bench, check


def merge(first, second, operation="multiply", result="fixed<9,4,RND,SAT>"):
    larger = max((first, second), key=lambda node: node.size)
    return Merge(
        name="joined",
        inputs=(first.name, second.name),
        shape=larger.shape,
        result=P(result),
        operation=MergeOperation(operation),
    )


def broadcast(source, shape, result="fixed<6,2,RND,SAT>"):
    return Broadcast(name="wide", inputs=(source.name,), shape=shape, result=P(result))


def planned(node, *sources):
    return plan(node, Place("u", tuple(Source(s, by_place(s.shape)) for s in sources), OPTIONS))


@pytest.mark.tools
def test_beats_that_are_held_serve_whatever_the_traffic(tmp_path):
    image, scale, one = port((3, 4, 2)), port((2,), "ufixed<4,1>", "scale"), port((1,), name="one")
    line, pixel = port((3, 1, 2), name="line"), port((1, 1, 2), name="pixel")
    designs = [
        ((image, scale), merge(image, scale)),
        ((scale, image), merge(scale, image, "subtract")),
        ((image, one), merge(image, one, "maximum")),
        ((image, scale), merge(image, scale, "add", "fixed<9,5>")),
        ((pixel,), broadcast(pixel, (3, 4, 2))),
        ((line,), broadcast(line, (3, 4, 2), "fixed<5,2>")),
        ((port((3, 1, 1)),), broadcast(port((3, 1, 1)), (3, 2, 3))),
    ]
    trials = [trial(f"u{index}", sources, node, seed=index) for index, (sources, node) in enumerate(designs)]
    check(Bench(trials, tmp_path / "bench", shared(trials)))


def test_a_scale_of_each_channel_is_taken_once_a_sample():
    image, scale = port((3, 4, 2)), port((2,), name="scale")
    found = planned(merge(image, scale), image, scale)
    assert (found.inputs, found.output) == ((Layout(2, 12), Layout(2, 1)), Layout(2, 12))


def test_a_row_is_held_for_its_own_places():
    source = port((3, 1, 2))
    found = planned(broadcast(source, (3, 4, 2)), source)
    assert (found.inputs, found.output) == ((Layout(2, 3),), Layout(2, 12))


def test_beats_that_would_come_again_after_others_are_gathered():
    source = port((1, 4, 2))
    assert planned(broadcast(source, (3, 4, 2)), source).inputs == (whole((1, 4, 2)),)
    image, rows = port((3, 4, 2)), port((4, 2), name="rows")
    assert planned(merge(image, rows), image, rows).output == whole((3, 4, 2))
