// The sum of a frame of four signed numbers, two a beat, under valid and ready.
module accumulate (
    input wire clk,
    input wire rst,
    input wire [15:0] x_data,
    input wire x_valid,
    output wire x_ready,
    output reg signed [9:0] y_data,
    output reg y_valid,
    input wire y_ready
);
    reg second;
    reg signed [9:0] first;
    wire signed [7:0] a = x_data[7:0];
    wire signed [7:0] b = x_data[15:8];
    assign x_ready = ~y_valid | y_ready;
    always @(posedge clk) begin
        if (x_ready) begin
            if (x_valid & ~second) first <= a + b;
            if (x_valid & second) y_data <= first + a + b;
            y_valid <= x_valid & second;
            second <= second ^ x_valid;
        end
        if (rst) begin
            second <= 1'b0;
            y_valid <= 1'b0;
        end
    end
endmodule
