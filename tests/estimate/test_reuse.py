"""Reuse factors by layer: every name is checked, whoever's it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from codesign.errors import EstimateError
from codesign.estimate.reuse import reuse_by_node
from codesign.graph import Activation, ActivationFunction, Dense, FixedPoint, Graph, Input, frozen


@pytest.fixture
def graph() -> Graph:
    eight = FixedPoint(True, 8, 4)
    x = Input(name="x", inputs=(), shape=(2,), result=eight)
    fc = Dense(
        name="fc",
        inputs=("x",),
        shape=(2,),
        result=eight,
        source="my fc",
        weight=frozen([[1, -2], [3, 4]]),
        weight_type=eight,
        bias=frozen([0, 1]),
        bias_type=eight,
        accumulator=eight,
    )
    relu = Activation(name="act", inputs=("fc",), shape=(2,), result=eight, function=ActivationFunction.RELU)
    last = replace(fc, name="last", inputs=("act",), source="")
    return Graph("net", (x, fc, relu, last), ("last",))


def test_one_for_all_and_by_name(graph: Graph) -> None:
    assert reuse_by_node(graph, 4) == {"fc": 4, "last": 4}
    assert reuse_by_node(graph, {"my fc": 2}) == {"fc": 2}, "as the user's model names it"
    assert reuse_by_node(graph, {"fc": 2, "last": 3}) == {"fc": 2, "last": 3}


@pytest.mark.parametrize(
    ("reuse", "message"),
    [
        ({"fc9": 2}, "layer 'fc9' is no layer of 'net'; layers with one are: fc, last"),
        ({"act": 2}, "layer 'act' has no reuse factor; layers with one are: fc, last"),
        ({"fc": 0}, "layer 'fc': reuse factor 0 is not possible; give at least 1"),
        (-1, "layer 'fc': reuse factor -1 is not possible; give at least 1"),
    ],
)
def test_what_is_refused(graph: Graph, reuse: int | dict[str, int], message: str) -> None:
    with pytest.raises(EstimateError) as refused:
        reuse_by_node(graph, reuse)
    assert str(refused.value) == message
