"""The RTL, simulated clock by clock, equals the Graph: every class of node, every cast, wide numbers."""

from __future__ import annotations

import numpy as np
import pytest

from codesign import rtl
from codesign.graph import ActivationFunction, Graph
from codesign.simulate import execute
from codesign.verify.rtl import simulate_rtl
from tests.rtl.designs import activation, all_casts, dense, every_class, normalize, port, stimulus

pytestmark = pytest.mark.tools


def wide():
    nodes = (
        port("x", (4,), "fixed<14,2>"),
        dense("exact", "x", 4, 3, weight="fixed<28,1>", bias="fixed<44,5>", accumulator="fixed<48,8>",
              result="fixed<46,10,RND_CONV,SAT>"),
        activation("cut", "exact", (3,), "fixed<40,4,RND,SAT_SYM>", ActivationFunction.LINEAR),
        dense("saturates", "x", 4, 3, weight="fixed<30,2>", bias="fixed<40,5>", accumulator="fixed<46,8,RND,SAT>",
              result="fixed<45,3,TRN,SAT>"),
        normalize("norm", "x", (4,), scale="fixed<28,2>", bias="fixed<41,3>", result="fixed<36,1,RND_INF,SAT>"),
    )  # fmt: skip
    return Graph("wide", nodes, ("cut", "saturates", "norm"))


def constant():
    nodes = (
        port("x", (2,), "ufixed<3,3>"),
        activation("gone", "x", (2,), "ufixed<4,-8>", ActivationFunction.LINEAR),
        activation("kept", "x", (2,), "fixed<6,6>", ActivationFunction.LINEAR),
    )
    return Graph("constant", nodes, ("gone", "kept"))


CLOCKS = dict.fromkeys(rtl.Family, 10.0) | {rtl.Family.ICE40: 80.0}
DESIGNS = {
    "casts": (all_casts, 128, rtl.Family.XILINX_7SERIES),
    "every class": (every_class, 600, rtl.Family.XILINX_ULTRASCALE_PLUS),
    "every class, no ternary adders": (every_class, 600, rtl.Family.ECP5),
    "wide": (wide, 200, rtl.Family.ICE40),
    "constant": (constant, 64, rtl.Family.GOWIN),
}


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """What all simulators share is compiled once."""
    return tmp_path_factory.mktemp("work")


@pytest.mark.parametrize(("make", "samples", "family"), DESIGNS.values(), ids=DESIGNS)
def test_every_bit_of_every_layer(make, samples, family, tmp_path, work):
    graph = make()
    manifest = rtl.write_project(graph, tmp_path / "rtl", clock_ns=CLOCKS[family], family=family, part="")
    inputs = stimulus(graph, samples)
    if make is all_casts:
        inputs = {"x": np.arange(-64, 64)[:, None]}
    expected = execute(graph, inputs)
    run = simulate_rtl(tmp_path / "rtl", inputs, work, layers=True, seed=5)
    assert set(run.layers) == set(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(run.layers[name], values, err_msg=name)
    assert list(run.outputs) == list(graph.outputs)
    for name, values in run.outputs.items():
        np.testing.assert_array_equal(values, expected[name], err_msg=name)
    assert run.latency_cycles == manifest.latency_cycles
    assert run.interval == manifest.interval == 1
    assert not run.faults
