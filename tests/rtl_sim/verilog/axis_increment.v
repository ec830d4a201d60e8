// Adds 1 to each of the five numbers of a frame; AXI4-Stream, two numbers of 6 bits in bytes of their own a beat.
// +bug=N plants a fault.
module axis_increment (
    input  wire        aclk,
    input  wire        aresetn,
    input  wire [15:0] s_axis_tdata,
    input  wire        s_axis_tvalid,
    output wire        s_axis_tready,
    input  wire        s_axis_tlast,
    input  wire [1:0]  s_axis_tkeep,
    output reg  [15:0] m_axis_tdata,
    output reg         m_axis_tvalid,
    input  wire        m_axis_tready,
    output reg         m_axis_tlast,
    output reg  [1:0]  m_axis_tkeep
);
    integer bug;
    initial if (!$value$plusargs("bug=%d", bug)) bug = 0;

    reg [1:0] beat;
    wire last = (bug == 1) ? s_axis_tlast : (bug == 2) ? beat == 2'd1 : beat == 2'd2;
    assign s_axis_tready = m_axis_tready | ~m_axis_tvalid | (bug == 5 && s_axis_tlast);
    wire [5:0] low = s_axis_tdata[5:0] + 6'd1;
    wire [5:0] high = s_axis_tdata[13:8] + 6'd1;

    always @(posedge aclk) begin
        if (s_axis_tready) begin
            m_axis_tvalid <= s_axis_tvalid;
            m_axis_tlast <= last;
            m_axis_tkeep <= (last && bug != 3) ? 2'b01 : 2'b11;
            m_axis_tdata <= {2'bxx, high, 2'b00, low};
            if (s_axis_tvalid) begin
                beat <= last ? 2'd0 : beat + 2'd1;
                if (bug == 4 && last && &low[4:0]) m_axis_tdata[5:0] <= 6'bx;
            end
        end
        if (!aresetn) begin
            m_axis_tvalid <= 1'b0;
            if (bug != 6) beat <= 2'd0;
        end
    end
endmodule
