"""The commands that make and run a cocotb simulator with Icarus Verilog, where Verilator is not to be had."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cocotb_tools.config

PROGRAM = "simulator.vvp"
# Read before the design: without it Icarus counts in whole seconds where the design gives no timescale.
TIMESCALE = "timescale.v"
TIMESCALE_TEXT = "`timescale 1ns / 1ps\n"


# A second top module that writes the waveform.
DUMP = "dump.v"
_DUMP_MODULE = "rtl_sim_dump"


def dump_text(top: str, file: str) -> str:
    """Verilog that writes a waveform of everything."""
    return f'module {_DUMP_MODULE}; initial begin $dumpfile("{file}"); $dumpvars(0, {top}); end endmodule\n'


def compile_command(program: str, top: str, sources: Sequence[Path], *, traces: bool = False) -> list[str]:
    """The command that compiles a design; it runs in the build's folder, with `TIMESCALE` and, to trace, `DUMP` in it.

    Args:
        program: `iverilog`.
        top: the top module.
        sources: Verilog files.
        traces: the simulator writes a waveform of everything.
    """
    dump = ["-s", _DUMP_MODULE, DUMP] if traces else []
    return [program, "-g2012", "-s", top, "-o", PROGRAM, TIMESCALE, *dump, *[str(path) for path in sources]]


def run_command(program: str, design: Path) -> list[str]:
    """The command that runs a compiled design under cocotb.

    Args:
        program: `vvp`.
        design: what was compiled.
    """
    library = cocotb_tools.config.lib_name_path("vpi", "icarus")
    return [program, "-m", str(library), str(design)]
