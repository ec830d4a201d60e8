// Which frames between an input and an output were faulty, in order, so that an answer can say so. A frame whose answer
// leaves before the frame ends counts as faultless.
module cs_axis_fault #(
    parameter DEPTH_BITS = 4  // 2**DEPTH_BITS frames may be on their way
) (
    input wire clk,
    input wire rst,
    input wire in_last,
    input wire in_fault,
    output wire full,
    input wire out_last,
    output wire out_fault
);
    reg [(1 << DEPTH_BITS)-1:0] faults;
    reg [DEPTH_BITS+1:0] came, left;
    wire [DEPTH_BITS+1:0] between = came - left;
    assign full = ~between[DEPTH_BITS+1] & between[DEPTH_BITS];
    // Held against the next frame to end too: where frames and answers are one to one, it is the one that ends now.
    wire none = between == {DEPTH_BITS+2{1'b0}};
    assign out_fault = none ? (in_last & in_fault) : (~between[DEPTH_BITS+1] & faults[left[DEPTH_BITS-1:0]]);
    always @(posedge clk) begin
        if (in_last) faults[came[DEPTH_BITS-1:0]] <= in_fault;
        if (rst) begin
            came <= {DEPTH_BITS+2{1'b0}};
            left <= {DEPTH_BITS+2{1'b0}};
        end else begin
            if (in_last) came <= came + 1'b1;
            if (out_last) left <= left + 1'b1;
        end
    end
endmodule
