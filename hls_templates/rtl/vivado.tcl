# vivado -mode batch -source vivado.tcl [-tclargs PART]
# Out-of-context synthesis, place and route; reports and a checkpoint are written beside this script.
set here [file dirname [file normalize [info script]]]
set part @{part}
if {$argc > 0} { set part [lindex $argv 0] }
if {$part eq ""} { error "name the part: vivado -mode batch -source vivado.tcl -tclargs PART" }
set top @{top}
@{read} [list @{sources}]
read_xdc [file join $here clock.xdc]
synth_design -top $top -part $part -mode out_of_context -flatten_hierarchy rebuilt
report_utilization -hierarchical -file [file join $here utilization_synth.rpt]
report_timing_summary -file [file join $here timing_synth.rpt]
opt_design
place_design
route_design
report_utilization -hierarchical -file [file join $here utilization.rpt]
report_timing_summary -file [file join $here timing.rpt]
write_checkpoint -force [file join $here routed.dcp]
