// BEATS beats of a frame become wider ones, N at a time, the first in the lowest bits. Where N does not divide BEATS, the
// last of them is filled up with what lay there before.
module cs_pack #(
    parameter WIDTH = 1,  // of a beat that comes in
    parameter N = 2,
    parameter BEATS = 2,  // of a frame, coming in
    parameter OUT = N * WIDTH  // bits of a beat that goes out: what is beyond holds no number
) (
    input wire clk,
    input wire rst,
    input wire [WIDTH-1:0] in0_data,
    input wire in0_valid,
    output wire in0_ready,
    output wire [OUT-1:0] out_data,
    output wire out_valid,
    input wire out_ready
);
    localparam BITS = $clog2(BEATS + 1);
    localparam PLACES = $clog2(N + 1);
    localparam LAST = BEATS - 1;
    localparam TOP = N - 1;
    reg [N*WIDTH-1:0] beats;
    reg [PLACES-1:0] place;
    reg [BITS-1:0] count;
    reg full;
    wire take = in0_valid & in0_ready;
    wire last = count == LAST[BITS-1:0];
    wire done = last | (place == TOP[PLACES-1:0]);
    assign in0_ready = ~full | out_ready;
    assign out_valid = full;
    assign out_data = beats[OUT-1:0];
    genvar i;
    generate
        for (i = 0; i < N; i = i + 1) begin : each
            always @(posedge clk) if (take & (place == i)) beats[i*WIDTH+:WIDTH] <= in0_data;
        end
    endgenerate
    always @(posedge clk)
        if (rst) begin
            full <= 1'b0;
            place <= {PLACES{1'b0}};
            count <= {BITS{1'b0}};
        end else begin
            full <= (take & done) | (full & ~out_ready);
            if (take) begin
                place <= done ? {PLACES{1'b0}} : place + 1'b1;
                count <= last ? {BITS{1'b0}} : count + 1'b1;
            end
        end
endmodule
