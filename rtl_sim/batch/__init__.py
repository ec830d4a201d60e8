"""A testbench that is compiled into the simulator: it carries out the same plans as the cocotb bench, far faster."""
