// Adds up a frame of two beats of two signed numbers, saturated to 8 bits; valid and ready on both sides.
// +bug=N plants a fault.
module pair_sum (
    input  wire        clk,
    input  wire        rst,
    input  wire [15:0] x_data,
    input  wire        x_valid,
    output wire        x_ready,
    output reg  [7:0]  y_data,
    output wire        y_valid,
    input  wire        y_ready
);
    integer bug;
    initial if (!$value$plusargs("bug=%d", bug)) bug = 0;

    reg second, full, flag;
    reg signed [9:0] acc;
    reg [5:0] stalled;
    wire stall = full & ~y_ready;
    wire ready = (bug == 3) ? ~(stall & x_data[0]) : (bug == 10) ? ~stall & (stalled < 20) : ~stall;
    assign x_ready = ready & ~rst;
    assign y_valid = (bug == 1) ? full & ~stalled[2] : (bug == 7) ? full & y_ready : (bug == 9) ? full & flag : full;

    wire signed [7:0] low = x_data[7:0], high = x_data[15:8];
    wire signed [9:0] pair = low + high;
    wire signed [9:0] sum = (second ? acc : 10'sd0) + pair;
    wire [9:0] top = (bug == 6) ? 10'd128 : 10'd127;
    wire too_low = (bug == 11) ? sum < -10'sd129 : sum < -10'sd128;
    wire [7:0] result = sum > 10'sd127 ? top[7:0] : too_low ? 8'h80 : sum[7:0];
    wire [15:0] acc_data = {pair, 6'd0};
    wire acc_valid = x_valid & x_ready;

    always @(posedge clk) begin
        if (x_valid & x_ready) begin
            second <= ~second;
            acc <= sum;
        end
        if (!stall || bug == 2) full <= (stall && bug == 2) || (x_valid & x_ready & second);
        if ((!stall && x_valid && second) || (bug == 2 && x_valid && stalled > 1)) y_data <= result;
        if (bug == 8 && stalled == 6 && y_ready) full <= 1'b1;
        if (stall) flag <= 1'b1;
        if (stall) stalled <= (&stalled) ? stalled : stalled + 1'b1;
        else if (bug != 10) stalled <= 6'd0;
        if (rst) begin
            if (bug != 4) second <= 1'b0;
            if (bug != 5) full <= 1'b0;
            stalled <= 6'd0;
        end
    end
endmodule
