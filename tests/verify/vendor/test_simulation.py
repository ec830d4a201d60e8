"""Designs by hand in simulation: equal ones, wrong ones, and those that never answer, show X or end the simulator."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from codesign import Graph as Api
from codesign.cli import main
from codesign.errors import OutputError, RtlBehaviourError, RtlError, ToolMissingError
from codesign.graph import save
from codesign.road.foreign_rtl import Check, check_design
from codesign.verify.rung import Status
from codesign.verify.stimulus import random_inputs
from codesign.verify.vendor.design import Where
from tests.verify.vendor.designs import AXIS, FLOW, HLS, HLS_HEADER, relu_graph, write

pytestmark = pytest.mark.tools


def check(folder, out, graph=None, how=None, samples=40, **where):
    graph = graph or relu_graph()
    return check_design(graph, Where(rtl=folder, top="top", **where), random_inputs(graph, samples, 3), out, how)


@pytest.fixture(scope="module")
def hls(tmp_path_factory, workshop):
    """A design whose memory file says what it does, and a folder in which its simulator is built once."""
    folder = tmp_path_factory.mktemp("hls")
    return write(folder / "r t$l", top=HLS), workshop


def simulators(out):
    return {path.name for path in (out / "work").glob("batch-*") if "trace" not in path.name}


def mode(hls, number, **how):
    folder, out = hls
    write(folder, mode_dot_dat=f"{number}\n")
    return check(folder, out, how=Check(patience=200, **how))


def test_equal_in_value_and_in_cycle(hls):
    checked = mode(hls, 0, latency=1, interval=1)
    assert [(result.rung, result.status) for result in checked.results] == [
        ("rtl", Status.EQUAL),
        ("cycles", Status.EQUAL),
        ("paused", Status.EQUAL),
    ]
    assert checked.passed
    assert (checked.timing.first, checked.timing.intervals) == (1, (1, 1))
    document = json.loads((checked.folder / "verify.json").read_text())
    assert (document["passed"], document["top"], document["protocol"]) == (True, "top", "ap_ctrl_hs")
    assert [Path(path).name for path in document["memory_files"]] == ["mode.dat"]
    with np.load(checked.folder / "answers.npz") as answers:
        np.testing.assert_array_equal(answers["done_cycle"], np.arange(1, 41))


def test_claims_that_do_not_hold(hls):
    checked = mode(hls, 0, latency=2, interval=1)
    (cycles,) = [result for result in checked.results if result.rung == "cycles"]
    assert (cycles.status, cycles.note) == (Status.DIFFERENT, "first answer: measured 1, the claim says 2")
    assert not checked.passed
    assert "first answer: measured 1, the claim says 2" in (checked.folder / "junit.xml").read_text()


def test_one_wrong_bit_is_placed(hls):
    checked = mode(hls, 5)
    steady, _ = checked.results
    assert (steady.status, steady.first.node, steady.first.index) == (Status.DIFFERENT, "y", (0,))
    assert steady.first.found == steady.first.expected ^ 1
    assert checked.waveform is not None
    assert "$enddefinitions" in checked.waveform.read_text()
    assert not checked.passed


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (1, r"after 0 of 40 answers: no handshake for 200 cycles; the last was .*; the run is kept in .*rtl-run"),
        (
            2,
            r"output 'layer2_out_0' is unknown \(X\) in sample 0: it was \d+, and \d+ when registers",
        ),
        (3, r"the simulation of 'top' failed: .*the design ends the simulation; .* kept in .*rtl-run"),
        (4, r"layer2_out_2"),
    ],
)
def test_designs_that_misbehave(hls, number, message):
    mode(hls, 0)
    built = simulators(hls[1])
    with pytest.raises(RtlBehaviourError, match=message):
        mode(hls, number)
    _, out = hls
    document = json.loads((out / "verify.json").read_text())
    assert (document["passed"], document["rungs"][0]["status"]) == (False, "different")
    assert list((out / "work" / "rtl-run").rglob("simulation.log"))
    assert simulators(out) == built
    if number != 3:  # a simulator that ends itself tells nothing of its cycles
        assert "layer2_out_0" in Path(document["waveform"]).read_text()


def test_under_stress(hls):
    checked = mode(hls, 0, stress=True)
    result = checked.results[-1]
    assert (result.rung, result.status) == ("stress", Status.EQUAL)
    assert "reset in mid-frame" in result.note
    checked = mode(hls, 6, stress=True)
    assert [result.status for result in checked.results] == [Status.EQUAL, Status.EQUAL, Status.DIFFERENT]
    assert "scenario 'reset in mid-frame', seed 0: " in checked.results[-1].note
    assert checked.waveform is not None


def test_the_command(hls, tmp_path, capsys):
    folder, out = hls
    save(relu_graph(), tmp_path / "graph")
    np.save(tmp_path / "x.npy", np.array([[1.625, -1.0, 0.25], [-2.0, 1.9375, 0.0]]))
    argv = ["verify-rtl", "--rtl", folder, "--top", "top", "--graph", tmp_path / "graph", "--out", out]
    argv += ["--data", tmp_path / "x.npy", "--samples", "0", "--patience", "200"]
    for number, status in ((0, 0), (5, 1), (1, 1)):
        write(folder, mode_dot_dat=f"{number}\n")
        assert main([*map(str, argv), "--json"]) == status
    captured = capsys.readouterr()
    first = json.JSONDecoder().raw_decode(captured.out)[0]
    assert (first["passed"], first["first_answer_cycle"], first["interval"]) == (True, 1, [1, 1])
    assert "no handshake for 200 cycles" in captured.err
    assert "Traceback" not in captured.err
    (folder / "mode.dat").unlink()
    assert main([str(part) for part in argv]) == 2
    assert "reads the memory file './mode.dat', which is missing" in capsys.readouterr().err


def test_in_python(hls):
    folder, out = hls
    write(folder, mode_dot_dat="0")
    graph = Api("g", relu_graph().nodes, ("y",))
    assert graph.verify_rtl([[0.5, -0.5, 1.0]], folder, out=out, top="top", latency=1).passed


def test_streams_of_places(tmp_path, workshop):
    folder = write(tmp_path / "rtl", top=AXIS)
    checked = check(folder, workshop, relu_graph((4, 3)), Check(latency=4, interval=4))
    assert [result.status for result in checked.results] == [Status.EQUAL] * 3
    assert checked.timing.intervals == (4, 4)


@pytest.mark.slow
def test_plain_valid_and_ready(tmp_path, workshop):
    folder = write(tmp_path / "rtl", top=FLOW)
    with pytest.raises(RtlError, match="share one handshake"):
        check(folder, workshop)
    checked = check(folder, workshop, ties={"bypass": 0})
    assert [result.status for result in checked.results] == [Status.EQUAL] * 2
    assert (checked.timing.first, checked.timing.intervals) == (1, (1, 1))
    assert not check(folder, workshop, ties={"bypass": 1}).passed


@pytest.fixture
def icarus(monkeypatch):
    if shutil.which("iverilog") is None:
        pytest.skip("Icarus Verilog is not installed; it is the fallback only")

    def none():
        raise ToolMissingError("Verilator is not installed")

    monkeypatch.setattr("codesign.verify.simulator.find_verilator", none)


@pytest.mark.slow
def test_icarus_is_the_fallback_and_shows_x(icarus, tmp_path):
    folder = write(tmp_path / "rtl", top=HLS, mode_dot_dat="0\n")
    assert check(folder, tmp_path / "out", samples=20).passed
    write(folder, mode_dot_dat="2\n")
    with pytest.raises(RtlBehaviourError, match=r"layer2_out_0 holds unknown bits: [xX]+"):
        check(folder, tmp_path / "out", samples=20)
    (folder / "top.v").write_text(HLS.replace("endmodule", "lost u(.a(ap_clk)); endmodule"))
    with pytest.raises(RtlError, match="uses module 'lost', which no file in"):
        check(folder, tmp_path / "out", samples=20)


def test_no_simulator_at_all(monkeypatch, icarus, tmp_path):
    monkeypatch.setattr("codesign.verify.simulator.installed_icarus", lambda: None)
    folder = write(tmp_path / "rtl", top=HLS, mode_dot_dat="0\n")
    with pytest.raises(ToolMissingError, match="Verilator is not installed"):
        check(folder, tmp_path / "out")


STATES = (
    HLS_HEADER
    + """
reg [2:0] ap_CS_fsm;
reg [4:0] one;
assign ap_idle = ap_CS_fsm[0] & ~ap_start;
assign ap_done = ap_CS_fsm[2];
assign ap_ready = ap_CS_fsm[2];
always @ (posedge ap_clk) begin
    if (ap_rst) ap_CS_fsm <= 3'd1;
    else if (ap_CS_fsm[1] | ap_CS_fsm[2] | (ap_start & x_ap_vld)) ap_CS_fsm <= {ap_CS_fsm[1:0], ap_CS_fsm[2]};
    one <= x[11] ? 5'd0 : x[11:7];
end
assign layer2_out_0 = x[5] ? 5'd0 : x[5:1];
assign layer2_out_1 = one;
assign layer2_out_2 = x[17] ? 5'd0 : x[17:13];
assign layer2_out_0_ap_vld = ap_CS_fsm[1];
assign layer2_out_1_ap_vld = ap_CS_fsm[2];
assign layer2_out_2_ap_vld = ap_CS_fsm[0] & ap_start;
endmodule
"""
)


@pytest.mark.slow
def test_states_one_after_another_and_flags_in_each(tmp_path, workshop):
    folder = write(tmp_path / "rtl", top=STATES)
    checked = check(folder, workshop, how=Check(latency=2, interval=3))
    assert [result.status for result in checked.results] == [Status.EQUAL] * 3
    (folder / "top.v").write_text(STATES.replace("ap_ready = ap_CS_fsm[2]", "ap_ready = 1'b0"))
    with pytest.raises(RtlBehaviourError, match="gave a beat of frame 1, of which nothing was taken in"):
        check(folder, workshop, how=Check(patience=100))


@pytest.mark.slow
def test_a_block_of_wires_answers_in_the_cycle_that_starts_it(tmp_path, workshop):
    flags = "".join(f"assign layer2_out_{i}_ap_vld = ap_start; " for i in range(3))
    lanes = "".join(f"assign layer2_out_{i} = x[{6 * i + 5}] ? 5'd0 : x[{6 * i + 5}:{6 * i + 1}]; " for i in range(3))
    header = HLS_HEADER.replace("        ap_clk,\n        ap_rst,\n", "").replace(
        "input   ap_clk;\ninput   ap_rst;\n", ""
    )
    control = "assign ap_done = ap_start; assign ap_ready = ap_start; assign ap_idle = 1'b1; "
    folder = write(tmp_path / "rtl", top=f"{header}{flags}{lanes}{control}endmodule")
    checked = check(folder, workshop, how=Check(latency=0, interval=1))
    assert checked.passed
    assert checked.timing.first == 0


@pytest.mark.slow
def test_names_that_only_systemverilog_keeps_for_itself(tmp_path, workshop):
    text = HLS.replace("kept", "bit").replace("$fatal(1, ", "$display(")
    folder = write(tmp_path / "rtl", top=text, mode_dot_dat="0\n")
    assert check(folder, workshop).passed


BODY = "module top(input clk, input rst, input [17:0] x, input x_valid, output [14:0] y, output y_valid);\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BODY + "assign y = ; endmodule", r"does not elaborate: %Error: top.v:2:\d+: syntax error.*; the log is"),
        (BODY + "assign y_valid = nobody; endmodule", r"does not elaborate: %Error: .*nobody"),
        (BODY + "lost u(.a(x)); endmodule", r"uses module 'lost', which no file in .* defines; put its Verilog there"),
    ],
)
def test_rtl_that_does_not_elaborate(tmp_path, text, message):
    folder = write(tmp_path / "rtl", top=text)
    with pytest.raises(RtlError, match=message) as caught:
        check(folder, tmp_path / "out")
    assert caught.value.exit_code == 2
    assert (tmp_path / "out" / "work" / "verilator.log").is_file()


def test_a_folder_that_is_not_ours(tmp_path):
    folder = write(tmp_path / "rtl", top=BODY + "assign y = x; assign y_valid = x_valid; endmodule")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match="is not empty and is no check of RTL"):
        check(folder, tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").exists()
