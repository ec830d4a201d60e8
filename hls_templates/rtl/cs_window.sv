// Every window of an image that comes pixel by pixel, one position a clock.
//
// The rows above the newest one wait in a memory as wide as all of them, which is read one pixel ahead and written
// behind; the window itself stands in registers. Cells of padding are put in here, without a pixel being taken: the
// ones left of a row cost no clock, each one right of it, above or below the image costs one where a window needs it.
// Where positions of padding come before the first pixel, that pixel is taken at the first of them already: nothing of
// an image is given before it comes. A window is given in the clock after its last pixel was taken; number i of it, in row-major order, is at bits
// [i*BITS + BITS - 1 : i*BITS]. A sequence is an image of one row. Negative TOP and LEFT leave out what lies before.
module cs_window #(
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
    parameter [BITS-1:0] CELL = 0     // a pixel of padding
) (
    input wire clk,
    input wire rst,
    input wire ce,                    // what stands behind moves on
    input wire [BITS-1:0] in_data,
    input wire in_valid,
    output wire in_ready,
    output reg [KERNEL_H*KERNEL_W*BITS-1:0] window,
    output reg valid
);
    // Positions of the newest pixel, counted from the first one of the image: where windows are complete, and all.
    localparam integer FIRST_ROW = KERNEL_H - 1 - TOP;
    localparam integer LAST_ROW = FIRST_ROW + (OUT_H - 1) * STRIDE_H;
    localparam integer START_ROW = FIRST_ROW < 0 ? FIRST_ROW : 0;
    localparam integer END_ROW = LAST_ROW >= HEIGHT ? LAST_ROW + 1 : HEIGHT;
    localparam integer FIRST_COL = KERNEL_W - 1 - LEFT;
    localparam integer LAST_COL = FIRST_COL + (OUT_W - 1) * STRIDE_W;
    localparam integer START_COL = FIRST_COL < 0 ? FIRST_COL : 0;
    localparam integer END_COL = LAST_COL >= WIDTH ? LAST_COL + 1 : WIDTH;
    localparam integer ROWS = END_ROW - START_ROW;
    localparam integer COLS = END_COL - START_COL;

    wire row_real, col_real, row_hit, col_hit, col_end, row_end;
    wire [KERNEL_H-1:0] row_held;     // bit i: the row i above the newest one is in the image

    wire real_pixel = row_real & col_real;
    wire [BITS-1:0] pixel;
    wire need;
    wire step = ce & (in_valid | ~need);
    assign in_ready = ce & need;
    generate
        if (START_ROW < 0 || START_COL < 0) begin : g_early
            reg [BITS-1:0] early;
            reg start, full;          // the image begins; its first pixel waits in `early`
            always @(posedge clk)
                if (rst) start <= 1'b1;
                else if (step) start <= row_end & col_end;
            always @(posedge clk)
                if (rst) full <= 1'b0;
                else if (step) full <= start | full & ~real_pixel;
            always @(posedge clk) if (step & start) early <= in_data;
            assign need = start | real_pixel & ~full;
            assign pixel = full ? early : in_data;
        end else begin : g_direct
            assign need = real_pixel;
            assign pixel = in_data;
        end
    endgenerate

    cs_window_axis #(
        .COUNT(COLS), .BEFORE(-START_COL), .LENGTH(WIDTH), .FIRST(FIRST_COL - START_COL),
        .LAST(LAST_COL - START_COL), .STRIDE(STRIDE_W), .DEPTH(1)
    ) col_axis (
        .clk(clk), .rst(rst), .step(step), .hit(col_hit), .last(col_end), .held(col_real)
    );
    cs_window_axis #(
        .COUNT(ROWS), .BEFORE(-START_ROW), .LENGTH(HEIGHT), .FIRST(FIRST_ROW - START_ROW),
        .LAST(LAST_ROW - START_ROW), .STRIDE(STRIDE_H), .DEPTH(KERNEL_H)
    ) row_axis (
        .clk(clk), .rst(rst), .step(step & col_end), .hit(row_hit), .last(row_end), .held(row_held)
    );
    assign row_real = row_held[0];

    always @(posedge clk)
        if (rst) valid <= 1'b0;
        else if (ce) valid <= step & row_hit & col_hit;

    // The newest column of the window: the pixel, and below it in `column` what stands above it in the image.
    wire [KERNEL_H*BITS-1:0] column;
    assign column[BITS-1:0] = pixel;

    reg row_start;
    always @(posedge clk)
        if (rst) row_start <= 1'b1;
        else if (step) row_start <= col_end;

    genvar i, j;
    generate
        if (KERNEL_H > 1) begin : g_rows
            localparam integer WORD = (KERNEL_H - 1) * BITS;
            reg [WORD-1:0] above;
            assign column[KERNEL_H*BITS-1:BITS] = above;
            if (WIDTH == 1) begin : g_one
                always @(posedge clk) if (step & col_real) above <= column[WORD-1:0];
            end else begin : g_memory
                localparam integer ADDRESS = $clog2(WIDTH);
                localparam integer LAST_AT = WIDTH - 1;
                (* no_rw_check *) reg [WORD-1:0] rows [0:WIDTH-1];  // never written where it is read in the same clock
                reg [ADDRESS-1:0] at;
                wire [ADDRESS-1:0] next = at == LAST_AT[ADDRESS-1:0] ? {ADDRESS{1'b0}} : at + 1'b1;
                always @(posedge clk)
                    if (rst) at <= {ADDRESS{1'b0}};
                    else if (step & col_real) at <= next;
                always @(posedge clk) if (step & col_real) rows[at] <= column[WORD-1:0];
                always @(posedge clk) if (step & col_real) above <= rows[next];
            end
        end

        // With padding, a column that enters is replaced by cells; at the start of a row the columns before it are.
        for (i = 0; i < KERNEL_H; i = i + 1) begin : g_window_row
            localparam integer UP = KERNEL_H - 1 - i;
            localparam integer NEWEST = (i * KERNEL_W + KERNEL_W - 1) * BITS;
            if (ROWS != HEIGHT || COLS != WIDTH || TOP > 0) begin : g_masked
                always @(posedge clk)
                    if (step) begin
                        if (row_held[UP] & col_real) window[NEWEST +: BITS] <= column[UP*BITS +: BITS];
                        else window[NEWEST +: BITS] <= CELL;
                    end
            end else begin : g_plain
                always @(posedge clk) if (step) window[NEWEST +: BITS] <= column[UP*BITS +: BITS];
            end
            for (j = 0; j < KERNEL_W - 1; j = j + 1) begin : g_window_col
                localparam integer HERE = (i * KERNEL_W + j) * BITS;
                if (LEFT > 0) begin : g_cleared
                    always @(posedge clk)
                        if (step) begin
                            if (row_start) window[HERE +: BITS] <= CELL;
                            else window[HERE +: BITS] <= window[HERE + BITS +: BITS];
                        end
                end else begin : g_shifted
                    always @(posedge clk) if (step) window[HERE +: BITS] <= window[HERE + BITS +: BITS];
                end
            end
        end
    endgenerate
endmodule

// One axis of the positions: where it is, whether windows end there, and which of the last positions are in the image.
module cs_window_axis #(
    parameter integer COUNT = 4,      // positions
    parameter integer BEFORE = 0,     // of them before the image
    parameter integer LENGTH = 4,     // of them in it
    parameter integer FIRST = 0,      // position at which the first window is complete
    parameter integer LAST = 0,       // position at which the last one is
    parameter integer STRIDE = 1,
    parameter integer DEPTH = 1       // positions that `held` looks back to, with this one
) (
    input wire clk,
    input wire rst,
    input wire step,
    output wire hit,
    output wire last,
    output wire [DEPTH-1:0] held
);
    localparam integer WIDE = $clog2(COUNT + 1);
    localparam integer FINAL = COUNT - 1;
    localparam integer WAITS = FIRST > STRIDE - 1 ? FIRST : STRIDE - 1;
    localparam integer WAIT_BITS = $clog2(WAITS + 2);
    localparam integer AGAIN = STRIDE - 1;

    reg [WIDE-1:0] at;
    reg [WAIT_BITS-1:0] waiting;
    assign last = at == FINAL[WIDE-1:0];
    wire ripe = waiting == {WAIT_BITS{1'b0}};
    always @(posedge clk)
        if (rst) begin
            at <= {WIDE{1'b0}};
            waiting <= FIRST[WAIT_BITS-1:0];
        end else if (step) begin
            at <= last ? {WIDE{1'b0}} : at + 1'b1;
            waiting <= last ? FIRST[WAIT_BITS-1:0] : ripe ? AGAIN[WAIT_BITS-1:0] : waiting - 1'b1;
        end

    genvar i;
    generate
        if (LAST + STRIDE < COUNT) begin : g_bounded
            assign hit = ripe & (at <= LAST[WIDE-1:0]);
        end else begin : g_all
            assign hit = ripe;
        end
        for (i = 0; i < DEPTH; i = i + 1) begin : g_held
            localparam integer FROM = BEFORE + i;
            localparam integer TO = BEFORE + i + LENGTH;
            wire from, before_end;
            if (FROM > FINAL) begin : g_never
                assign from = 1'b0;
            end else if (FROM > 0) begin : g_from
                assign from = at >= FROM[WIDE-1:0];
            end else begin : g_always
                assign from = 1'b1;
            end
            if (TO < COUNT) begin : g_to
                assign before_end = at < TO[WIDE-1:0];
            end else begin : g_open
                assign before_end = 1'b1;
            end
            assign held[i] = from & before_end;
        end
    endgenerate
endmodule
