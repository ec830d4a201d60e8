"""Stress on our own RTL: right designs hold behind every protocol; a fault is placed, filmed and can be seen again."""

from __future__ import annotations

import numpy as np
import pytest

from codesign import rtl
from codesign.errors import DesignError
from codesign.graph import Graph
from codesign.report.stress import replays
from codesign.rtl.facing import Facing
from codesign.rtl.manifest import Interface, Manifest
from codesign.verify.stress import FORMAT, cases_of, frames_for, stress_rtl, subject_of
from rtl_sim.framing import resynced
from rtl_sim.scenario import Words
from tests.rtl.designs import activation, dense, mlp, port


def small():
    nodes = (
        port("x", (3,), "fixed<4,2>"),
        dense("sum", "x", 3, 2, accumulator="fixed<14,6>", result="fixed<9,4,RND,SAT>"),
        activation("relu", "sum", (2,), "ufixed<4,2,RND,SAT>"),
    )
    return Graph("small", nodes, ("relu",))


def write(graph, folder, interface=Interface.VALID_READY):
    return rtl.write_project(
        graph, folder, clock_ns=10, family=rtl.Family.XILINX_7SERIES, part="", facing=Facing(interface)
    )


@pytest.mark.tools
@pytest.mark.parametrize(
    "interface",
    [
        Interface.VALID_READY,
        *(pytest.param(other, marks=pytest.mark.slow) for other in (Interface.AXIS, Interface.AP_CTRL_HS)),
    ],
)
def test_a_right_design_holds(tmp_path, interface):
    manifest = write(small(), tmp_path / "rtl", interface)
    stressed = stress_rtl(small(), tmp_path / "rtl", tmp_path / "work", tmp_path / "stress", seed=3)
    assert stressed.passed, [outcome for outcome in stressed.outcomes if not outcome.passed]
    assert len(stressed.outcomes) >= 9
    first = stressed.outcomes[0]
    assert first.timing is not None
    assert (first.timing.latency, first.timing.interval) == (manifest.latency_cycles, manifest.interval)
    document = stressed.document()
    assert (document["format"], document["passed"], document["seed"]) == (FORMAT, True, 3)
    assert replays(stressed, "design") == []


@pytest.mark.tools
@pytest.mark.slow
def test_a_fault_is_placed_and_filmed(tmp_path):
    manifest = write(small(), tmp_path / "rtl")
    module = next(bus.module for bus in manifest.layers if bus.node == "relu")
    path = tmp_path / "rtl" / "src" / f"{module}.v"
    text = path.read_text()
    assert "ce = out_ready | ~valid" in text
    path.write_text(text.replace("ce = out_ready | ~valid", "ce = 1'b1 | ~valid"))
    stressed = stress_rtl(small(), tmp_path / "rtl", tmp_path / "work", tmp_path / "a b", frames=40)
    failed = {outcome.scenario: outcome for outcome in stressed.outcomes if not outcome.passed}
    assert "held back" in failed
    assert "back to back" not in failed
    first = next(outcome for outcome in stressed.outcomes if not outcome.passed)
    assert first.first.stream in ("relu", "relu (inside)")
    wave = (tmp_path / "a b" / "failure.vcd").read_text()
    assert wave.count("$var") > 20
    assert first.waveform == str(tmp_path / "a b" / "failure.vcd")
    assert replays(stressed, "my design")[0] == (
        f"codesign verify 'my design' --stress --scenario '{first.scenario}' --frames 40 --seed 0"
    )
    again = stress_rtl(
        small(), tmp_path / "rtl", tmp_path / "work", tmp_path / "again", frames=40, names=(first.scenario,)
    )
    assert [outcome.first for outcome in again.outcomes] == [first.first]


def test_scenarios_by_name(tmp_path):
    graph = mlp()
    subject = subject_of(graph, write(graph, tmp_path))
    assert [case.scenario.name for case in cases_of(subject, 20, 0, ("bursts", "power-up 2"))] == [
        "bursts",
        "power-up 2",
    ]
    with pytest.raises(DesignError, match="scenario 'brusts' is unknown; choose from 'back to back', 'extreme words'"):
        cases_of(subject, 20, 0, ("brusts",))


def test_extreme_words_and_answers(tmp_path):
    graph = mlp()
    subject = subject_of(graph, write(graph, tmp_path))
    frames = subject.draw(Words.EXTREME, 50, np.random.default_rng(0))
    assert set(np.unique(frames["image"])) == {0, 1, 30, 31}
    assert {len(np.unique(frame)) for frame in frames["image"][:4]} == {1}
    answers = subject.answer(frames)
    assert set(answers) == {"logits", "winner", *(f"{node.name} (inside)" for node in graph)}


def test_frames_that_take_some_seconds(tmp_path):
    manifest = write(mlp(), tmp_path)
    assert frames_for(manifest) == 256
    slow = Manifest(**{**manifest.__dict__, "interval": 1000})
    assert frames_for(slow) == 16


def test_frames_whose_tlast_is_wrong(tmp_path):
    stream = subject_of(mlp(), write(mlp(), tmp_path, Interface.AXIS)).design.inputs[0]
    stream = type(stream)(**{**stream.__dict__, "lanes": 1, "beats": 3, "elements": 3})
    frames = np.arange(1, 13).reshape(4, 3)
    early = np.array([0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1], dtype=bool)
    np.testing.assert_array_equal(resynced(stream, frames, early), [[1, 2, 0], [3, 4, 5], [7, 8, 9], [10, 11, 12]])
    missing = np.array([0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1], dtype=bool)
    np.testing.assert_array_equal(resynced(stream, frames, missing), [[1, 2, 3], [7, 8, 9], [10, 11, 12]])
