// Which pixels of an image belong to which window, where windows do not overlap, and what each is joined with.
//
// Pixels are joined as they come, with what is accumulated of their window: `total` while they follow one another in a
// row, and from one row of a window to the next a word of a memory that holds one for each window across.
module cs_running #(
    parameter integer KEPT = 8,       // bits of what is accumulated
    parameter integer HEIGHT = 4,
    parameter integer WIDTH = 4,
    parameter integer KERNEL_H = 2,
    parameter integer KERNEL_W = 2,
    parameter integer STRIDE_H = 2,
    parameter integer STRIDE_W = 2,
    parameter integer OUT_H = 2,      // windows down
    parameter integer OUT_W = 2,      // windows across
    parameter [KEPT-1:0] FIRST = 0    // what the first pixel is joined with
) (
    input wire clk,
    input wire rst,
    input wire step,                  // a pixel comes
    input wire [KEPT-1:0] total,      // what became of the last join
    output wire [KEPT-1:0] so_far,
    output wire joins,                // the pixel belongs to a window
    output wire ends                  // and is its last one
);
    localparam integer AT = OUT_W > 1 ? $clog2(OUT_W + 1) : 1;
    wire row_inside, row_opens, row_closes, col_inside, col_opens, col_closes, col_last, row_last;
    wire [AT-1:0] at, next_at;
    cs_running_axis #(
        .LENGTH(WIDTH), .KERNEL(KERNEL_W), .STRIDE(STRIDE_W), .COUNT(OUT_W), .AT(AT)
    ) col (
        .clk(clk), .rst(rst), .step(step), .inside_one(col_inside), .opens(col_opens), .closes(col_closes),
        .last(col_last), .at(at), .next_at(next_at)
    );
    localparam integer AT_ROW = OUT_H > 1 ? $clog2(OUT_H + 1) : 1;
    wire [AT_ROW-1:0] row_at, row_next;
    cs_running_axis #(
        .LENGTH(HEIGHT), .KERNEL(KERNEL_H), .STRIDE(STRIDE_H), .COUNT(OUT_H), .AT(AT_ROW)
    ) row (
        .clk(clk), .rst(rst), .step(step & col_last), .inside_one(row_inside), .opens(row_opens),
        .closes(row_closes), .last(row_last), .at(row_at), .next_at(row_next)
    );
    assign joins = step & row_inside & col_inside;
    assign ends = joins & row_closes & col_closes;

    generate
        if (OUT_W > 1 && KERNEL_H > 1) begin : g_memory
            (* no_rw_check *) reg [KEPT-1:0] kept [0:OUT_W-1];  // never written where it is read in the same clock
            reg [KEPT-1:0] read;
            reg [AT-1:0] wrote_at;
            reg write;
            always @(posedge clk) begin
                write <= ~rst & joins & col_closes & ~row_closes;
                wrote_at <= at;
                if (write) kept[wrote_at] <= total;
                if (step) read <= kept[next_at];
            end
            assign so_far = col_opens ? (row_opens ? FIRST : read) : total;
        end else begin : g_total
            assign so_far = col_opens & row_opens ? FIRST : total;
        end
    endgenerate
endmodule

// One axis: where in a window a pixel is, and in which.
module cs_running_axis #(
    parameter integer LENGTH = 4,
    parameter integer KERNEL = 2,
    parameter integer STRIDE = 2,     // at least KERNEL
    parameter integer COUNT = 2,      // windows
    parameter integer AT = 2
) (
    input wire clk,
    input wire rst,
    input wire step,
    output wire inside_one,
    output wire opens,
    output wire closes,
    output wire last,
    output wire [AT-1:0] at,
    output wire [AT-1:0] next_at
);
    localparam integer PLACE = LENGTH > 1 ? $clog2(LENGTH) : 1;
    localparam integer PHASE = STRIDE > 1 ? $clog2(STRIDE) : 1;
    localparam integer FINAL = LENGTH - 1;
    localparam integer AGAIN = STRIDE - 1;
    localparam integer CLOSES = KERNEL - 1;
    reg [PLACE-1:0] place;
    reg [PHASE-1:0] phase;
    reg [AT-1:0] index;
    wire turns = phase == AGAIN[PHASE-1:0];
    assign last = place == FINAL[PLACE-1:0];
    assign at = index;
    assign next_at = last ? {AT{1'b0}} : turns ? index + 1'b1 : index;
    assign opens = phase == {PHASE{1'b0}};
    assign closes = phase == CLOSES[PHASE-1:0];
    always @(posedge clk)
        if (rst) begin
            place <= {PLACE{1'b0}};
            phase <= {PHASE{1'b0}};
            index <= {AT{1'b0}};
        end else if (step) begin
            place <= last ? {PLACE{1'b0}} : place + 1'b1;
            phase <= last | turns ? {PHASE{1'b0}} : phase + 1'b1;
            index <= next_at;
        end
    wire early, counted;
    generate
        if (KERNEL < STRIDE) begin : g_gap
            assign early = phase <= CLOSES[PHASE-1:0];
        end else begin : g_no_gap
            assign early = 1'b1;
        end
        if (COUNT * STRIDE < LENGTH) begin : g_rest
            assign counted = index != COUNT[AT-1:0];
        end else begin : g_all
            assign counted = 1'b1;
        end
    endgenerate
    assign inside_one = early & counted;
endmodule
