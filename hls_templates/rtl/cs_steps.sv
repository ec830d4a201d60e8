// When a recurrent layer's steps begin and end. A step's sums of what it reads take BEFORE clocks, the loop over the state
// LOOP clocks, and steps begin CLOCKS apart. BACK: the steps are read from the last to the first, out of a memory that is
// filled before; with EVERY, their results fill another one, which is given from the first step on. All stands still while
// an answer waits.
module cs_steps #(
    parameter STEPS = 1,
    parameter CLOCKS = 1,
    parameter LAST = 1,  // clocks from the last step to what comes after it
    parameter BEFORE = 0,
    parameter LOOP = 1,
    parameter EVERY = 1,  // each step gives a result, not only the last one
    parameter BACK = 0,
    parameter BITS = $clog2(STEPS + 1)
) (
    input wire clk,
    input wire rst,
    input wire in_valid,
    output wire in_ready,
    input wire states_valid,
    output wire states_ready,
    output wire out_valid,
    input wire out_ready,
    output wire ce,
    output wire fill,  // what comes in goes into the memory, at `at`
    output wire begins,  // a step begins: of what comes in, or of what the memory has at STEPS - 1 - `at`
    output reg [BITS-1:0] at,
    output wire loop_ce,
    output wire loop_first,  // the loop begins with the states before the first step
    output wire store,  // the loop's result goes into the memory of results, at STEPS - 1 - `stored`
    output wire give,  // its result at `at` is given
    output wire [BITS-1:0] stored
);
    localparam WAIT = $clog2((CLOCKS > LAST ? CLOCKS : LAST) + 1);
    localparam BUSY = $clog2(LOOP + 1);
    localparam END = STEPS - 1;
    localparam CLOCKS_LEFT = CLOCKS - 1;
    localparam LAST_LEFT = LAST - 1;
    localparam LOOP_LEFT = LOOP - 1;
    localparam [1:0] FILL = 2'd0, STEP = 2'd1, GIVE = 2'd2;
    localparam [1:0] START = BACK ? FILL : STEP;

    reg [1:0] stage;
    reg [WAIT-1:0] wait_;
    wire go = ce & ~|wait_;
    wire last = at == END[BITS-1:0];
    wire first = ~|at;
    wire stepping = go & (stage == STEP) & (states_valid | ~first);
    assign begins = stepping & (BACK | in_valid);
    assign in_ready = BACK ? go & (stage == FILL) : stepping;
    assign states_ready = begins & first;
    assign fill = BACK & in_ready & in_valid;
    assign give = go & (stage == GIVE);
    always @(posedge clk)
        if (rst) begin
            stage <= START;
            at <= {BITS{1'b0}};
            wait_ <= {WAIT{1'b0}};
        end else if (ce) begin
            if (fill | begins | give) at <= last ? {BITS{1'b0}} : at + 1'b1;
            if (fill & last) stage <= STEP;
            if (begins & last & BACK) stage <= EVERY ? GIVE : FILL;
            if (give & last) stage <= FILL;
            if (begins) wait_ <= last ? LAST_LEFT[WAIT-1:0] : CLOCKS_LEFT[WAIT-1:0];
            else if (|wait_) wait_ <= wait_ - 1'b1;
        end

    wire starts;
    generate
        if (BEFORE == 0) begin : at_once
            assign starts = begins;
        end else begin : later
            reg [BEFORE-1:0] coming;
            assign starts = coming[BEFORE-1];
            always @(posedge clk)
                if (rst) coming <= {BEFORE{1'b0}};
                else if (ce) coming <= {coming, begins};
        end
    endgenerate

    reg [BITS-1:0] step;  // the one that the loop begins next
    reg [BUSY-1:0] busy;
    reg ending, done;
    wire start = ce & starts;
    wire final_ = step == END[BITS-1:0];
    wire finishes = LOOP == 1 ? starts : busy == 1;
    assign loop_ce = ce & (starts | (|busy));
    assign loop_first = ~|step;
    always @(posedge clk)
        if (rst) begin
            step <= {BITS{1'b0}};
            busy <= {BUSY{1'b0}};
            ending <= 1'b0;
            done <= 1'b0;
        end else if (ce) begin
            if (start) begin
                step <= final_ ? {BITS{1'b0}} : step + 1'b1;
                ending <= final_;
            end
            busy <= start ? LOOP_LEFT[BUSY-1:0] : (|busy ? busy - 1'b1 : busy);
            done <= finishes & (EVERY | (LOOP == 1 ? final_ : ending));
        end

    generate
        if (BACK & EVERY) begin : late
            reg given;
            reg [BITS-1:0] count;
            assign stored = count;
            assign store = ce & done;
            assign out_valid = given;
            always @(posedge clk)
                if (rst) begin
                    given <= 1'b0;
                    count <= {BITS{1'b0}};
                end else if (ce) begin
                    given <= give;
                    if (done) count <= count == END[BITS-1:0] ? {BITS{1'b0}} : count + 1'b1;
                end
        end else begin : straight
            assign store = 1'b0;
            assign out_valid = done;
            assign stored = {BITS{1'b0}};
        end
    endgenerate
    assign ce = out_ready | ~out_valid;
endmodule
