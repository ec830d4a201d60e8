"""Pooling and moves in the fast engine: the reference's integers, and fast where nothing stands against it."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from codesign.graph import (
    Activation,
    ActivationFunction,
    Cropping,
    FixedPoint,
    Graph,
    Input,
    Node,
    Overflow,
    Pooling,
    PoolingArithmetic,
    PoolingKind,
    Resize,
    Rounding,
    Transpose,
    ZeroPadding,
)
from codesign.simulate import Operand, execute, predict, run_node
from codesign.simulate.engine.edge import Form, Layout, convert, edge_of
from codesign.simulate.engine.kernel import Reference, lower
from codesign.verify.stimulus import random_inputs

pytestmark = pytest.mark.usefixtures("either_engine")

NAMES = ("fixed<8,4>", "ufixed<7,3>", "fixed<8,4,TRN,SAT_SYM>", "fixed<30,12>", "fixed<60,9>", "fixed<70,9>")
SOURCES = tuple(map(FixedPoint.parse, NAMES))
MODES = tuple(pair for pair in itertools.product(Rounding, Overflow) if pair[1] is not Overflow.WRAP_SM)
IMAGE = (5, 6, 3)
BYTE = FixedPoint(True, 8, 4)


def assert_same(node: Node, source: FixedPoint) -> bool:
    """A node's kernel gives in either layout what its readable kernel gives; whether it is a fast one."""
    graph = Graph("g", (Input(name="x", inputs=(), shape=IMAGE, result=source), node), ("y",))
    values = random_inputs(graph, 17, 4)["x"]
    expected = run_node(node, [Operand(values, source)]).reshape(17, -1)
    fast = []
    for layout in Layout:
        edge = edge_of(source, IMAGE, layout)
        kernel = lower(node, [edge])
        dtype = np.dtype(object if values.dtype == object else np.int64)
        given, size = Form(Layout.ROWS, dtype), values[0].size
        tile = convert(size, 17, given, kernel.wants[0])(values.reshape(17, -1).astype(dtype))
        run = kernel.bind(17)
        for _ in range(2):  # what a run leaves behind must not show in the next
            found = run(tile)
            rows = found if kernel.edge.form.layout is Layout.ROWS else found.T
            np.testing.assert_array_equal(rows.astype(dtype), expected, f"{layout} {node}")
            assert kernel.edge.low <= rows.min() <= rows.max() <= kernel.edge.high
            found.fill(1)  # as a sink may
        fast.append(not isinstance(kernel, Reference))
    assert fast[0] == fast[1]
    return fast[0]


def pooling(**changes: Any) -> Pooling:
    values: dict[str, Any] = {
        "name": "y",
        "inputs": ("x",),
        "result": BYTE,
        "kind": PoolingKind.AVERAGE,
        "arithmetic": PoolingArithmetic.PARALLEL,
        "window": (2, 3),
        "stride": (2, 3),
        "before": (0, 0),
        "after": (0, 0),
        "count_padding": False,
        "accumulator": FixedPoint(True, 16, 8),
    }
    values.update(changes)
    ends = zip(IMAGE, values["before"], values["after"], values["window"], values["stride"], strict=False)
    counts = tuple((length + a + b - size) // step + 1 for length, a, b, size, step in ends)
    return Pooling(**{"shape": (*counts, IMAGE[-1]), **values})


WINDOWS: list[dict[str, Any]] = [
    {},
    {"arithmetic": PoolingArithmetic.STREAM},
    {"arithmetic": PoolingArithmetic.RUNNING, "window": (5, 6), "stride": (5, 6)},
    {"before": (1, 0), "after": (1, 2), "stride": (1, 2)},
    {"before": (1, 2), "after": (0, 1), "stride": (2, 1), "count_padding": True},
    {"integer_accumulator": True, "accumulator": FixedPoint(True, 6, 6)},
    {"integer_accumulator": True, "accumulator": FixedPoint(True, 40, 40), "after": (1, 2)},
]


@pytest.mark.parametrize("source", SOURCES, ids=str)
@pytest.mark.parametrize("kind", PoolingKind)
@pytest.mark.parametrize("changes", WINDOWS)
def test_pooling_in_every_mode(source, kind, changes):
    for index, (rounding, overflow) in enumerate(MODES):
        fields = dict(changes, kind=kind)
        if "accumulator" not in fields:
            width = (9, 14, 24)[index % 3]
            fields["accumulator"] = FixedPoint(index % 4 != 3, width, (4, 7)[index % 2], rounding, overflow)
        other = MODES[(index * 11 + 5) % len(MODES)]
        result = FixedPoint(index % 5 != 3, (5, 12)[index % 2], (3, 5)[index // 2 % 2], *other)
        assert_same(pooling(**fields, result=result), source)


@pytest.mark.parametrize("kind", PoolingKind)
@pytest.mark.parametrize("arithmetic", [PoolingArithmetic.PARALLEL, PoolingArithmetic.STREAM])
def test_what_hls4ml_infers_is_fast(kind, arithmetic):
    """The accumulator holds every sum, on the grid of what is read."""
    assert assert_same(pooling(kind=kind, arithmetic=arithmetic, accumulator=FixedPoint(True, 11, 7)), BYTE)
    saturating = FixedPoint(True, 12, 8, Rounding.RND, Overflow.SAT)
    assert assert_same(pooling(kind=kind, arithmetic=arithmetic, accumulator=saturating), BYTE)


def test_what_needs_every_partial_sum_is_left_to_the_reference():
    assert not assert_same(pooling(accumulator=FixedPoint(True, 12, 9, Rounding.RND)), BYTE)
    assert not assert_same(pooling(accumulator=FixedPoint(True, 9, 5, Rounding.TRN, Overflow.SAT)), BYTE)


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_moves_in_every_mode(source):
    for rounding, overflow in MODES:
        result = FixedPoint(True, 5, 3, rounding, overflow)
        common: dict[str, Any] = {"name": "y", "inputs": ("x",), "result": result}
        ends = {"before": (1, 0, 2), "after": (0, 3, 0)}
        fast = [
            assert_same(ZeroPadding(**common, shape=(6, 9, 5), **ends), source),
            assert_same(Cropping(**common, shape=(4, 3, 1), **ends), source),
            assert_same(Transpose(**common, shape=(3, 5, 6), axes=(2, 0, 1)), source),
        ]
        assert all(fast) == (source.width < 54)
    rows, columns = (0, 0, 3), (5, 1)
    resized = Resize(name="y", inputs=("x",), shape=(3, 2, 3), result=source, image=IMAGE, rows=rows, columns=columns)
    assert_same(resized, source)


def test_what_follows_a_padding_does_not_move_its_zeros_for_good():
    x = Input(name="x", inputs=(), shape=IMAGE, result=BYTE)
    ends = {"before": (1, 1, 0), "after": (1, 1, 0)}
    pad = ZeroPadding(name="pad", inputs=("x",), shape=(7, 8, 3), result=BYTE, **ends)
    function = ActivationFunction.LINEAR
    last = Activation(name="y", inputs=("pad",), shape=(7, 8, 3), result=FixedPoint(True, 4, 2), function=function)
    for outputs in (("y",), ("pad", "y")):
        graph = Graph("g", (x, pad, last), outputs)
        inputs = random_inputs(graph, 5000, 2)
        found, expected = predict(graph, inputs), execute(graph, inputs)
        for name in outputs:
            np.testing.assert_array_equal(found[name], expected[name])
