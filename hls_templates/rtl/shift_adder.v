// in0 * 2^a + in1 * 2^b, or minus, in one carry chain; alkaid's adder, with the same parameters.
// SHIFT1 > 0 moves in1 up by it, SHIFT1 < 0 moves in0 up by -SHIFT1; the lowest DROP_LSBS bits are left out.
// Bits that only one operand has are copied where no carry can come from below them.
module shift_adder #(
    parameter BW_INPUT0 = 32,
    parameter BW_INPUT1 = 32,
    parameter SIGNED0 = 0,
    parameter SIGNED1 = 0,
    parameter BW_OUT = 32,
    parameter DROP_LSBS = 0,
    parameter SHIFT1 = 0,
    parameter IS_SUB = 0
) (
    input [BW_INPUT0-1:0] in0,
    input [BW_INPUT1-1:0] in1,
    output [BW_OUT-1:0] out
);

  localparam UP0 = (SHIFT1 < 0) ? -SHIFT1 : 0;
  localparam UP1 = (SHIFT1 > 0) ? SHIFT1 : 0;
  localparam WIDTH = BW_OUT + DROP_LSBS;
  localparam COPIED0 = (UP1 < WIDTH) ? UP1 : 0;
  localparam COPIED1 = (UP0 < WIDTH && IS_SUB == 0) ? UP0 : 0;

  // verilator lint_off UNUSEDSIGNAL
  wire signed [BW_INPUT0:0] wide0 = {(SIGNED0 != 0) ? in0[BW_INPUT0-1] : 1'b0, in0};
  wire signed [BW_INPUT1:0] wide1 = {(SIGNED1 != 0) ? in1[BW_INPUT1-1] : 1'b0, in1};
  // verilator lint_off WIDTHEXPAND
  // verilator lint_off WIDTHTRUNC
  wire signed [WIDTH-1:0] term0 = wide0 <<< UP0;
  wire signed [WIDTH-1:0] term1 = wide1 <<< UP1;
  // verilator lint_on WIDTHEXPAND
  // verilator lint_on WIDTHTRUNC
  wire [WIDTH-1:0] sum;
  // verilator lint_on UNUSEDSIGNAL

  generate
    if (COPIED0 > 0) begin : copy0
      assign sum[COPIED0-1:0] = term0[COPIED0-1:0];
      if (IS_SUB != 0) begin : minus
        assign sum[WIDTH-1:COPIED0] = term0[WIDTH-1:COPIED0] - term1[WIDTH-1:COPIED0];
      end else begin : plus
        assign sum[WIDTH-1:COPIED0] = term0[WIDTH-1:COPIED0] + term1[WIDTH-1:COPIED0];
      end
    end else if (COPIED1 > 0) begin : copy1
      assign sum[COPIED1-1:0] = term1[COPIED1-1:0];
      assign sum[WIDTH-1:COPIED1] = term0[WIDTH-1:COPIED1] + term1[WIDTH-1:COPIED1];
    end else if (IS_SUB != 0) begin : minus
      assign sum = term0 - term1;
    end else begin : plus
      assign sum = term0 + term1;
    end
  endgenerate
  assign out = sum[WIDTH-1:DROP_LSBS];

endmodule
