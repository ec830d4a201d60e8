"""RTL that others made, held against a Graph: its ports, ROMs and reports are found here, nothing of it is trusted."""
