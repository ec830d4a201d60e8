"""What is left of a design when constants are folded."""

from __future__ import annotations

from codesign.estimate.vitis.folding import folded
from codesign.graph import FixedPoint, Graph, Normalize, NormalizeKind, frozen
from tests.estimate.vitis.nets import POSITIVE, WIDE, dense, port, relu

FIRST = [[1, 0, 5, 7], [2, 0, 6, 8]]  # the second output is a constant
LAST = [[1], [3], [0], [4]]  # the third input is not read


def _design() -> Graph:
    x = port(2)
    first = dense(FIRST, bias=[1, 2, 3, 4], name="first")
    scaled = Normalize(
        name="scaled",
        inputs=("first",),
        shape=(4,),
        result=WIDE,
        kind=NormalizeKind.APPLY_ALPHA,
        scale=frozen([8, 8]),
        scale_type=WIDE,
        bias=frozen([1, 2]),
        bias_type=WIDE,
    )
    active = relu(scaled)
    last = dense(LAST, name="last", source="relu")
    return Graph("net", (x, first, scaled, active, last), ("last",))


def test_constants_and_what_nobody_reads() -> None:
    graph = _design()
    found = {item.node.name: item for item in folded(graph)}
    assert {name: item.values for name, item in found.items()} == {
        "x": 2,
        "first": 2,
        "scaled": 2,
        "relu": 2,
        "last": 1,
    }
    first, scaled, active = (found[name].built for name in ("first", "scaled", "relu"))
    assert first is not None
    assert first.arrays()["weight"].tolist() == [[1, 0, 0, 7], [2, 0, 0, 8]]
    assert scaled is not None
    assert scaled.arrays()["bias"].tolist() == [1, 2]
    assert active is not None
    assert active.shape == (2,)
    assert found["last"].built is graph["last"], "whole, as it is"
    assert folded(graph) is folded(graph)


def test_all_constant() -> None:
    x = port(2)
    first = dense([[0], [0]], bias=[1])
    active = relu(first)
    found = folded(Graph("net", (x, first, active), ("relu",)))
    assert [item.built for item in found[1:]] == [None, None]


def test_outputs_are_read() -> None:
    x = port(2)
    first = dense(FIRST, name="first")
    last = dense(LAST, name="last", source="first")
    found = {item.node.name: item for item in folded(Graph("net", (x, first, last), ("first", "last")))}
    assert found["first"].values == 3, "all but the constant one"
    assert found["first"].built is first


def test_types_do_not_matter() -> None:
    x = port(2, FixedPoint(False, 1, 1))
    node = dense(FIRST, result=POSITIVE)
    assert folded(Graph("net", (x, node), ("fc",)))[1].values == 3
