// An image whose rows and columns are repeated or left out, pixel by pixel.
//
// A row's pixels are given as they come; a row that is repeated is read again out of a memory of one row. Each pixel
// takes as many clocks as it has copies side by side, or one where it has none; likewise each row.
module cs_resize #(
    parameter integer BITS = 8,        // of a pixel, with all its channels
    parameter integer HEIGHT = 2,
    parameter integer WIDTH = 2,
    parameter integer ROW_BITS = 1,    // of each entry of ROW_LAST
    parameter integer COL_BITS = 1,
    parameter integer ROWS_ALIKE = 1,  // the entry of the first row serves for all
    parameter integer COLS_ALIKE = 1,
    parameter [HEIGHT*ROW_BITS-1:0] ROW_LAST = 0,  // for each row, copies less one; 0 where there is none
    parameter [WIDTH*COL_BITS-1:0] COL_LAST = 0,
    parameter [HEIGHT-1:0] ROW_GIVES = 0,          // whether there are any
    parameter [WIDTH-1:0] COL_GIVES = 0,
    parameter integer REPEATS = 1      // some row has several copies
) (
    input wire clk,
    input wire rst,
    input wire [BITS-1:0] in0_data,
    input wire in0_valid,
    output wire in0_ready,
    output reg [BITS-1:0] out_data,
    output reg out_valid,
    input wire out_ready
);
    localparam integer AT_ROW = HEIGHT > 1 ? $clog2(HEIGHT) : 1;
    localparam integer AT_COL = WIDTH > 1 ? $clog2(WIDTH) : 1;
    localparam integer FINAL_ROW = HEIGHT - 1;
    localparam integer FINAL_COL = WIDTH - 1;

    reg [AT_ROW-1:0] row;
    reg [AT_COL-1:0] col;
    reg [ROW_BITS-1:0] pass;
    reg [COL_BITS-1:0] copy;
    wire [ROW_BITS-1:0] row_last;
    wire [COL_BITS-1:0] col_last;
    wire row_gives, col_gives;
    generate
        if (ROWS_ALIKE) begin : g_rows_alike
            assign row_last = ROW_LAST[ROW_BITS-1:0];
            assign row_gives = ROW_GIVES[0];
        end else begin : g_rows
            assign row_last = ROW_LAST[row*ROW_BITS +: ROW_BITS];
            assign row_gives = ROW_GIVES[row];
        end
        if (COLS_ALIKE) begin : g_cols_alike
            assign col_last = COL_LAST[COL_BITS-1:0];
            assign col_gives = COL_GIVES[0];
        end else begin : g_cols
            assign col_last = COL_LAST[col*COL_BITS +: COL_BITS];
            assign col_gives = COL_GIVES[col];
        end
    endgenerate

    wire ce = out_ready | ~out_valid;
    wire opens = copy == {COL_BITS{1'b0}};
    wire fresh = pass == {ROW_BITS{1'b0}};
    wire need = opens & fresh;
    wire step = ce & (in0_valid | ~need);
    assign in0_ready = ce & need;

    wire copies_end = copy == col_last;
    wire cols_end = col == FINAL_COL[AT_COL-1:0];
    wire passes_end = pass == row_last;
    wire rows_end = row == FINAL_ROW[AT_ROW-1:0];
    wire pass_end = copies_end & cols_end;
    wire [AT_COL-1:0] next_col = cols_end ? {AT_COL{1'b0}} : col + 1'b1;
    always @(posedge clk)
        if (rst) begin
            row <= {AT_ROW{1'b0}};
            col <= {AT_COL{1'b0}};
            pass <= {ROW_BITS{1'b0}};
            copy <= {COL_BITS{1'b0}};
        end else if (step) begin
            copy <= copies_end ? {COL_BITS{1'b0}} : copy + 1'b1;
            if (copies_end) col <= next_col;
            if (pass_end) pass <= passes_end ? {ROW_BITS{1'b0}} : pass + 1'b1;
            if (pass_end & passes_end) row <= rows_end ? {AT_ROW{1'b0}} : row + 1'b1;
        end

    wire [BITS-1:0] again;
    generate
        if (REPEATS && WIDTH > 1) begin : g_memory
            (* no_rw_check *) reg [BITS-1:0] pixels [0:WIDTH-1];  // never written where it is read in the same clock
            reg [BITS-1:0] read;
            always @(posedge clk) if (step & need) pixels[col] <= in0_data;
            always @(posedge clk) if (step & copies_end) read <= pixels[next_col];
            assign again = read;
        end else if (REPEATS) begin : g_one
            reg [BITS-1:0] pixel;
            always @(posedge clk) if (step & need) pixel <= in0_data;
            assign again = pixel;
        end else begin : g_none
            assign again = in0_data;
        end
    endgenerate

    always @(posedge clk) if (step & opens) out_data <= fresh ? in0_data : again;
    always @(posedge clk)
        if (rst) out_valid <= 1'b0;
        else if (ce) out_valid <= step & row_gives & col_gives;
endmodule
