create_clock -name clock -period @{period} [get_ports @{clock}]
