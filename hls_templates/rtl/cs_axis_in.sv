// AXI4-Stream in. Whatever TLAST and TKEEP say, a frame of exactly BEATS beats goes on for each TLAST: where it comes too
// early the rest is zeros, where it comes too late the surplus is dropped, and a number with a byte that TKEEP leaves out
// is 0. Such a frame is told by `fault` with its `last` beat.
module cs_axis_in #(
    parameter TDATA = 8,  // bits of a beat of the bus
    parameter LANES = 1,  // numbers in one
    parameter BITS = 8,  // of a number
    parameter SLOT = 8,  // from one number to the next
    parameter BEATS = 1,  // of a frame
    parameter TAIL = 1  // numbers in its last beat
) (
    input wire clk,
    input wire rst,
    input wire [TDATA-1:0] tdata,
    input wire [TDATA/8-1:0] tkeep,
    input wire tlast,
    input wire tvalid,
    output wire tready,
    output wire [LANES*BITS-1:0] out_data,
    output wire out_valid,
    input wire out_ready,
    input wire hold,  // begin no frame; it rises with no frame under way
    output wire last,  // the frame's last beat goes on at this edge
    output wire fault
);
    localparam COUNT = $clog2(BEATS + 1);
    localparam LAST = BEATS - 1;
    localparam [1:0] PASS = 2'd0, FILL = 2'd1, DROP = 2'd2;

    // One bit a lane: it is a number of the frame, with a byte that is left out.
    function [LANES-1:0] left_out(input [TDATA/8-1:0] keep);
        integer lane, bit_;
        begin
            left_out = {LANES{1'b0}};
            for (lane = 0; lane < LANES; lane = lane + 1)
                for (bit_ = lane * SLOT; bit_ < lane * SLOT + BITS; bit_ = bit_ + 1)
                    if (~keep[bit_/8]) left_out[lane] = 1'b1;
        end
    endfunction

    wire [TDATA-1:0] data;
    wire end_, valid, ready;
    wire [LANES-1:0] gone;
    wire [LANES-1:0] gone_in = left_out(tkeep);
    cs_slice #(.WIDTH(TDATA + LANES + 1)) slice (
        .clk(clk),
        .rst(rst),
        .in0_data({tlast, gone_in, tdata}),
        .in0_valid(tvalid),
        .in0_ready(tready),
        .out_data({end_, gone, data}),
        .out_valid(valid),
        .out_ready(ready)
    );

    reg [1:0] state;
    reg [COUNT-1:0] count;
    reg bad;
    wire whole = count == LAST[COUNT-1:0];
    wire fill = state == FILL;
    wire missing = whole ? |gone[TAIL-1:0] : |gone;
    wire move = out_valid & out_ready;
    assign out_valid = fill | ((state == PASS) & valid & ~hold);
    assign ready = (state == DROP) | ((state == PASS) & out_ready & ~hold);
    assign last = move & whole;
    assign fault = fill | bad | missing | ~end_;
    genvar i;
    generate
        for (i = 0; i < LANES; i = i + 1) begin : each
            assign out_data[i*BITS+:BITS] = data[i*SLOT+:BITS] & {BITS{~(fill | gone[i])}};
        end
    endgenerate
    always @(posedge clk)
        if (rst) begin
            state <= PASS;
            count <= {COUNT{1'b0}};
            bad <= 1'b0;
        end else if (state == DROP) begin
            if (valid & end_) state <= PASS;
        end else if (move) begin
            count <= whole ? {COUNT{1'b0}} : count + 1'b1;
            bad <= ~whole & (bad | missing);
            if (whole) state <= (fill | end_) ? PASS : DROP;
            else if (~fill & end_) state <= FILL;
        end
endmodule
