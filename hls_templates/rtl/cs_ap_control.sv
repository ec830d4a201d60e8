// The block-level handshake that Vitis HLS calls ap_ctrl_hs, of a pipelined design: `ap_ready` at the edge that takes the
// inputs, `ap_done` for one clock with the outputs, `ap_idle` while nothing is asked for and nothing under way.
module cs_ap_control #(
    parameter OUTPUTS = 1,
    parameter BITS = 16  // of the count of frames under way
) (
    input wire clk,
    input wire rst,
    input wire ap_start,
    output wire ap_done,
    output wire ap_idle,
    output wire ap_ready,
    input wire taken,  // the inputs are, at this edge
    input wire [OUTPUTS-1:0] full  // a frame of this output waits
);
    reg [BITS-1:0] under_way;
    assign ap_ready = taken;
    assign ap_done = &full;
    assign ap_idle = ~ap_start & ~|under_way;
    always @(posedge clk)
        if (rst) under_way <= {BITS{1'b0}};
        else if (ap_ready & ~ap_done) under_way <= under_way + 1'b1;
        else if (ap_done & ~ap_ready) under_way <= under_way - 1'b1;
endmodule
