"""Small designs by hand, and Graphs that they compute."""

from __future__ import annotations

from pathlib import Path

from codesign.graph import Activation, ActivationFunction, FixedPoint, Graph, Input

P = FixedPoint.parse


def relu_graph(shape=(3,), entering="fixed<6,2>", leaving="ufixed<5,2>"):
    """A rectifier."""
    x = Input(name="x", inputs=(), shape=shape, result=P(entering))
    y = Activation(name="y", inputs=("x",), shape=shape, result=P(leaving), function=ActivationFunction.RELU)
    return Graph("g", (x, y), ("y",))


def write(folder: Path, **files: str) -> Path:
    """Files by stem; `_dot_` stands for another ending than `.v`."""
    folder.mkdir(parents=True, exist_ok=True)
    for stem, text in files.items():
        name = stem.replace("_dot_", ".") if "_dot_" in stem else f"{stem}.v"
        (folder / name).write_text(text)
    return folder


HLS_HEADER = """
`timescale 1 ns / 1 ps
(* CORE_GENERATION_INFO="top,{HLS_INPUT_ARCH=others}" *)
module top (
        ap_clk,
        ap_rst,
        ap_start,
        ap_done,
        ap_idle,
        ap_ready,
        x_ap_vld,
        x, // packed
        layer2_out_0,
        layer2_out_0_ap_vld,
        layer2_out_1,
        layer2_out_1_ap_vld,
        layer2_out_2,
        layer2_out_2_ap_vld
);
parameter    ap_ST_fsm_pp0_stage0 = 1'd1;
parameter    W = 32'd6;
input   ap_clk;
input   ap_rst;
input   ap_start;
output   ap_done;
output   ap_idle;
output   ap_ready;
input   x_ap_vld;
input  [3 * W - 1:0] x;
output  [4:0] layer2_out_0;
output   layer2_out_0_ap_vld;
output  [4:0] layer2_out_1;
output   layer2_out_1_ap_vld;
output  [4:0] layer2_out_2;
output   layer2_out_2_ap_vld;
"""

# What it does is read from a memory file, so that one simulator serves many tests: 0 as it should, 1 never answers,
# 2 an output that nothing ever wrote, 3 the simulator ends itself, 4 a flag that is high twice, 5 one wrong bit, 6 one
# wrong answer after a reset in mid-frame.
HLS = (
    HLS_HEADER
    + """
reg [3:0] mode [0:0];
reg broken;
reg [1:0] valid;
wire wrong;
initial begin
    $readmemh("./mode.dat", mode);
#0 valid = 2'b00;
#0 broken = 1'b0;
end
reg [17:0] kept;
reg [4:0] never;
wire [2:0] rectify [0:2];
wire go;
assign go = ap_start & x_ap_vld;
assign ap_ready = go;
assign ap_idle = ~go & ~valid[0];
assign ap_done = valid[0] & (mode[0] != 4'd1);
always @ (posedge ap_clk) begin
    kept <= x;
    if (ap_rst == 1'b1) valid <= 2'b00;
    else valid <= {valid[0], go};
    if (ap_rst & valid[0]) broken <= 1'b1;
    else if (ap_done) broken <= 1'b0;
    if (mode[0] == 4'd3 & ap_done) $fatal(1, "the design ends the simulation");
end
assign layer2_out_0 = mode[0] == 4'd2 ? never : kept[5] ? 5'd0 : kept[5:1] ^ {4'd0, wrong};
assign wrong = (mode[0] == 4'd5 & kept[1]) | (mode[0] == 4'd6 & broken);
assign layer2_out_1 = kept[11] ? 5'd0 : kept[11:7];
assign layer2_out_2 = kept[17] ? 5'd0 : kept[17:13];
assign layer2_out_0_ap_vld = ap_done;
assign layer2_out_1_ap_vld = ap_done;
assign layer2_out_2_ap_vld = ap_done | (mode[0] == 4'd4 & valid[1]);
endmodule
"""
)

# Three numbers of 6 bits in bytes, a place a beat, one register deep; TLAST, TKEEP, and a start that stays.
AXIS = """
`timescale 1 ns / 1 ps
module top (
    input wire ap_clk, input wire ap_rst_n, input wire ap_start,
    output wire ap_done, output wire ap_idle, output wire ap_ready,
    input wire [23:0] input_1_TDATA, input wire input_1_TVALID, output wire input_1_TREADY, input wire input_1_TLAST,
    input wire [2:0] input_1_TKEEP,
    output reg [23:0] layer2_out_TDATA, output reg layer2_out_TVALID, input wire layer2_out_TREADY,
    output reg layer2_out_TLAST
);
function [7:0] rectify(input [5:0] v);
    rectify = {3'b101, v[5] ? 5'd0 : v[5:1]};
endfunction
assign input_1_TREADY = ap_start & (layer2_out_TREADY | ~layer2_out_TVALID);
assign ap_done = layer2_out_TVALID & layer2_out_TREADY;
assign ap_idle = ~layer2_out_TVALID;
assign ap_ready = input_1_TREADY;
always @ (posedge ap_clk) begin
    if (ap_rst_n == 1'b0) layer2_out_TVALID <= 1'b0;
    else if (input_1_TREADY) layer2_out_TVALID <= input_1_TVALID & (&input_1_TKEEP);
    if (input_1_TREADY) begin
        layer2_out_TLAST <= input_1_TLAST;
        layer2_out_TDATA <= {rectify(input_1_TDATA[21:16]), rectify(input_1_TDATA[13:8]), rectify(input_1_TDATA[5:0])};
    end
end
endmodule
"""

FLOW = """
module top #(parameter W = 6, localparam N = 3) (
    input clk, rst_n, input [N*W-1:0] in_data, input in_valid, output in_ready,
    output [N*(W-1)-1:0] out_data, output out_valid, input out_ready, input bypass
);
reg [N*W-1:0] kept; reg full; genvar i;
assign in_ready = ~full | out_ready;
assign out_valid = full;
always @(posedge clk) begin
    if (!rst_n) full <= 1'b0; else if (in_ready) full <= in_valid;
    if (in_ready) kept <= in_data;
end
generate for (i = 0; i < N; i = i + 1) begin : lane
    assign out_data[i*(W-1) +: W-1] = bypass ? 5'd31 : kept[i*W+W-1] ? 5'd0 : kept[i*W+1 +: W-1];
end endgenerate
endmodule
"""
