"""Testbenches for RTL with valid/ready, AXI4-Stream or ap_ctrl_hs ports; they know nothing of where it came from."""
