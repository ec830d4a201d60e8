// The pixels of every window of an image, one after the other, for a reader that takes its time over each.
//
// Pixels are written round and round into a memory just large enough for the windows that still need them, and read
// from it in the order of the windows: no register holds a window. Each step gives a pixel of a window, takes one of the
// image, or both; the next step waits until what was given is used. A window begins when its last pixel is in; those of
// the next window are taken beside its own second and later pixels. Pixels that come in bursts wait in the same memory
// until they are taken, up to AHEAD of them. Padding is zero. A sequence is an image of one row.
module cs_taps #(
    parameter integer BITS = 8,       // of a pixel, with all its channels
    parameter integer HEIGHT = 4,
    parameter integer WIDTH = 4,
    parameter integer KERNEL_H = 3,
    parameter integer KERNEL_W = 3,
    parameter integer STRIDE_H = 1,
    parameter integer STRIDE_W = 1,
    parameter integer TOP = 0,        // rows of padding above
    parameter integer LEFT = 0,       // columns of padding before
    parameter integer OUT_H = 2,      // windows down
    parameter integer OUT_W = 2,      // windows across
    parameter integer DEPTH = 16,     // pixels in the memory, a power of two
    parameter integer AHEAD = 2       // of them, pixels that wait to be taken
) (
    input wire clk,
    input wire rst,
    input wire ce,                    // what stands behind moves on
    input wire [BITS-1:0] in_data,
    input wire in_valid,
    output wire in_ready,
    output wire [BITS-1:0] tap,
    output reg valid,
    input wire used                   // the reader is done with the tap
);
    localparam integer PIXELS = HEIGHT * WIDTH;
    // From one window to the next in its row, and to the first one of the next row, in pixels.
    localparam integer MOVE = STRIDE_W;
    localparam integer TURN = STRIDE_H * WIDTH - (OUT_W - 1) * STRIDE_W;
    // Pixels of the image up to the end of the first window; at least one, so that nothing is given before it comes.
    localparam integer REACH = (KERNEL_H - 1 - TOP) * WIDTH + KERNEL_W - LEFT;
    localparam integer OWED = REACH < 1 ? 1 : REACH;
    localparam integer MOST_A = OWED > MOVE ? OWED : MOVE;
    localparam integer MOST_B = TURN > MOST_A ? TURN : MOST_A;
    localparam integer MOST = -TURN > MOST_B ? -TURN : MOST_B;
    localparam integer OWED_BITS = $clog2(MOST + 1) + 1;
    localparam integer LEFT_BITS = $clog2(PIXELS + 1);
    localparam integer ADDRESS = DEPTH > 1 ? $clog2(DEPTH) : 1;
    localparam integer INSIDE = (KERNEL_H - 1) * WIDTH + KERNEL_W - 1;  // from a window's first pixel to its last
    localparam integer FROM = -TOP * WIDTH - LEFT;
    localparam integer TO_LINE = WIDTH - KERNEL_W + 1;
    localparam integer TO_NEXT = MOVE - INSIDE;
    localparam integer TO_TURN = TURN - INSIDE;
    localparam integer TO_FRAME = HEIGHT * WIDTH - ((OUT_H - 1) * STRIDE_H * WIDTH + (OUT_W - 1) * STRIDE_W + INSIDE);
    localparam integer WAIT_BITS = $clog2(AHEAD + 1);

    wire tap_opens, line_ends, tap_ends, row_ends, all_ends;
    reg [LEFT_BITS-1:0] rest;         // pixels of the image that are still to come
    reg signed [OWED_BITS-1:0] owed;  // of them, those that the next window to begin waits for
    reg tail;                         // all windows are given, and the rest is taken
    wire none = rest == {LEFT_BITS{1'b0}};
    wire one = rest == 1;
    wire owes = ~owed[OWED_BITS-1] & (|owed) & ~none;
    wire load = tail | tap_opens & owes;
    wire take = tail | owes;
    reg [WAIT_BITS-1:0] waiting;
    wire step = ce & (~valid | used) & (waiting != {WAIT_BITS{1'b0}} | ~take);
    wire give = step & ~load;
    wire write = in_valid & in_ready;
    assign in_ready = waiting != AHEAD[WAIT_BITS-1:0];
    always @(posedge clk)
        if (rst) waiting <= {WAIT_BITS{1'b0}};
        else if (write != (step & take)) waiting <= write ? waiting + 1'b1 : waiting - 1'b1;

    wire taken_all = none | take & one;
    wire over = ~load & all_ends;
    wire anew = taken_all & (tail | over);
    wire signed [OWED_BITS-1:0] delta = row_ends ? TURN[OWED_BITS-1:0] : MOVE[OWED_BITS-1:0];
    wire signed [OWED_BITS-1:0] change = ~load & tap_opens ? delta : {OWED_BITS{take}};
    always @(posedge clk)
        if (rst) begin
            rest <= PIXELS[LEFT_BITS-1:0];
            owed <= OWED[OWED_BITS-1:0];
            tail <= 1'b0;
        end else if (step) begin
            rest <= anew ? PIXELS[LEFT_BITS-1:0] : rest - {{LEFT_BITS-1{1'b0}}, take};
            owed <= anew ? OWED[OWED_BITS-1:0] : owed + change;
            tail <= (tail | over) & ~taken_all;
        end

    wire kw_ends, kh_ends, ow_ends, oh_ends;
    cs_taps_count #(.COUNT(KERNEL_W)) kw (.clk(clk), .rst(rst), .step(give), .last(kw_ends));
    cs_taps_count #(.COUNT(KERNEL_H)) kh (.clk(clk), .rst(rst), .step(give & kw_ends), .last(kh_ends));
    cs_taps_count #(.COUNT(OUT_W)) ow (.clk(clk), .rst(rst), .step(give & tap_ends), .last(ow_ends));
    cs_taps_count #(.COUNT(OUT_H)) oh (.clk(clk), .rst(rst), .step(give & row_ends & tap_ends), .last(oh_ends));
    assign line_ends = kw_ends;
    assign tap_ends = kw_ends & kh_ends;
    assign row_ends = ow_ends;
    assign all_ends = tap_ends & ow_ends & oh_ends;
    reg opens;
    always @(posedge clk)
        if (rst) opens <= 1'b1;
        else if (give) opens <= tap_ends;
    assign tap_opens = opens;

    reg [ADDRESS-1:0] write_at, read_at;
    wire [ADDRESS-1:0] hop = ~line_ends ? {{ADDRESS-1{1'b0}}, 1'b1} : ~kh_ends ? TO_LINE[ADDRESS-1:0]
        : ~row_ends ? TO_NEXT[ADDRESS-1:0] : ~oh_ends ? TO_TURN[ADDRESS-1:0] : TO_FRAME[ADDRESS-1:0];
    always @(posedge clk)
        if (rst) write_at <= {ADDRESS{1'b0}};
        else if (write) write_at <= write_at + 1'b1;
    always @(posedge clk)
        if (rst) read_at <= FROM[ADDRESS-1:0];
        else if (give) read_at <= read_at + hop;

    // No pixel is written where one is read in the same clock.
    (* no_rw_check *) reg [BITS-1:0] pixels [0:DEPTH-1];
    reg [BITS-1:0] read;
    always @(posedge clk) if (write) pixels[write_at] <= in_data;
    always @(posedge clk) if (give) read <= pixels[read_at];
    always @(posedge clk)
        if (rst) valid <= 1'b0;
        else if (step) valid <= ~load;
        else if (used) valid <= 1'b0;

    // Where a tap is, counted from the first cell of the padding.
    localparam integer HIGH = (OUT_H - 1) * STRIDE_H + KERNEL_H;
    localparam integer WIDE = (OUT_W - 1) * STRIDE_W + KERNEL_W;
    generate
        if (TOP > 0 || LEFT > 0 || HIGH > TOP + HEIGHT || WIDE > LEFT + WIDTH) begin : g_padded
            wire row_real, col_real;
            reg real_tap;
            cs_taps_real #(
                .CELLS(WIDE), .BEFORE(LEFT), .LENGTH(WIDTH), .BACK(KERNEL_W - 1), .STRIDE(STRIDE_W)
            ) col (
                .clk(clk), .rst(rst), .step(give), .kernel_ends(kw_ends), .moves(kh_ends), .restarts(row_ends),
                .held(col_real)
            );
            cs_taps_real #(
                .CELLS(HIGH), .BEFORE(TOP), .LENGTH(HEIGHT), .BACK(KERNEL_H - 1), .STRIDE(STRIDE_H)
            ) row (
                .clk(clk), .rst(rst), .step(give & kw_ends), .kernel_ends(kh_ends), .moves(row_ends),
                .restarts(oh_ends), .held(row_real)
            );
            always @(posedge clk) if (give) real_tap <= row_real & col_real;
            assign tap = read & {BITS{real_tap}};
        end else begin : g_plain
            assign tap = read;
        end
    endgenerate
endmodule

// A counter from 0 that begins anew behind its last value.
module cs_taps_count #(
    parameter integer COUNT = 2
) (
    input wire clk,
    input wire rst,
    input wire step,
    output wire last
);
    localparam integer FINAL = COUNT - 1;
    localparam integer WIDE = COUNT > 1 ? $clog2(COUNT) : 1;
    generate
        if (COUNT > 1) begin : g_counts
            reg [WIDE-1:0] at;
            assign last = at == FINAL[WIDE-1:0];
            always @(posedge clk)
                if (rst) at <= {WIDE{1'b0}};
                else if (step) at <= last ? {WIDE{1'b0}} : at + 1'b1;
        end else begin : g_one
            assign last = 1'b1;
        end
    endgenerate
endmodule

// Whether a tap is inside the image along one axis.
module cs_taps_real #(
    parameter integer CELLS = 4,      // positions, with the padding
    parameter integer BEFORE = 0,     // of them before the image
    parameter integer LENGTH = 4,     // of them in it
    parameter integer BACK = 2,       // from the last tap of a window to its first
    parameter integer STRIDE = 1
) (
    input wire clk,
    input wire rst,
    input wire step,
    input wire kernel_ends,           // it is at the last tap of a window
    input wire moves,                 // and goes on to the next window, not to the first tap of the same one again
    input wire restarts,              // or to the first window
    output wire held
);
    localparam integer WIDE = $clog2(CELLS + 1);
    localparam integer AGAIN = -BACK;
    localparam integer NEXT = STRIDE - BACK;
    localparam integer TO = BEFORE + LENGTH;
    reg [WIDE-1:0] at;
    wire [WIDE-1:0] hop = ~kernel_ends ? {{WIDE-1{1'b0}}, 1'b1} : moves ? NEXT[WIDE-1:0] : AGAIN[WIDE-1:0];
    always @(posedge clk)
        if (rst) at <= {WIDE{1'b0}};
        else if (step) at <= kernel_ends & moves & restarts ? {WIDE{1'b0}} : at + hop;
    wire from, before_end;
    generate
        if (BEFORE > 0) begin : g_from
            assign from = at >= BEFORE[WIDE-1:0];
        end else begin : g_always
            assign from = 1'b1;
        end
        if (TO < CELLS) begin : g_to
            assign before_end = at < TO[WIDE-1:0];
        end else begin : g_open
            assign before_end = 1'b1;
        end
    endgenerate
    assign held = from & before_end;
endmodule
