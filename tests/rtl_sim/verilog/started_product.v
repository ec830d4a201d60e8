// The product and the sum of two signed numbers, started as Vitis HLS has it: a frame every three clocks, five later.
// +bug=N plants a fault.
module started_product (
    input  wire        ap_clk,
    input  wire        ap_rst,
    input  wire        ap_start,
    output wire        ap_done,
    output wire        ap_idle,
    output wire        ap_ready,
    input  wire [15:0] x_V,
    output wire [15:0] y_0_V,
    output wire        y_0_V_ap_vld,
    output wire [8:0]  y_1_V,
    output wire        y_1_V_ap_vld
);
    integer bug;
    initial if (!$value$plusargs("bug=%d", bug)) bug = 0;

    reg [1:0] phase;
    reg [3:0] pipe;
    reg signed [15:0] product [0:3];
    reg signed [8:0] sum [0:3];
    wire begins = ap_start && phase == 2'd0;
    wire signed [7:0] a = x_V[7:0], b = x_V[15:8];
    reg signed [15:0] held;
    integer i;

    assign ap_ready = (bug == 1) ? phase != 2'd0 : phase == 2'd2;
    assign ap_done = pipe[3] && !(bug == 2 && begins);
    assign ap_idle = phase == 2'd0 && pipe == 4'd0 && !ap_start;
    assign y_0_V = (bug == 3 && pipe[3] && pipe[0]) ? held : product[3];
    assign y_1_V = sum[3];
    assign y_0_V_ap_vld = pipe[3];
    assign y_1_V_ap_vld = (bug == 4) ? pipe[3] | (pipe[2] & ap_start) : pipe[3];

    always @(posedge ap_clk) begin
        if (begins) phase <= 2'd1;
        else if (phase != 2'd0) phase <= (phase == 2'd2) ? 2'd0 : phase + 2'd1;
        pipe <= {pipe[2:0], begins};
        held <= a * b;
        product[0] <= (bug == 5 && a == -8'sd128 && b == -8'sd128) ? -16'sd1 : a * b;
        sum[0] <= a + b;
        for (i = 1; i < 4; i = i + 1) begin
            product[i] <= product[i-1];
            sum[i] <= sum[i-1];
        end
        if (ap_rst) begin
            phase <= 2'd0;
            if (bug != 6) pipe <= 4'd0;
        end
    end
endmodule
