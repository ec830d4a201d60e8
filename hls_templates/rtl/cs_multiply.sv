// The product of two signed numbers in LUTs: b is recoded into digits of -2 .. 2 (radix-4 Booth), and each digit's
// multiple of a is chosen in the very LUTs that add it to those before, one LUT a bit where they have six inputs.
module cs_multiply #(
    parameter A = 8,
    parameter B = 8
) (
    input wire signed [A-1:0] a,
    input wire signed [B-1:0] b,
    output wire signed [A+B-1:0] product
);
    localparam N = (B + 1) / 2;  // digits
    localparam S = A + 2;  // bits of a row's sum
    wire signed [2*N-1:0] extended = b;
    wire [2*N:0] digits = {extended, 1'b0};
    wire [A+1:0] multiples = {a[A-1], a, 1'b0};
    wire [N*S-1:0] sums;
    wire [2*N+A-1:0] result;
    generate
        genvar i;
        for (i = 0; i < N; i = i + 1) begin : row
            wire [2:0] d = digits[2*i+:3];
            wire negative = d[2] & ~(d[1] & d[0]);
            wire once = d[1] ^ d[0];
            wire twice = d == 3'b011 | d == 3'b100;
            wire [A:0] multiple = ({A+1{once}} & multiples[A+1:1] | {A+1{twice}} & multiples[A:0]) ^ {A+1{negative}};
            // One bit more at the bottom makes the carry that completes a negative multiple.
            wire [S:0] earlier, added;
            if (i == 0) begin : first
                assign earlier = {{S{1'b0}}, negative};
            end else begin : later
                assign earlier = {{2{sums[i*S-1]}}, sums[i*S-1-:A], negative};
            end
            assign added = earlier + {multiple[A], multiple, negative};
            assign sums[i*S+:S] = added[S:1];
            if (i < N - 1) begin : low
                assign result[2*i+:2] = added[2:1];
            end else begin : high
                assign result[2*i+:S] = added[S:1];
            end
        end
    endgenerate
    assign product = result[A+B-1:0];
endmodule
