// Each beat becomes N narrower ones, the lowest bits first; the last one of a frame as many as make BEATS in all.
module cs_unpack #(
    parameter WIDTH = 1,  // of a beat that goes out
    parameter N = 2,
    parameter BEATS = 2,  // of a frame, going out
    parameter IN = N * WIDTH  // bits of a beat that comes in
) (
    input wire clk,
    input wire rst,
    input wire [IN-1:0] in0_data,
    input wire in0_valid,
    output wire in0_ready,
    output wire [WIDTH-1:0] out_data,
    output wire out_valid,
    input wire out_ready
);
    localparam BITS = $clog2(BEATS + 1);
    localparam PLACES = $clog2(N + 1);
    localparam LAST = BEATS - 1;
    localparam TOP = N - 1;
    reg [N*WIDTH-1:0] beats;
    reg [PLACES-1:0] place;
    reg [BITS-1:0] count;
    reg full;
    wire [N*WIDTH-1:0] filled;
    assign filled[IN-1:0] = in0_data;
    generate
        if (N * WIDTH > IN) begin : rest
            assign filled[N*WIDTH-1:IN] = {N * WIDTH - IN{1'b0}};
        end
    endgenerate
    wire last = count == LAST[BITS-1:0];
    wire done = last | (place == TOP[PLACES-1:0]);
    wire give = full & out_ready;
    assign in0_ready = ~full | (out_ready & done);
    assign out_valid = full;
    assign out_data = beats[WIDTH-1:0];
    always @(posedge clk) begin
        if (in0_valid & in0_ready) beats <= filled;
        else if (give) beats <= beats >> WIDTH;
        if (rst) begin
            full <= 1'b0;
            place <= {PLACES{1'b0}};
            count <= {BITS{1'b0}};
        end else begin
            if (in0_ready) full <= in0_valid;
            if (give) begin
                place <= done ? {PLACES{1'b0}} : place + 1'b1;
                count <= last ? {BITS{1'b0}} : count + 1'b1;
            end
        end
    end
endmodule
