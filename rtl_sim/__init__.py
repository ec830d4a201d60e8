"""cocotb testbenches for any RTL with a valid flag beside its data; they know nothing of where the RTL came from."""
