// AXI4-Stream out: TLAST with a frame's last beat, TKEEP without the bytes of that beat that hold no number, TUSER with it
// where the frame that is answered was faulty. Numbers fill their slots, signed ones by their sign.
module cs_axis_out #(
    parameter TDATA = 8,  // bits of a beat of the bus
    parameter LANES = 1,  // numbers in one
    parameter BITS = 8,  // of a number
    parameter SIGNED = 1,
    parameter SLOT = 8,  // from one number to the next
    parameter BEATS = 1,  // of a frame
    parameter TAIL = 1  // numbers in its last beat
) (
    input wire clk,
    input wire rst,
    input wire [LANES*BITS-1:0] in0_data,
    input wire in0_valid,
    output wire in0_ready,
    output wire [TDATA-1:0] tdata,
    output wire [TDATA/8-1:0] tkeep,
    output wire tlast,
    output wire tuser,
    output wire tvalid,
    input wire tready,
    output wire last,  // the frame's last beat goes on at this edge
    input wire fault  // with it
);
    localparam COUNT = $clog2(BEATS + 1);
    localparam LAST = BEATS - 1;
    reg [COUNT-1:0] count;
    wire whole = count == LAST[COUNT-1:0];
    assign last = in0_valid & in0_ready & whole;
    always @(posedge clk)
        if (rst) count <= {COUNT{1'b0}};
        else if (in0_valid & in0_ready) count <= whole ? {COUNT{1'b0}} : count + 1'b1;

    wire [TDATA-1:0] spread;
    genvar i;
    generate
        for (i = 0; i < LANES; i = i + 1) begin : each
            wire [BITS-1:0] number = (i < TAIL) ? in0_data[i*BITS+:BITS] : (in0_data[i*BITS+:BITS] & {BITS{~whole}});
            assign spread[i*SLOT+:BITS] = number;
            if (SLOT > BITS) begin : room
                assign spread[i*SLOT+BITS+:SLOT-BITS] = {SLOT-BITS{SIGNED ? number[BITS-1] : 1'b0}};
            end
        end
        if (TDATA > LANES * SLOT) begin : rest
            assign spread[TDATA-1:LANES*SLOT] = {TDATA-LANES*SLOT{1'b0}};
        end
        for (i = 0; i < TDATA / 8; i = i + 1) begin : bytes
            // TDATA pads no more than a byte, which numbers may share; only whole empty slots are left out.
            assign tkeep[i] = (8 * i < TAIL * SLOT) | ~tlast;
        end
    endgenerate
    cs_slice #(.WIDTH(TDATA + 2)) slice (
        .clk(clk),
        .rst(rst),
        .in0_data({whole & fault, whole, spread}),
        .in0_valid(in0_valid),
        .in0_ready(in0_ready),
        .out_data({tuser, tlast, tdata}),
        .out_valid(tvalid),
        .out_ready(tready)
    );
endmodule
