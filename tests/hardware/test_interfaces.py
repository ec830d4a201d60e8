"""Whole designs behind every kind of port: each answer is the Graph's under every kind of traffic, and on time."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.graph import Direction, Graph, Gru, Lstm, ReadTimeStep, WriteTimeStep
from codesign.rtl import Facing, Family, Interface, write_project
from codesign.simulate import execute
from codesign.verify.dut import dut_of
from rtl_sim.beats import to_beats
from rtl_sim.frames import draw_frames
from rtl_sim.run_files import Order
from rtl_sim.runner import build, carry_out
from rtl_sim.scenario import Claims, LastError, compile_plan, standard_scenarios
from rtl_sim.scoreboard import judge
from tests.rtl.designs import P, activation, dense, mlp
from tests.rtl.recurrent_nodes import recurrent

pytestmark = pytest.mark.tools

FRAMES = 40


def sequence():
    """An LSTM whose last state is classified."""
    node, ports = recurrent(Lstm, sequences=False, n_in=3, n=2, steps=4)
    logits = dense("logits", "rnn", 2, 3, accumulator="fixed<18,8>", result="fixed<9,4>")
    return Graph("sequence", (*ports, node, logits), ("logits",))


def every_step():
    """The same layers at each step of a GRU that reads backwards."""
    type_ = "ufixed<5,2,RND,SAT>"
    node, ports = recurrent(Gru, steps=3, n_in=2, n=2, direction=Direction.BACKWARD, result="fixed<6,3>")
    nodes = (
        *ports,
        node,
        ReadTimeStep(name="read", inputs=("rnn",), shape=(2,), result=P("fixed<6,3>"), n_time_steps=3),
        dense("inner", "read", 2, 2, accumulator="fixed<18,8>", result="fixed<9,4>"),
        activation("act", "inner", (2,), type_),
        WriteTimeStep(name="write", inputs=("act",), shape=(3, 2), result=P(type_)),
    )
    return Graph("every_step", nodes, ("write", "rnn"))


DESIGNS = {"mlp": mlp, "sequence": sequence, "every_step": every_step}
FACINGS = {
    "valid_ready": Facing(),
    "axis": Facing(Interface.AXIS),
    "axis32": Facing(Interface.AXIS, 32, axi_lite=True),
    "ap_ctrl_hs": Facing(Interface.AP_CTRL_HS, axi_lite=True),
}
QUICK = [("sequence", "axis32")]


@pytest.mark.parametrize(
    ("name", "ports"),
    [
        pytest.param(name, ports, marks=[] if (name, ports) in QUICK else pytest.mark.slow)
        for name in DESIGNS
        for ports in FACINGS
    ],
)
def test_every_answer_is_the_graphs(tmp_path, name, ports):
    graph = DESIGNS[name]()
    manifest = write_project(graph, tmp_path / "rtl", clock_ns=20, family=Family.ECP5, part="", facing=FACINGS[ports])
    design, claims = dut_of(manifest), Claims(manifest.latency_cycles, manifest.interval)
    simulator = build(design, [tmp_path / "rtl" / path for path in manifest.sources], tmp_path / "sim")
    scenarios = [s for s in standard_scenarios(design.protocol) if s.last is LastError.NONE]
    orders, expected = [], []
    for number, scenario in enumerate(scenarios):
        fed = {p.name: draw_frames(p, scenario.words, FRAMES, np.random.default_rng(number)) for p in design.inputs}
        inputs = {key: frames.reshape(FRAMES, *graph[key].shape) for key, frames in fed.items()}
        expected.append({key: execute(graph, inputs)[key].reshape(FRAMES, -1) for key in graph.outputs})
        plan = compile_plan(scenario, design, FRAMES, claims, 0)
        orders.append(Order(design, plan, {p.name: to_beats(p, fed[p.name]) for p in design.inputs}, patience=1000))
    seen = carry_out(simulator, orders, tmp_path / "run")
    for scenario, order, observed, right in zip(scenarios, orders, seen, expected, strict=True):
        assert judge(design, order.plan, observed, right) == (), scenario.name
    ends = [seen[0].flows[stream.name].cycle[stream.beats - 1 :: stream.beats] for stream in design.outputs]
    answered = np.max(ends, axis=0)
    first = min(seen[0].flows[stream.name].cycle[0] for stream in design.inputs)
    assert answered[0] - first == claims.latency
    assert set(np.diff(answered)[FRAMES // 2 :]) == {claims.interval}
