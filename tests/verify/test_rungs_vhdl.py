"""RTL in VHDL is left out of the ladder with a reason, not simulated as if it were Verilog."""

from __future__ import annotations

import pytest

from codesign.errors import DesignError
from codesign.rtl import Family, Language, write_project
from codesign.verify.rtl import simulate_rtl
from codesign.verify.rungs import NetlistRung, RtlRung
from tests.rtl.designs import mlp, stimulus


def test_it_is_told(tmp_path):
    graph = mlp()
    project = tmp_path / "rtl"
    write_project(graph, project, clock_ns=20, family=Family.ECP5, part="", language=Language.VHDL)
    for rung in (RtlRung(project, tmp_path, 0), NetlistRung(project, tmp_path, 0)):
        assert rung.unavailable() == "the RTL is VHDL, which is not simulated here: convert with --language verilog"
    with pytest.raises(DesignError, match=r"the simulator of the rtl rung reads no VHDL.*--language verilog"):
        simulate_rtl(project, stimulus(graph, 4), tmp_path / "work")
