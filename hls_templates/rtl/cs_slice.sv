// Two beats of storage that cut every path from one side to the other: valid, ready and data are all registers.
module cs_slice #(
    parameter WIDTH = 1
) (
    input wire clk,
    input wire rst,
    input wire [WIDTH-1:0] in0_data,
    input wire in0_valid,
    output wire in0_ready,
    output wire [WIDTH-1:0] out_data,
    output wire out_valid,
    input wire out_ready
);
    reg [WIDTH-1:0] first, second;
    reg full, more;
    assign in0_ready = ~more;
    assign out_valid = full;
    assign out_data = first;
    always @(posedge clk) begin
        if (out_ready | ~full) first <= more ? second : in0_data;
        if (~more) second <= in0_data;
        if (rst) begin
            full <= 1'b0;
            more <= 1'b0;
        end else if (out_ready | ~full) begin
            full <= more | in0_valid;
            more <= 1'b0;
        end else if (in0_valid) more <= 1'b1;
    end
endmodule
