"""A part of a waveform begins with the values that hold then."""

from __future__ import annotations

from rtl_sim.waveform import cut_vcd

WHOLE = """$timescale 1ps $end
$var wire 1 ! clk $end
$var wire 8 # data $end
$enddefinitions $end
#0
0!
bxxxxxxxx #
#10
1!
b00000101 #
#20
0!
#30
1!
b00000110 #
#40
0!
"""


def test_cut(tmp_path):
    (tmp_path / "whole.vcd").write_text(WHOLE)
    cut_vcd(tmp_path / "whole.vcd", tmp_path / "part.vcd", 15, 30)
    header, _, rest = (tmp_path / "part.vcd").read_text().partition("$enddefinitions $end\n")
    assert header == WHOLE.partition("$enddefinitions")[0]
    assert rest == "#15\n$dumpvars\n1!\nb00000101 #\n$end\n#20\n0!\n#30\n1!\nb00000110 #\n"
