// A cast between fixed-point types as ap_fixed makes it: rounding, which gives an integer, then overflow.
module cs_cast #(
    parameter IN = 8,  // bits
    parameter IN_SIGNED = 1,
    parameter SHIFT = 0,  // fraction bits that go; negative where some come
    parameter OUT = 8,
    parameter OUT_SIGNED = 1,
    parameter ROUNDING = 0,  // TRN, TRN_ZERO, RND, RND_ZERO, RND_INF, RND_MIN_INF, RND_CONV
    parameter OVERFLOW = 0  // WRAP, SAT, SAT_ZERO, SAT_SYM, WRAP_SM
) (
    input wire [IN-1:0] x,
    output wire [OUT-1:0] y
);
    localparam DOWN = SHIFT > 0 ? SHIFT : 0;
    localparam UP = SHIFT < 0 ? -SHIFT : 0;
    localparam V = IN + DOWN + UP + 2;  // wide enough for every step
    localparam W = V > OUT + 2 ? V : OUT + 2;
    wire signed [W-1:0] v;
    generate
        if (IN_SIGNED) begin : is_signed
            assign v = $signed(x);
        end else begin : is_unsigned
            assign v = $signed({1'b0, x});
        end
    endgenerate

    wire signed [W-1:0] floored = (v <<< UP) >>> DOWN;
    wire negative = v[W-1];
    wire up;
    generate
        if (DOWN == 0 || ROUNDING == 0) begin : truncated
            assign up = 1'b0;
        end else if (ROUNDING == 1) begin : towards_zero
            assign up = negative & (|v[DOWN-1:0]);
        end else begin : nearest
            wire half = v[DOWN-1];
            wire more;
            if (DOWN > 1) begin : several
                assign more = |v[DOWN-2:0];
            end else begin : one
                assign more = 1'b0;
            end
            wire tie = ROUNDING == 2 ? 1'b1
                : ROUNDING == 3 ? negative
                : ROUNDING == 4 ? ~negative
                : ROUNDING == 5 ? 1'b0
                : floored[0];
            assign up = half & (more | tie);
        end
    endgenerate
    wire signed [W-1:0] rounded = floored + $signed({1'b0, up});

    wire [OUT-1:0] low = rounded[OUT-1:0];
    wire below = rounded[W-1];
    wire fits;
    wire [OUT-1:0] smallest, largest;
    generate
        if (OUT_SIGNED) begin : to_signed
            assign fits = rounded[W-1:OUT-1] == {W - OUT + 1{below}};
            assign smallest = {1'b1, {OUT{1'b0}}} >> 1;
            assign largest = ~smallest;
        end else begin : to_unsigned
            assign fits = rounded[W-1:OUT] == {W - OUT{1'b0}};
            assign smallest = {OUT{1'b0}};
            assign largest = {OUT{1'b1}};
        end
        if (OVERFLOW == 0) begin : wraps
            assign y = low;
        end else if (OVERFLOW == 2) begin : zeroed
            assign y = fits ? low : {OUT{1'b0}};
        end else if (OVERFLOW == 3 && OUT_SIGNED != 0 && OUT > 1) begin : symmetric
            wire [OUT-1:0] lowest = ~largest + 1'b1;
            assign y = fits & (low != smallest) ? low : below ? lowest : largest;
        end else if (OVERFLOW == 4) begin : sign_magnitude
            assign y = ~fits & (floored[OUT] != low[OUT-1]) ? ~low : low;
        end else begin : saturated
            assign y = fits ? low : below ? smallest : largest;
        end
    endgenerate
endmodule
