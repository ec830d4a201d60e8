"""Sweeps as they are written, and what they go through."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.classifiers import mlp
from codesign.errors import EstimateError
from codesign.estimate.sweep import Axis, Knob, Space, parse
from codesign.rtl.folded.multipliers import Multipliers


def values(text):
    return {axis.key: list(axis.values) for axis in parse(text).axes}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("weights=2..8", {"weights": [2, 3, 4, 5, 6, 7, 8]}),
        ("weights=2..8/3", {"weights": [2, 5, 8]}),
        ("weights=2..8/4", {"weights": [2, 6]}),
        ("reuse=1,2,4", {"reuse": [1, 2, 4]}),
        ("reuse=1,4..6,4,64", {"reuse": [1, 4, 5, 6, 64]}),
        ("clock_ns=2.5..5/0.5,10", {"clock_ns": [2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 10.0]}),
        ("clock_ns=0.1..0.5/0.1", {"clock_ns": [0.1, 0.2, 0.3, 0.4, 0.5]}),
        ("multipliers=dsp,lut", {"multipliers": [Multipliers.DSP, Multipliers.LUT]}),
        ("fc1.weights=4 weights=3", {"fc1.weights": [4], "weights": [3]}),
        ("model/fc.1.reuse=8", {"model/fc.1.reuse": [8]}),
    ],
)
def test_values(text, expected):
    assert values(text) == expected


@given(st.integers(1, 64), st.integers(1, 64), st.integers(1, 9))
def test_ranges_are_those_of_python_with_both_ends(first, last, step):
    text = f"weights={first}..{last}/{step}"
    if first <= last:
        assert values(text)["weights"] == list(range(first, last + 1, step))
    else:
        with pytest.raises(EstimateError, match="is empty; write the smaller end first"):
            parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a sweep needs at least one key with values, as 'weights=2..8 reuse=1,2,4'"),
        ("weights", "'weights' in the sweep has no '='; write a key and its values"),
        (
            "wights=2..8",
            "sweep key 'wights' is unknown; keys are weights, activations, reuse, clock_ns, multipliers, and",
        ),
        ("fc1.clock_ns=2", r"'fc1.clock_ns': clock_ns is one for the whole design; keys are .* LAYER.reuse for single"),
        ("fc1.=2", "sweep key 'fc1.' is unknown"),
        ("weights=2..8 weights=3", "the sweep gives 'weights' twice; keep one"),
        ("weights=", "'weights': '' is not a whole number; give a whole number, lists such as 1,2,4, or ranges"),
        ("weights=2,,3", "'weights': '' is not a whole number"),
        ("weights=two", "'weights': 'two' is not a whole number"),
        ("weights=2.5", "'weights': '2.5' is not a whole number"),
        ("weights=2..", "'weights': '2..' is not a whole number"),
        ("weights=nan", "'weights': 'nan' is not a whole number"),
        ("weights=٣", "is not a whole number"),
        ("clock_ns=inf", "'clock_ns': 'inf' is not a number"),
        ("weights=0..4", "'weights': 0 is out of reach; give 1 to 64"),
        ("activations=65", "'activations': 65 is out of reach; give 1 to 64"),
        ("reuse=0", "'reuse': 0 is out of reach; give 1 to 65536"),
        ("clock_ns=0.01", "'clock_ns': 0.01 is out of reach; give 0.1 to 1000000"),
        ("weights=8..2", "range '8..2' is empty; write the smaller end first and a step above 0"),
        ("weights=2..8/0", "range '2..8/0' is empty"),
        ("weights=2..8/-1", "range '2..8/-1' is empty"),
        ("multipliers=bram", "'multipliers': 'bram' is no value; give auto, dsp, lut"),
        ("multipliers=auto..lut", "'multipliers': 'auto..lut' is no value"),
        ("clock_ns=1..1000000/0.001", "has 999999001 values; at most 200000 configurations are gone through"),
        (
            "reuse=1..1000 weights=2..33 activations=2..33",
            "the sweep has 1024000 configurations, 32 .weights. x 32 .activations. x 1000 .reuse.; at most 200000 are",
        ),
    ],
)
def test_what_is_no_sweep_is_refused_with_what_is_legal(text, message):
    with pytest.raises(EstimateError, match=message):
        parse(text)


def test_every_combination_is_gone_through_once_and_graphs_change_slowest():
    space = parse("reuse=1,2 weights=2..4 clock_ns=5,10 fc2.weights=6,7")
    assert [axis.key for axis in space.axes] == ["weights", "fc2.weights", "reuse", "clock_ns"]
    assert len(space) == 3 * 2 * 2 * 2
    points = list(space)
    assert [point.index for point in points] == list(range(24))
    assert [point.values for point in points] == list(itertools.product((2, 3, 4), (6, 7), (1, 2), (5.0, 10.0)))
    assert points == [space[index] for index in range(24)]
    with pytest.raises(IndexError):
        space[24]
    for _, same in itertools.groupby(points, key=lambda point: point.precision):
        assert len(list(same)) == 4


def test_a_point_says_its_values():
    point = parse("weights=4 fc1.weights=3 fc1.reuse=8 clock_ns=2.5 multipliers=lut")[0]
    assert str(point) == "weights=4 fc1.weights=3 fc1.reuse=8 clock_ns=2.5 multipliers=lut"
    assert (point.everywhere(Knob.WEIGHTS), point.everywhere(Knob.REUSE)) == (4, None)
    assert (point.by_layer(Knob.WEIGHTS), point.by_layer(Knob.REUSE)) == ({"fc1": 3}, {"fc1": 8})
    assert point.document() == {
        "weights": 4, "fc1.weights": 3, "fc1.reuse": 8, "clock_ns": 2.5, "multipliers": "lut",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fc9.weights=2", r"sweep key 'fc9.weights': layer 'fc9' is not in design 'digits'; .* weights are: fc1, fc2"),
        ("relu1.weights=2", "key 'relu1.weights': layer 'relu1' has no weights; layers with weights are: fc1, fc2"),
        ("fc1.activations=2", "layer 'fc1' has no activations; layers with activations are: relu1"),
        ("x.reuse=2", "layer 'x' has no reuse factor; layers with a reuse factor are: fc1, fc2"),
    ],
)
def test_layers_are_checked_against_the_design(text, message):
    parse("fc1.weights=2 relu1.activations=3 fc2.reuse=4 clock_ns=5").check(mlp())
    with pytest.raises(EstimateError, match=message):
        parse(text).check(mlp())


def test_a_key_that_the_whole_design_has_no_layer_for_is_refused():
    with pytest.raises(EstimateError, match="sweep key 'activations': design 'digits' has no layer with activations"):
        parse("activations=3").check(mlp((4, 2)))


def test_an_axis_without_values_is_none():
    with pytest.raises(EstimateError, match="at least one key with values"):
        Space((Axis(Knob.WEIGHTS, ()),))
