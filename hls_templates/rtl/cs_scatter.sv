// One beat becomes N, the lowest bits first.
module cs_scatter #(
    parameter WIDTH = 1,  // of a beat that goes out
    parameter N = 2
) (
    input wire clk,
    input wire rst,
    input wire [N*WIDTH-1:0] in0_data,
    input wire in0_valid,
    output wire in0_ready,
    output wire [WIDTH-1:0] out_data,
    output wire out_valid,
    input wire out_ready
);
    localparam BITS = $clog2(N + 1);
    reg [N*WIDTH-1:0] beats;
    reg [BITS-1:0] left;
    wire last = left == {{BITS-1{1'b0}}, 1'b1};
    assign out_valid = |left;
    assign in0_ready = ~out_valid | (last & out_ready);
    assign out_data = beats[WIDTH-1:0];
    always @(posedge clk) begin
        if (in0_valid & in0_ready) beats <= in0_data;
        else if (out_ready) beats <= beats >> WIDTH;
        if (rst) left <= {BITS{1'b0}};
        else if (in0_valid & in0_ready) left <= N[BITS-1:0];
        else if (out_valid & out_ready) left <= left - 1'b1;
    end
endmodule
