"""What ports are for, and which of a Graph's numbers lie where in them."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.errors import RtlError
from codesign.graph import Concatenate, Graph, Input
from codesign.verify.vendor.frames import to_frames, to_nodes
from codesign.verify.vendor.header import Direction, Port
from codesign.verify.vendor.match import match_ports
from codesign.verify.vendor.roles import read_roles
from codesign.verify.vendor.wrapper import wrap
from rtl_sim.interface import Protocol
from tests.verify.vendor.designs import P, relu_graph

BLOCK = "in ap_clk, in ap_rst, in ap_start, out ap_done, out ap_idle, out ap_ready"


def ports(text):
    found = []
    for item in text.split(","):
        direction, name, *width = item.split()
        found.append(
            Port(name, Direction.INPUT if direction == "in" else Direction.OUTPUT, int(width[0]) if width else 1)
        )
    return tuple(found)


def wrapped(text, graph=None, chosen=None, **how):
    graph, found = graph or relu_graph(), ports(text)
    roles = read_roles(found, "top", **how)
    return wrap("top", found, roles, match_ports(graph, roles, "top", chosen=chosen), len(graph.input_nodes))


def carried(pieces):
    return [(p.node, p.stream, p.first, p.step, p.lanes, p.beats, p.slot) for p in pieces]


VENDOR = [
    (
        "in fc1_input 18, in fc1_input_ap_vld, out layer13_out_0 5, out layer13_out_0_ap_vld, out layer13_out_1 5, "
        "out layer13_out_1_ap_vld, out layer13_out_2 5, out layer13_out_2_ap_vld",
        "fc1_input",
        "layer13_out_{}",
    ),
    (
        "in input_1_V_ap_vld, in input_1_V 18, out layer13_out_0_V 5, out layer13_out_0_V_ap_vld, "
        "out layer13_out_1_V 5, out layer13_out_1_V_ap_vld, out layer13_out_2_V 5, "
        "out layer13_out_2_V_ap_vld, out const_size_in_1 16, out const_size_in_1_ap_vld, "
        "out const_size_out_1 16, out const_size_out_1_ap_vld",
        "input_1_V",
        "layer13_out_{}_V",
    ),
]


@pytest.mark.parametrize(("text", "source", "answer"), VENDOR)
def test_ports_as_hls4ml_and_its_tools_name_them(text, source, answer):
    found = wrapped(f"{BLOCK}, {text}")
    assert found.protocol is Protocol.AP_CTRL_HS
    assert (found.dut.clock, found.dut.reset, found.dut.reset_low) == ("ap_clk", "ap_rst", False)
    assert carried(found.inputs) == [("x", source, 0, 3, 3, 1, 6)]
    assert carried(found.outputs) == [("y", answer.format(i), i, 3, 1, 1, 5) for i in range(3)]
    assert [stream.valid for stream in found.dut.outputs[:3]] == [(f"{answer.format(i)}_ap_vld",) for i in range(3)]
    assert f".{source}_ap_vld(ap_start)" in found.text


def test_a_packed_output_wide_slots_and_no_flags():
    found = wrapped(f"{BLOCK}, in x 24, out y 24")
    assert carried(found.inputs) == [("x", "x", 0, 3, 3, 1, 8)]
    assert carried(found.outputs) == [("y", "y", 0, 3, 3, 1, 8)]
    assert ".x({{2{x[17]}}, x[17:12], {2{x[11]}}, x[11:6], {2{x[5]}}, x[5:0]})" in found.text
    assert found.dut.outputs[0].valid == ("ap_done",)


def test_elements_apart_acknowledgements_and_enables():
    text = (
        "in ap_clk, in ap_rst_n, in ap_ce, in ap_continue, in ap_start, out ap_done, out ap_ready, in x_0 6, in x_1 6, "
        "in x_2 6, out x_0_ap_ack, out y 15, out y_ap_vld, in y_ap_ack"
    )
    found = wrapped(text)
    assert (found.dut.reset, found.dut.reset_low) == ("ap_rst_n", True)
    assert [piece.first for piece in found.inputs] == [0, 1, 2]
    for line in (".ap_ce(1'd1)", ".ap_continue(1'd1)", ".y_ap_ack(1'b1)", ".x_0_ap_ack()"):
        assert line in found.text


STREAM = "in ap_clk, in ap_rst_n, in ap_start, out ap_done, out ap_ready, out ap_idle, "


@pytest.mark.parametrize(
    ("shape", "bits", "width", "lanes", "slot"),
    [
        ((4, 3), 6, 24, 3, 8),  # as C stores them
        ((4, 5), 10, 80, 5, 16),
        ((4, 3), 20, 96, 3, 32),
        ((4, 3), 20, 72, 3, 24),  # whole bytes
        ((4, 5), 6, 32, 5, 6),  # without gaps, the word in whole bytes
        ((4, 3), 16, 16, 1, 16),
        ((4, 3), 16, 192, 12, 16),
        ((4, 3), 12, 32, 2, 16),
    ],
)
def test_streams_of_any_width(shape, bits, width, lanes, slot):
    text = (
        f"{STREAM}in input_1_TDATA {width}, in input_1_TVALID, out input_1_TREADY, in input_1_TKEEP 4, in input_1_TID, "
    )
    text += f"out layer9_out_TDATA {width}, out layer9_out_TVALID, in layer9_out_TREADY, out layer9_out_TLAST"
    found = wrapped(text, relu_graph(shape, f"fixed<{bits},4>", f"fixed<{bits},4>"))
    size = shape[0] * shape[1]
    assert carried(found.inputs) == [("x", "input_1_TDATA", 0, lanes, lanes, size // lanes, slot)]
    (stream,) = found.dut.outputs
    assert (stream.valid, stream.ready, stream.last) == (
        ("layer9_out_TVALID",),
        "layer9_out_TREADY",
        "layer9_out_TLAST",
    )
    for line in (".ap_start(1'b1)", ".input_1_TKEEP({4{1'b1}})", ".input_1_TID(1'd0)"):
        assert line in found.text


def test_a_slot_that_is_stated():
    text = f"{STREAM}in x_TDATA 24, in x_TVALID, out x_TREADY, out y_TDATA 16, out y_TVALID, in y_TREADY"
    found, ports_ = relu_graph((4, 3), "fixed<6,2>", "fixed<5,2>"), ports(text)
    roles = read_roles(ports_, "top")
    assert [match.pieces[0].slot for match in match_ports(found, roles, "top", slot=None)] == [8, 5]
    assert match_ports(found, roles, "top", slot=6)[0].pieces[0].slot == 6
    with pytest.raises(RtlError, match=r"no even cut of 'x' .* fills with 5 bits for each; .* or --slot BITS"):
        match_ports(found, roles, "top", slot=5)


def test_streams_that_an_older_tool_took_apart():
    text = STREAM + ", ".join(
        f"{a} {stem}_V_data_{i}_V_TDATA {w}, {a} {stem}_V_data_{i}_V_TVALID, {b} {stem}_V_data_{i}_V_TREADY"
        for stem, a, b, w in (("x", "in", "out", 8), ("y", "out", "in", 8))
        for i in range(3)
    )
    found = wrapped(text, relu_graph((4, 3)))
    assert carried(found.inputs) == [("x", f"x_V_data_{i}_V_TDATA", i, 3, 1, 4, 8) for i in range(3)]
    values = {"x": np.arange(24).reshape(2, 4, 3)}
    frames = to_frames(found.inputs, values)
    np.testing.assert_array_equal(frames["x_V_data_1_V_TDATA"], values["x"].reshape(2, 12)[:, 1::3])
    np.testing.assert_array_equal(to_nodes(relu_graph((4, 3)), found.inputs, frames, 2)["x"], values["x"])


def test_plain_valid_and_ready():
    found = wrapped("in clk, in rst, in x_data 18, in x_valid, out x_ready, out y 15, out y_vld", protocol=None)
    assert found.protocol is Protocol.VALID_READY
    (x,), (y,) = found.dut.inputs, found.dut.outputs
    assert (x.name, x.valid, x.ready, y.valid, y.ready) == ("x_data", ("x_valid",), "x_ready", ("y_vld",), "")


def test_handshakes_of_hls_without_a_block_s():
    text = "in ap_clk, in ap_rst, in x 18, in x_ap_vld, out x_ap_ack, "
    text += ", ".join(f"out y_{i} 5, out y_{i}_ap_vld" for i in range(3))
    found = wrapped(text)
    assert found.protocol is Protocol.VALID_READY
    (x,) = found.dut.inputs
    assert (x.valid, x.ready) == (("x_ap_vld",), "x_ap_ack")
    assert [(y.name, y.valid, y.ready) for y in found.dut.outputs] == [
        (f"y_{i}", (f"y_{i}_ap_vld",), "") for i in range(3)
    ]


def test_streams_are_told_from_the_block_that_starts_them():
    text = f"{STREAM}in x_TDATA 24, in x_TVALID, out x_TREADY, out y_TDATA 24, out y_TVALID, in y_TREADY"
    assert wrapped(text, protocol=Protocol.AP_CTRL_HS).protocol is Protocol.AXIS


def two_inputs():
    a = Input(name="a", inputs=(), shape=(2,), result=P("fixed<6,2>"))
    b = Input(name="b", inputs=(), shape=(2,), result=P("fixed<6,2>"))
    return Graph(
        "g", (a, b, Concatenate(name="c", inputs=("a", "b"), shape=(4,), result=P("fixed<6,2>"), axis=0)), ("c",)
    )


def test_several_ports_by_name_by_order_and_by_word():
    out = "out c 24, out c_ap_vld"
    names = lambda found: [(piece.node, piece.stream) for piece in found.inputs]  # noqa: E731
    assert names(wrapped(f"{BLOCK}, in b_V 12, in a_V 12, {out}", two_inputs())) == [("a", "a_V"), ("b", "b_V")]
    assert names(wrapped(f"{BLOCK}, in x_0 12, in x_1 12, {out}", two_inputs())) == [("a", "x_0"), ("b", "x_1")]
    chosen = {"a": "input_2", "c": "c"}
    text = f"{BLOCK}, in input_1 12, in input_2 12, {out}"
    assert names(wrapped(text, two_inputs(), chosen)) == [("a", "input_2"), ("b", "input_1")]
    found = wrapped(f"{text}, in scale 4", two_inputs(), ties={"scale": 3})
    assert ".scale(4'd3)" in found.text


GOOD = "in x 18, out y 15, out y_ap_vld"


@pytest.mark.parametrize(
    ("text", "how", "message"),
    [
        (f"{BLOCK}, in x 17, out y 15", {}, r"port 'x' has 17 bits, but 'x' .* has 3 numbers of 6 bits .*18 bits in"),
        (f"{BLOCK}, in x 18, out y 12", {}, r"port 'y' has 12 bits, but 'y' of the Graph has 3 numbers of 5 bits"),
        (f"{BLOCK}, in x 18, out y_0 5, out y_1 5", {}, r"ports 'y_0' … 'y_1' are 2, but 'y' .* has 3 numbers"),
        (f"{BLOCK}, in x 18, out y_0 5, out y_1 4, out y_2 5", {}, r"port 'y_1' has 4 bits"),
        (f"{BLOCK}, in x 18", {}, r"has 0 outputs \(none\), but the Graph has 1 \('y' of 3 x 5 bits\)"),
        (f"{BLOCK}, in x 18, in s 4, out y 15", {}, r"has 2 inputs .*the Graph has 1 .*, or hold a further"),
        (f"{BLOCK}, {GOOD}", {"chosen": {"x": "z"}}, r"has no input 'z' for 'x'; its inputs: x of 1 x 18 bits"),
        (f"{BLOCK}, {GOOD}", {"chosen": {"q": "x"}}, r"no input or output 'q' for --map; it has x, y"),
        (f"{BLOCK}, {GOOD}", {"ties": {"q": 1}}, r"has no input 'q' to hold at 1; its inputs: ap_clk"),
        (f"{BLOCK}, in s 2, {GOOD}", {"ties": {"s": 4}}, r"input 's' has 2 bits; 4 does not fit"),
        ("in rst, in x 18, in x_valid, out y 15, out y_valid", {}, r"has no clock port"),
        (f"in clk, in ap_clk, in ap_rst, in ap_start, out ap_done, out ap_ready, {GOOD}", {}, r"several clock ports"),
        (f"in ap_clk, in ap_rst, {GOOD}", {"protocol": Protocol.AP_CTRL_HS}, r"no ap_start and no ap_done"),
        (f"{BLOCK}, in w_q0 8, out w_address0 4, {GOOD}", {}, r"port 'w_address0': 'w' is an outside memory"),
        (f"in ap_clk, in s_axi_control_AWVALID, {GOOD}", {}, r"its control is an AXI4-Lite register"),
        (f"in ap_clk, out m_axi_gmem_AWVALID, {GOOD}", {}, r"it reads memory over AXI"),
        (f"{STREAM}in x_TDATA 24, out x_TREADY, out y_TDATA 15, out y_TVALID", {}, r"stream 'x' has .*, but no TVALID"),
        (f"{STREAM}in x_TDATA 24, in x_TVALID, in s 3, out y_TDATA 24, out y_TVALID", {}, r"'s' is no part of an AXI4"),
        (f"{STREAM}in x_TDATA 40, in x_TVALID, out y_TDATA 24, out y_TVALID", {}, r"40 bits, which no even cut"),
        (f"in clk, in rst, {GOOD}", {}, r"port 'x' has no valid flag"),
        ("in clk, in a 18, in b 3, in v_valid, out y 15, out y_valid", {}, r"'a' and 'b' share one handshake"),
    ],
)
def test_ports_that_do_not_fit(text, how, message):
    with pytest.raises(RtlError, match=message):
        wrapped(text, **how)


def test_inouts_and_floats_are_refused():
    found = (*ports(f"{BLOCK}, {GOOD}"), Port("bus", Direction.INOUT, 4))
    with pytest.raises(RtlError, match="port 'bus' is an inout"):
        read_roles(found, "top")
    with pytest.raises(RtlError, match="'x' of the Graph is of type float, which no port here carries"):
        wrapped(f"{BLOCK}, in x 96, out y 15", relu_graph((3,), "float", "ufixed<5,2>"))
