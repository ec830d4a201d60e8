// N beats become one, the first in the lowest bits.
module cs_gather #(
    parameter WIDTH = 1,  // of a beat that comes in
    parameter N = 2
) (
    input wire clk,
    input wire rst,
    input wire [WIDTH-1:0] in0_data,
    input wire in0_valid,
    output wire in0_ready,
    output wire [N*WIDTH-1:0] out_data,
    output wire out_valid,
    input wire out_ready
);
    localparam BITS = $clog2(N + 1);
    reg [N*WIDTH-1:0] beats;
    reg [BITS-1:0] count;
    wire full = count == N[BITS-1:0];
    wire take = in0_valid & in0_ready;
    assign in0_ready = ~full | out_ready;
    assign out_valid = full;
    assign out_data = beats;
    always @(posedge clk) begin
        if (take) beats <= {in0_data, beats[N*WIDTH-1:WIDTH]};
        if (rst) count <= {BITS{1'b0}};
        else if (full & out_ready) count <= take ? {{BITS-1{1'b0}}, 1'b1} : {BITS{1'b0}};
        else if (take) count <= count + 1'b1;
    end
endmodule
