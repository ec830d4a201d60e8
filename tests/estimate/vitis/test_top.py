"""What joins the modules."""

from __future__ import annotations

from codesign.estimate.vitis.folding import folded
from codesign.estimate.vitis.module import Module
from codesign.estimate.vitis.top import joined
from codesign.graph import Graph
from tests.estimate.vitis.nets import dense, port, relu, softmax


def _design() -> Graph:
    x = port(2)
    first = dense([[1, 2], [3, 4]], name="first")
    active = relu(first)
    last = dense([[1, 2], [3, 4]], name="last", source="relu")
    return Graph("net", (x, first, active, last, softmax(last)), ("softmax",))


def _rows(first: int, active: int, last: int, final: int, interval: int = 1) -> dict[str, Module]:
    clocks = {"first": first, "relu": active, "last": last, "softmax": final}
    single = ("relu", "softmax")
    return {name: Module(10, 5, 1, 0, latency, 1 if name in single else interval) for name, latency in clocks.items()}


def _whole(rows: dict[str, Module]) -> Module:
    graph = _design()
    return joined(folded(graph), rows, graph.outputs)[1]


def test_registers_between_modules_take_a_clock_each() -> None:
    assert _whole(_rows(3, 1, 2, 8, interval=2)).latency == 3 + 1 + 2 + 8 + 3


def test_logic_between_them_has_a_clock_of_its_own() -> None:
    assert _whole(_rows(3, 0, 2, 8, interval=2)).latency == 3 + 2 + 8 + 2 + 1


def test_dense_layers_that_start_every_clock_take_one_more() -> None:
    assert _whole(_rows(3, 1, 2, 8)).latency == 3 + 1 + 2 + 8 + 3 + 2
    assert _whole(_rows(3, 1, 1, 8)).latency == 3 + 1 + 1 + 8 + 3 + 1, "but one of a single clock does not"


def test_sums() -> None:
    found = _whole(_rows(3, 1, 2, 8, interval=4))
    assert (found.dsp, found.interval) == (4, 4)
    outside = joined(folded(_design()), _rows(3, 1, 2, 8, interval=4), ("softmax",))[0]
    assert found.lut == 40 + outside.lut
    assert found.ff == 20 + outside.ff
    bits = 2 * 16 + 2 * 8 + 2 * 16
    assert outside.ff == bits + -(-found.latency // 4) + 4 + 2, "what waits, and the states"


def test_wires_have_no_clock() -> None:
    rows = _rows(3, 0, 2, 8, interval=2)
    del rows["relu"]
    assert _whole(rows).latency == 3 + 2 + 8 + 2


def test_only_the_input() -> None:
    x = port(2)
    graph = Graph("net", (x,), ("x",))
    whole = joined(folded(graph), {}, graph.outputs)[1]
    assert (whole.latency, whole.interval, whole.dsp) == (0, 1, 0)
