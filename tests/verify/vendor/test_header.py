"""The ports of a module, as its header tells them in either style."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import RtlError
from codesign.verify.vendor.expression import evaluate
from codesign.verify.vendor.header import Direction, Port, module_names, read_ports
from tests.verify.vendor.designs import AXIS, FLOW, HLS_HEADER


def ports(text, module="top"):
    return [(port.direction.value, port.name, port.width) for port in read_ports(text, module, "f.v")]


def test_names_first_and_declarations_after():
    found = ports(HLS_HEADER + "endmodule")
    assert found[:4] == [
        ("input", "ap_clk", 1),
        ("input", "ap_rst", 1),
        ("input", "ap_start", 1),
        ("output", "ap_done", 1),
    ]
    assert ("input", "x", 18) in found
    assert found[-2:] == [("output", "layer2_out_2", 5), ("output", "layer2_out_2_ap_vld", 1)]


def test_declarations_in_the_header():
    assert ports(AXIS)[6:9] == [
        ("input", "input_1_TDATA", 24),
        ("input", "input_1_TVALID", 1),
        ("output", "input_1_TREADY", 1),
    ]
    assert ports(FLOW) == [
        ("input", "clk", 1),
        ("input", "rst_n", 1),
        ("input", "in_data", 18),
        ("input", "in_valid", 1),
        ("output", "in_ready", 1),
        ("output", "out_data", 15),
        ("output", "out_valid", 1),
        ("input", "out_ready", 1),
        ("input", "bypass", 1),
    ]


def test_what_surrounds_a_header():
    text = """
    /* module top (input a); */ // module top (input b);
    `define WIDTH 8
    `ifdef SYNTHESIS
    module top (input wrong); endmodule
    `else
    (* keep = "module top (input c)" *) module other (input q); endmodule
    module top import p::*; #(parameter int A = `WIDTH, B = A * 2, parameter string S = "a,b)", C = $clog2(B) + 'h2)
      (input logic signed [A-1:0] x, y, output wire [0:B-1] z, output logic [1:0][C-1:0] u, input \\odd[name] ,
       inout w, input s);
    endmodule
    `endif
    """
    assert ports(text) == [
        ("input", "x", 8),
        ("input", "y", 8),
        ("output", "z", 16),
        ("output", "u", 12),
        ("input", "\\odd[name]", 1),
        ("inout", "w", 1),
        ("input", "s", 1),
    ]
    assert module_names(text) == ["other", "top"]
    assert read_ports("module top; endmodule", "top", "f.v") == ()
    assert read_ports("module top (); endmodule", "top", "f.v") == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("module top (input [W-1:0] a); endmodule", "'W' is no parameter"),
        ("module top (a, b); input a; endmodule", "port 'b' is never declared"),
        ("module top (input a [3:0]); endmodule", "is not a plain port"),
        ("module top (bus.slave a, input b); endmodule", "is not a plain port"),
        ("module top (input [7:0] a", "its header is not closed"),
        ("module top (input [99999999:0] a); endmodule", "are too many"),
        ("module top (input [9**99999:0] a); endmodule", "too large"),
        ("module top (input [__import__('os'):0] a); endmodule", "not a constant expression"),
        ("module other (input a); endmodule", "f.v defines no module 'top'"),
    ],
)
def test_headers_that_cannot_be_read(text, message):
    with pytest.raises(RtlError, match=message.replace("(", r"\(")):
        read_ports(text, "top", "f.v")


@given(st.lists(st.tuples(st.sampled_from(["input", "output"]), st.integers(1, 300)), min_size=1, max_size=8))
def test_both_styles_say_the_same(items):
    named = [Port(f"p{number}", Direction(direction), width) for number, (direction, width) in enumerate(items)]
    inside = ", ".join(f"{port.direction.value} [{port.width - 1}:0] {port.name}" for port in named)
    outside = "".join(f"{port.direction.value} reg [{port.width} - 1 : 0] {port.name};\n" for port in reversed(named))
    names = ", ".join(port.name for port in named)
    assert read_ports(f"module m({inside});endmodule", "m", "") == tuple(named)
    assert read_ports(f"module m({names});\n{outside}endmodule", "m", "") == tuple(named)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("32'd16 - 1", 15),
        ("W*2+1", 17),
        ("8'hF_F", 255),
        ("'b101", 5),
        ("$clog2(W)", 3),
        ("-(3)", -3),
        ("17/4", 4),
        ("1 << W", 256),
        ("2 ** 5 % 7", 4),
    ],
)
def test_expressions(text, value):
    assert evaluate(text, {"W": 8}) == value
