"""What our own RTL costs, as Yosys counts it."""
