// Tells the last beat of each frame, where nothing marks it.
module cs_frame_end #(
    parameter BEATS = 1
) (
    input wire clk,
    input wire rst,
    input wire beat,
    output wire last
);
    localparam BITS = $clog2(BEATS + 1);
    localparam LAST = BEATS - 1;
    reg [BITS-1:0] count;
    assign last = beat & (count == LAST[BITS-1:0]);
    always @(posedge clk)
        if (rst) count <= {BITS{1'b0}};
        else if (beat) count <= last ? {BITS{1'b0}} : count + 1'b1;
endmodule
