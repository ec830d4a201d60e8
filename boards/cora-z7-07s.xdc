# Digilent Cora Z7-07S: the 125 MHz clock of the programmable logic as port clk.
set_property -dict {PACKAGE_PIN H16 IOSTANDARD LVCMOS33} [get_ports clk]
create_clock -name clk -period 8.000 [get_ports clk]
