// A sample is written into a memory word by word, then read in another order: three loops, the innermost the fastest.
module cs_frame #(
    parameter integer BITS = 8,       // of a word
    parameter integer WORDS = 8,      // of a sample: COUNT_0 * COUNT_1 * COUNT_2
    parameter integer COUNT_0 = 1,    // turns of the outermost loop
    parameter integer COUNT_1 = 2,
    parameter integer COUNT_2 = 4,
    parameter integer STEP_0 = 0,     // what is added to the address where the loop turns and those inside begin anew
    parameter integer STEP_1 = 0,
    parameter integer STEP_2 = 1
) (
    input wire clk,
    input wire rst,
    input wire ce,                    // what stands behind moves on
    input wire [BITS-1:0] in_data,
    input wire in_valid,
    output wire in_ready,
    output reg [BITS-1:0] word,
    output reg valid
);
    localparam integer ADDRESS = WORDS > 1 ? $clog2(WORDS) : 1;
    localparam integer AT_0 = COUNT_0 > 1 ? $clog2(COUNT_0) : 1;
    localparam integer AT_1 = COUNT_1 > 1 ? $clog2(COUNT_1) : 1;
    localparam integer AT_2 = COUNT_2 > 1 ? $clog2(COUNT_2) : 1;
    localparam integer END_0 = COUNT_0 - 1;
    localparam integer END_1 = COUNT_1 - 1;
    localparam integer END_2 = COUNT_2 - 1;
    localparam integer FINAL = WORDS - 1;

    reg reading;
    reg [ADDRESS-1:0] at;
    wire take = ce & ~reading & in_valid;
    wire give = ce & reading;
    assign in_ready = ce & ~reading;

    reg [AT_0-1:0] i;
    reg [AT_1-1:0] j;
    reg [AT_2-1:0] k;
    wire k_end = k == END_2[AT_2-1:0];
    wire j_end = k_end & (j == END_1[AT_1-1:0]);
    wire i_end = j_end & (i == END_0[AT_0-1:0]);
    wire filled = at == FINAL[ADDRESS-1:0];
    wire [ADDRESS-1:0] hop = j_end ? STEP_0[ADDRESS-1:0] : k_end ? STEP_1[ADDRESS-1:0] : STEP_2[ADDRESS-1:0];
    always @(posedge clk)
        if (rst) begin
            reading <= 1'b0;
            at <= {ADDRESS{1'b0}};
            i <= {AT_0{1'b0}};
            j <= {AT_1{1'b0}};
            k <= {AT_2{1'b0}};
        end else if (take) begin
            reading <= filled;
            at <= filled ? {ADDRESS{1'b0}} : at + 1'b1;
        end else if (give) begin
            reading <= ~i_end;
            at <= i_end ? {ADDRESS{1'b0}} : at + hop;
            k <= k_end ? {AT_2{1'b0}} : k + 1'b1;
            if (k_end) j <= j_end ? {AT_1{1'b0}} : j + 1'b1;
            if (j_end) i <= i_end ? {AT_0{1'b0}} : i + 1'b1;
        end

    (* no_rw_check *) reg [BITS-1:0] words [0:WORDS-1];  // never written where it is read in the same clock
    always @(posedge clk) if (take) words[at] <= in_data;
    always @(posedge clk) if (give) word <= words[at];
    always @(posedge clk)
        if (rst) valid <= 1'b0;
        else if (ce) valid <= reading;
endmodule
