// Holds DEPTH beats in a memory and one more at its end, so that the memory is read at a clock edge and can be block RAM.
module cs_fifo #(
    parameter WIDTH = 1,
    parameter DEPTH = 2
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
    localparam BITS = $clog2(DEPTH + 1);
    localparam LAST = DEPTH - 1;
    (* no_rw_check *)  // a beat is never read in the clock in which it is written
    reg [WIDTH-1:0] memory [0:DEPTH-1];
    reg [BITS-1:0] head, tail, count;
    reg [WIDTH-1:0] first;
    reg held;
    wire write = in0_valid & in0_ready;
    wire read = |count & (~held | out_ready);
    assign in0_ready = count != DEPTH[BITS-1:0];
    assign out_valid = held;
    assign out_data = first;
    always @(posedge clk) begin
        if (write) memory[tail] <= in0_data;
        if (read) first <= memory[head];
        if (rst) begin
            head <= {BITS{1'b0}};
            tail <= {BITS{1'b0}};
            count <= {BITS{1'b0}};
            held <= 1'b0;
        end else begin
            if (write) tail <= tail == LAST[BITS-1:0] ? {BITS{1'b0}} : tail + 1'b1;
            if (read) head <= head == LAST[BITS-1:0] ? {BITS{1'b0}} : head + 1'b1;
            if (write & ~read) count <= count + 1'b1;
            else if (read & ~write) count <= count - 1'b1;
            held <= read | (held & ~out_ready);
        end
    end
endmodule
