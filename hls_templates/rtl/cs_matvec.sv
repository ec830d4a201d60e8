// A constant matrix times a vector, folded: PE rows of the matrix and SIMD of its columns a clock.
//
// The vector comes as BEATS beats of LANES numbers. COLUMNS = 0 (one beat only): the rows' groups one after the other,
// each over all numbers, with one accumulator for each of the PE rows. COLUMNS = 1: each group of SIMD numbers goes to
// all rows before the next, beat by beat, with an accumulator for every row. PE sums a beat are given, in order.
//
// The matrix stands outside: `weights` are those of the step that `address` named a clock before, row by row, the SIMD
// weights of a row beside each other; `biases` those of the group `group` named two clocks before the sums need them.
// With OWN = 1 every row has numbers of its own: a step reads PE * SIMD of them, and they lie in the order of the steps.
module cs_matvec #(
    parameter LANES = 4,
    parameter BEATS = 1,
    parameter X = 8,  // bits of a number
    parameter X_SIGNED = 1,
    parameter W = 8,  // of a weight, signed
    parameter PE = 1,
    parameter SIMD = 1,
    parameter OUTS = 4,  // groups of PE rows
    parameter COLUMNS = 0,
    parameter OWN = 0,
    parameter HOLD = 0,  // the beat stays on `in0_data` while it is used; else it is copied, so that the next may come
    parameter DSP = 0,  // multipliers are left to the tool, which has DSP blocks; else they are made of LUTs
    parameter UP = 0,  // bits by which a product is moved up in the sum
    parameter ACC = 16,  // bits of a sum
    parameter ACC_SIGNED = 1,
    parameter ROUNDED = 0,  // each product is cast before it is added, into TERM bits: DOWN fraction bits go
    parameter TERM = 16,
    parameter TERM_SIGNED = 1,
    parameter DOWN = 0,
    parameter ROUNDING = 0,
    parameter OVERFLOW = 0,
    parameter CHAIN = 0,  // each sum is cast, so products are added one after the other; else in a tree
    parameter SPAN = 2,  // levels of the tree between two registers
    parameter DEPTH = 4,  // steps, which are those of a vector
    parameter ADDRESS = 2,  // bits
    parameter GROUP = 2
) (
    input wire clk,
    input wire rst,
    input wire [LANES*X-1:0] in0_data,
    input wire in0_valid,
    output wire in0_ready,
    input wire ce,
    output wire [ADDRESS-1:0] address,
    input wire [PE*SIMD*W-1:0] weights,
    output wire [GROUP-1:0] group,
    input wire [PE*ACC-1:0] biases,
    output wire [PE*ACC-1:0] sums,
    output wire sums_valid
);
    localparam READS = OWN ? PE * SIMD : SIMD;  // numbers of a step
    localparam PARTS = (LANES + READS - 1) / READS;  // steps' groups of numbers in a beat
    localparam PART = PARTS > 1 ? $clog2(PARTS) : 1;
    localparam LAST_PART = PARTS - 1;
    localparam LAST_OUT = OUTS - 1;
    localparam LAST_STEP = DEPTH - 1;
    localparam CLOSING = DEPTH - OUTS;
    localparam GROUPS_OF_ROW = OWN ? PARTS / OUTS : PARTS;

    // Steps.
    wire busy, beat_ends;
    wire step = ce & busy;
    reg [ADDRESS-1:0] at;
    wire at_end = at == LAST_STEP[ADDRESS-1:0];
    always @(posedge clk)
        if (rst) at <= {ADDRESS{1'b0}};
        else if (step) at <= at_end ? {ADDRESS{1'b0}} : at + 1'b1;
    assign address = at;

    wire [LANES*X-1:0] beat;
    generate
        if (HOLD) begin : held
            assign busy = in0_valid;
            assign in0_ready = step & beat_ends;
            assign beat = in0_data;
        end else begin : copied
            reg [LANES*X-1:0] copy;
            reg full;
            assign busy = full;
            assign in0_ready = ce & (~full | beat_ends);
            assign beat = copy;
            always @(posedge clk) begin
                if (in0_ready & in0_valid) copy <= in0_data;
                if (rst) full <= 1'b0;
                else if (in0_ready) full <= in0_valid;
            end
        end
    endgenerate

    // Which numbers, which rows, and whether a row's sum begins or is complete.
    wire opens, closes, part_ends, out_ends;
    wire [GROUP-1:0] out;
    wire [PART-1:0] part;
    generate
        if (OWN && PARTS > 1) begin : own_part
            reg [PART-1:0] count;
            always @(posedge clk)
                if (rst) count <= {PART{1'b0}};
                else if (step) count <= at_end ? {PART{1'b0}} : count + 1'b1;
            assign part = count;
        end else if (PARTS > 1) begin : shared_part
            reg [PART-1:0] count;
            wire last = count == LAST_PART[PART-1:0];
            always @(posedge clk)
                if (rst) count <= {PART{1'b0}};
                else if (step & (COLUMNS ? out_ends : 1'b1)) count <= last ? {PART{1'b0}} : count + 1'b1;
            assign part = count;
        end else begin : one_part
            assign part = {PART{1'b0}};
        end
        if (OWN && GROUPS_OF_ROW > 1) begin : own_row
            localparam LAST = GROUPS_OF_ROW - 1;
            localparam BITS = $clog2(GROUPS_OF_ROW);
            reg [BITS-1:0] count;
            assign part_ends = count == LAST[BITS-1:0];
            assign opens = count == {BITS{1'b0}};
            always @(posedge clk)
                if (rst) count <= {BITS{1'b0}};
                else if (step) count <= part_ends ? {BITS{1'b0}} : count + 1'b1;
        end else if (OWN) begin : own_once
            assign part_ends = 1'b1;
            assign opens = 1'b1;
        end else if (COLUMNS) begin : first_pass
            reg first;
            always @(posedge clk)
                if (rst) first <= 1'b1;
                else if (step & out_ends) first <= at_end;
            assign opens = first;
            assign part_ends = part == LAST_PART[PART-1:0];
        end else begin : first_part
            assign opens = part == {PART{1'b0}};
            assign part_ends = part == LAST_PART[PART-1:0];
        end
        if (OUTS > 1) begin : several_outs
            reg [GROUP-1:0] count;
            assign out_ends = count == LAST_OUT[GROUP-1:0];
            always @(posedge clk)
                if (rst) count <= {GROUP{1'b0}};
                else if (step & (COLUMNS ? 1'b1 : part_ends)) count <= out_ends ? {GROUP{1'b0}} : count + 1'b1;
            assign out = count;
        end else begin : one_out
            assign out_ends = 1'b1;
            assign out = {GROUP{1'b0}};
        end
        if (!COLUMNS) begin : rows_end
            assign closes = part_ends;
            assign beat_ends = at_end;
        end else if (BEATS == 1) begin : pass_ends
            assign closes = part_ends;
            assign beat_ends = at_end;
        end else begin : last_pass_ends
            assign closes = at >= CLOSING[ADDRESS-1:0];
            assign beat_ends = part_ends & out_ends;
        end
    endgenerate

    // The numbers of the step, beside its weights.
    reg [READS*X-1:0] numbers;
    // Parts stand a power of two apart: any other distance would take a multiplier to find them.
    localparam SLOT_OF_PART = 1 << $clog2(READS * X);
    wire [PARTS*READS*X-1:0] padded;
    wire [PARTS*SLOT_OF_PART-1:0] parted;
    genvar n;
    generate
        if (PARTS * READS > LANES) begin : with_zeros
            assign padded = {{(PARTS * READS - LANES) * X{1'b0}}, beat};
        end else begin : as_it_is
            assign padded = beat;
        end
        for (n = 0; n < PARTS; n = n + 1) begin : slot
            wire [SLOT_OF_PART:0] wide = {{SLOT_OF_PART + 1 - READS * X{1'b0}}, padded[n*READS*X+:READS*X]};
            assign parted[n*SLOT_OF_PART+:SLOT_OF_PART] = wide[SLOT_OF_PART-1:0];
        end
    endgenerate
    reg opens1, closes1, busy1;
    reg [GROUP-1:0] out1;
    always @(posedge clk)
        if (ce) begin
            numbers <= parted[part*SLOT_OF_PART+:READS*X];
            opens1 <= opens;
            out1 <= out;
        end
    always @(posedge clk)
        if (rst) busy1 <= 1'b0;
        else if (ce) busy1 <= busy;
    always @(posedge clk) if (ce) closes1 <= closes;

    // Products, cast where the sum asks for it.
    localparam P = X + (X_SIGNED ? 0 : 1) + W;
    localparam T = ROUNDED ? TERM : P;
    reg [PE*SIMD*T-1:0] terms;
    wire [PE*SIMD*T-1:0] terms_next;
    genvar i, j;
    generate
        for (i = 0; i < PE; i = i + 1) begin : row
            for (j = 0; j < SIMD; j = j + 1) begin : column
                localparam HERE = i * SIMD + j;
                localparam NUMBER = OWN ? HERE : j;
                wire signed [W-1:0] weight = weights[HERE*W+:W];
                wire signed [P-W-1:0] number;
                if (X_SIGNED) begin : signed_number
                    assign number = numbers[NUMBER*X+:X];
                end else begin : unsigned_number
                    assign number = {1'b0, numbers[NUMBER*X+:X]};
                end
                wire signed [P-1:0] product;
                if (DSP) begin : by_dsp
                    assign product = number * weight;
                end else if (W <= P - W) begin : by_weight
                    cs_multiply #(.A(P - W), .B(W)) multiply (.a(number), .b(weight), .product(product));
                end else begin : by_number
                    cs_multiply #(.A(W), .B(P - W)) multiply (.a(weight), .b(number), .product(product));
                end
                if (ROUNDED) begin : rounded
                    cs_cast #(
                        .IN(P), .IN_SIGNED(1), .SHIFT(DOWN), .OUT(TERM), .OUT_SIGNED(TERM_SIGNED),
                        .ROUNDING(ROUNDING), .OVERFLOW(OVERFLOW)
                    ) cast (.x(product), .y(terms_next[HERE*T+:T]));
                end else begin : whole
                    assign terms_next[HERE*T+:T] = product;
                end
            end
        end
    endgenerate
    always @(posedge clk) if (ce) terms <= terms_next;
    reg opens2, closes2, busy2;
    always @(posedge clk)
        if (ce) begin
            opens2 <= opens1;
            closes2 <= closes1;
        end
    always @(posedge clk)
        if (rst) busy2 <= 1'b0;
        else if (ce) busy2 <= busy1;

    // The terms of a row become one, level by level; level l has a register in front where l is a multiple of SPAN.
    localparam LEVELS = CHAIN ? 0 : $clog2(SIMD);
    localparam STAGES = (LEVELS + SPAN - 1) / SPAN;
    localparam SLOT = SIMD * ACC;  // of a row in a level
    wire opens3, closes3, busy3;
    wire [PE*ACC-1:0] added;  // to the accumulators, unless they are a chain
    generate
        if (CHAIN) begin : no_tree
            assign added = {PE * ACC{1'b0}};
        end else begin : tree
            wire [(LEVELS+1)*PE*SLOT-1:0] level;
            genvar l;
            for (i = 0; i < PE; i = i + 1) begin : leaves
                for (j = 0; j < SIMD; j = j + 1) begin : leaf
                    wire signed [T-1:0] term = terms[(i*SIMD+j)*T+:T];
                    wire signed [ACC-1:0] moved = $signed(term) <<< UP;
                    assign level[i*SLOT+j*ACC+:ACC] = moved;
                end
            end
            for (l = 1; l <= LEVELS; l = l + 1) begin : floor
                localparam BEFORE = (SIMD + (1 << (l - 1)) - 1) >> (l - 1);
                localparam AFTER = (BEFORE + 1) / 2;
                localparam ENOUGH = T + UP + l;
                localparam BITS = ENOUGH < ACC ? ENOUGH : ACC;
                for (i = 0; i < PE; i = i + 1) begin : of_row
                    for (j = 0; j < AFTER; j = j + 1) begin : pair
                        localparam FROM = (l - 1) * PE * SLOT + i * SLOT;
                        wire signed [BITS-1:0] sum;
                        if (2 * j + 1 < BEFORE) begin : two
                            wire signed [BITS-1:0] a = level[FROM+2*j*ACC+:BITS];
                            wire signed [BITS-1:0] b = level[FROM+(2*j+1)*ACC+:BITS];
                            assign sum = a + b;
                        end else begin : one
                            assign sum = level[FROM+2*j*ACC+:BITS];
                        end
                        wire signed [BITS-1:0] kept;
                        if (l % SPAN == 0 || l == LEVELS) begin : registered
                            reg signed [BITS-1:0] q;
                            always @(posedge clk) if (ce) q <= sum;
                            assign kept = q;
                        end else begin : passed
                            assign kept = sum;
                        end
                        wire signed [ACC-1:0] extended = kept;
                        assign level[l*PE*SLOT+i*SLOT+j*ACC+:ACC] = extended;
                    end
                end
            end
            for (i = 0; i < PE; i = i + 1) begin : root
                assign added[i*ACC+:ACC] = level[LEVELS*PE*SLOT+i*SLOT+:ACC];
            end
        end
        if (STAGES > 0) begin : waiting
            reg [STAGES-1:0] opens_q, closes_q, busy_q;
            reg [STAGES*GROUP-1:0] out_q;
            assign group = out_q[STAGES*GROUP-1-:GROUP];
            if (STAGES > 1) begin : several
                always @(posedge clk)
                    if (ce) begin
                        opens_q <= {opens_q[STAGES-2:0], opens2};
                        closes_q <= {closes_q[STAGES-2:0], closes2};
                        out_q <= {out_q[(STAGES-1)*GROUP-1:0], out1};
                    end
                always @(posedge clk)
                    if (rst) busy_q <= {STAGES{1'b0}};
                    else if (ce) busy_q <= {busy_q[STAGES-2:0], busy2};
            end else begin : single
                always @(posedge clk)
                    if (ce) begin
                        opens_q <= opens2;
                        closes_q <= closes2;
                        out_q <= out1;
                    end
                always @(posedge clk)
                    if (rst) busy_q <= 1'b0;
                    else if (ce) busy_q <= busy2;
            end
            assign opens3 = opens_q[STAGES-1];
            assign closes3 = closes_q[STAGES-1];
            assign busy3 = busy_q[STAGES-1];
        end else begin : at_once
            assign group = out1;
            assign opens3 = opens2;
            assign closes3 = closes2;
            assign busy3 = busy2;
        end
    endgenerate

    // Accumulators; those of several groups of rows go round, the oldest first.
    localparam LINE = COLUMNS ? OUTS : 1;
    reg [LINE*PE*ACC-1:0] accumulators;
    wire [PE*ACC-1:0] oldest = accumulators[LINE*PE*ACC-1-:PE*ACC];
    wire [PE*ACC-1:0] after;
    generate
        for (i = 0; i < PE; i = i + 1) begin : sum
            wire [ACC-1:0] from = opens3 ? biases[i*ACC+:ACC] : oldest[i*ACC+:ACC];
            if (CHAIN) begin : chain
                wire [(SIMD+1)*ACC-1:0] links;
                assign links[ACC-1:0] = from;
                for (j = 0; j < SIMD; j = j + 1) begin : link
                    wire signed [ACC+1:0] a, b;
                    if (ACC_SIGNED) begin : signed_link
                        assign a = $signed(links[j*ACC+:ACC]);
                        assign b = $signed(terms[(i*SIMD+j)*T+:T]);
                    end else begin : unsigned_link
                        assign a = {2'b00, links[j*ACC+:ACC]};
                        assign b = {2'b00, terms[(i*SIMD+j)*T+:T]};
                    end
                    cs_cast #(
                        .IN(ACC + 2), .IN_SIGNED(1), .SHIFT(0), .OUT(ACC), .OUT_SIGNED(ACC_SIGNED), .ROUNDING(0),
                        .OVERFLOW(OVERFLOW)
                    ) cast (.x(a + b), .y(links[(j+1)*ACC+:ACC]));
                end
                assign after[i*ACC+:ACC] = links[SIMD*ACC+:ACC];
            end else begin : plain
                assign after[i*ACC+:ACC] = from + added[i*ACC+:ACC];
            end
        end
        if (LINE > 1) begin : going_round
            always @(posedge clk)
                if (ce & busy3) accumulators <= {accumulators[(LINE-1)*PE*ACC-1:0], after};
        end else begin : one_group
            always @(posedge clk) if (ce & busy3) accumulators <= after;
        end
    endgenerate
    reg complete;
    always @(posedge clk)
        if (rst) complete <= 1'b0;
        else if (ce) complete <= busy3 & closes3;
    assign sums = accumulators[PE*ACC-1:0];
    assign sums_valid = complete;
endmodule
