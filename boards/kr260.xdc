# AMD Kria KR260: the 25 MHz clock of the programmable logic as port clk.
set_property -dict {PACKAGE_PIN C3 IOSTANDARD LVCMOS18} [get_ports clk]
create_clock -name clk -period 40.000 [get_ports clk]
