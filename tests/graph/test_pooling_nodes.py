"""Pooling checks its windows; nodes that move numbers check where they go."""

from __future__ import annotations

from typing import Any

import pytest

from codesign.errors import GraphError
from codesign.graph import (
    Cropping,
    FixedPoint,
    Graph,
    Input,
    Node,
    Pooling,
    PoolingArithmetic,
    PoolingKind,
    Resize,
    Transpose,
    ZeroPadding,
)

T = FixedPoint.parse("fixed<4,2>")


def graph(node: Node, shape: tuple[int, ...]) -> Graph:
    return Graph("design", (Input(name="x", inputs=(), shape=shape, result=T), node), (node.name,))


def pooling(**changes: Any) -> Pooling:
    values: dict[str, Any] = {
        "name": "n",
        "inputs": ("x",),
        "shape": (2, 3, 5),
        "result": T,
        "kind": PoolingKind.AVERAGE,
        "arithmetic": PoolingArithmetic.PARALLEL,
        "window": (2, 2),
        "stride": (2, 2),
        "before": (0, 0),
        "after": (0, 0),
        "count_padding": False,
        "accumulator": T,
    }
    return Pooling(**{**values, **changes})


def test_windows_give_the_shape():
    graph(pooling(), (4, 6, 5))
    graph(pooling(window=(3, 2), stride=(1, 2)), (4, 6, 5))
    graph(pooling(shape=(3, 4, 5), before=(1, 1), after=(1, 1)), (4, 6, 5))
    graph(pooling(shape=(5,), window=(4, 6), arithmetic=PoolingArithmetic.RUNNING), (4, 6, 5))
    graph(pooling(shape=(5, 2, 3), arithmetic=PoolingArithmetic.CHANNELS_FIRST), (5, 4, 6))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"window": (2,)}, r"window is \(2,\), expected 2 integers of at least 1"),
        ({"stride": (2, 0)}, r"stride is \(2, 0\), expected 2 integers of at least 1"),
        ({"before": (-1, 0)}, r"before is \(-1, 0\), expected 2 integers of at least 0"),
        ({"window": (5, 2)}, r"a window of 5 does not fit into 4 numbers"),
        ({"shape": (2, 2, 5)}, r"has shape \(2, 2, 5\), but its windows give \(2, 3, 5\)"),
        ({"shape": (3, 3, 5), "before": (2, 0)}, "a window holds nothing but padding"),
        ({"shape": (3, 3, 5), "after": (2, 0)}, "a window holds nothing but padding"),
        ({"arithmetic": PoolingArithmetic.STREAM, "stride": (1, 2)}, "a stream is pooled without padding"),
        ({"arithmetic": PoolingArithmetic.STREAM, "after": (1, 0)}, "a stream is pooled without padding"),
        ({"arithmetic": PoolingArithmetic.RUNNING}, r"running pooling takes one window of \(4, 6\), not of \(2, 2\)"),
        ({"arithmetic": PoolingArithmetic.CHANNELS_FIRST, "stride": (1, 2)}, "a stride as large as the window"),
        ({"integer_accumulator": True}, r"fixed<4,2> is no type of an integer accumulator"),
    ],
)
def test_windows_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(GraphError, match=f"'n'.*{message}"):
        graph(pooling(**changes), (4, 6, 5))


def test_padding_that_counts_may_fill_a_window():
    graph(pooling(shape=(3, 3, 5), before=(2, 0), count_padding=True), (4, 6, 5))
    graph(pooling(shape=(3, 3, 5), before=(2, 0), kind=PoolingKind.MAX), (4, 6, 5))


MOVES = [
    (ZeroPadding, {"before": (1,), "after": (0, 0)}, (4, 2), r"before is \(1,\), expected 2 integers of at least 0"),
    (ZeroPadding, {"before": (1, 0), "after": (0, -1)}, (4, 2), r"after is \(0, -1\), expected 2 integers"),
    (ZeroPadding, {"before": (1, 0), "after": (0, 0)}, (3, 2), r"has shape \(3, 2\), expected \(4, 2\)"),
    (Cropping, {"before": (1, 0), "after": (1, 0)}, (2, 2), r"has shape \(2, 2\), expected \(1, 2\)"),
    (Cropping, {"before": (1, 0, 0), "after": (1, 0)}, (1, 2), r"before is \(1, 0, 0\), expected 2"),
    (Transpose, {"axes": (0, 0)}, (3, 2), r"axes are \(0, 0\), expected each of 2 once"),
    (Transpose, {"axes": (1, 0)}, (3, 2), r"has shape \(3, 2\), expected \(2, 3\)"),
    (Resize, {"image": (1, 3), "rows": (0,), "columns": (0,)}, (3, 2), r"an image of \(1, 3\) is not what"),
    (Resize, {"image": (1, 3, 3), "rows": (0,), "columns": (0,)}, (3, 2), r"an image of \(1, 3, 3\) is not what"),
    (Resize, {"image": (1, 3, 2), "rows": (1,), "columns": (0,)}, (1, 2), r"rows must be of 0 to 0, they are \(1,\)"),
    (Resize, {"image": (1, 3, 2), "rows": (0,), "columns": ()}, (1, 2), r"columns must be of 0 to 2, they are \(\)"),
    (Resize, {"image": (1, 3, 2), "rows": (0,), "columns": (2, 2)}, (3, 2), "gives 1 rows of 2 columns of 2 channels"),
]


@pytest.mark.parametrize(("cls", "fields", "shape", "message"), MOVES)
def test_moves_that_lead_nowhere_are_refused(cls, fields, shape, message):
    with pytest.raises(GraphError, match=f"'n'.*{message}"):
        graph(cls(name="n", inputs=("x",), shape=shape, result=T, **fields), (3, 2))


def test_a_resize_keeps_the_type():
    other = FixedPoint.parse("fixed<5,2>")
    node = Resize(name="n", inputs=("x",), shape=(1, 2), result=other, image=(1, 3, 2), rows=(0,), columns=(1,))
    with pytest.raises(GraphError, match=r"'n' resizes fixed<4,2> into fixed<5,2>; a resize keeps the type"):
        graph(node, (3, 2))
