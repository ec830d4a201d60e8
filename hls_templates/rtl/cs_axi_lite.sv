// AXI4-Lite: which design this is, and what it has done since its reset or since its counters were cleared.
module cs_axi_lite #(
    parameter [255:0] DIGEST = 256'd0,  // of the Graph, SHA-256
    parameter ERRORS = 1  // frames that may be found faulty in one clock
) (
    input wire clk,
    input wire rst,
    input wire frame_in,
    input wire frame_out,
    input wire stalled,
    input wire [ERRORS-1:0] errors,
    input wire [5:0] awaddr,
    input wire awvalid,
    output reg awready,
    input wire [31:0] wdata,
    input wire [3:0] wstrb,
    input wire wvalid,
    output wire wready,
    output reg [1:0] bresp,
    output reg bvalid,
    input wire bready,
    input wire [5:0] araddr,
    input wire arvalid,
    output reg arready,
    output reg [31:0] rdata,
    output reg [1:0] rresp,
    output reg rvalid,
    input wire rready
);
    localparam [31:0] MAGIC = 32'h43534447, VERSION = 32'd1;
    localparam [1:0] OKAY = 2'b00, SLVERR = 2'b10;
    localparam [3:0] CONTROL = 4'd2;
    reg [31:0] cycles, frames_in, frames_out, stalls, faults;
    // Every output is a register; an address is taken one clock after it is seen, which its master must hold it for.
    wire write = awready & awvalid & wvalid;
    wire read = arready & arvalid;
    wire to_control = awaddr[5:2] == CONTROL;
    wire clear = write & to_control & wstrb[0] & wdata[0];
    assign wready = awready;

    function [31:0] sum(input [ERRORS-1:0] flags);
        integer i;
        begin
            sum = 32'd0;
            for (i = 0; i < ERRORS; i = i + 1) sum = sum + {31'd0, flags[i]};
        end
    endfunction

    reg [31:0] value;
    always @*
        case (araddr[5:2])
            4'd0: value = MAGIC;
            4'd1: value = VERSION;
            CONTROL: value = 32'd0;
            4'd3: value = cycles;
            4'd4: value = frames_in;
            4'd5: value = frames_out;
            4'd6: value = stalls;
            4'd7: value = faults;
            default: value = DIGEST[32*(7-araddr[4:2])+:32];
        endcase

    always @(posedge clk) begin
        if (read) begin
            rdata <= value;
            rresp <= OKAY;
        end
        if (write) bresp <= to_control ? OKAY : SLVERR;
        if (rst) begin
            awready <= 1'b0;
            arready <= 1'b0;
            rvalid <= 1'b0;
            bvalid <= 1'b0;
        end else begin
            awready <= ~awready & awvalid & wvalid & ~bvalid;
            arready <= ~arready & arvalid & ~rvalid;
            rvalid <= read | (rvalid & ~rready);
            bvalid <= write | (bvalid & ~bready);
        end
        if (rst | clear) begin
            cycles <= 32'd0;
            frames_in <= 32'd0;
            frames_out <= 32'd0;
            stalls <= 32'd0;
            faults <= 32'd0;
        end else begin
            cycles <= cycles + 32'd1;
            frames_in <= frames_in + {31'd0, frame_in};
            frames_out <= frames_out + {31'd0, frame_out};
            stalls <= stalls + {31'd0, stalled};
            faults <= faults + sum(errors);
        end
    end
endmodule
