// One stream for N readers, each of which takes every beat when it likes; the beat leaves when all have it.
module cs_fork #(
    parameter WIDTH = 1,
    parameter N = 2
) (
    input wire clk,
    input wire rst,
    input wire [WIDTH-1:0] in0_data,
    input wire in0_valid,
    output wire in0_ready,
    output wire [N*WIDTH-1:0] out_data,
    output wire [N-1:0] out_valid,
    input wire [N-1:0] out_ready
);
    reg [N-1:0] had;
    wire [N-1:0] has = had | out_ready;
    assign in0_ready = &has;
    assign out_valid = {N{in0_valid}} & ~had;
    assign out_data = {N{in0_data}};
    always @(posedge clk)
        if (rst) had <= {N{1'b0}};
        else if (in0_valid) had <= in0_ready ? {N{1'b0}} : has;
endmodule
