"""The commands that make and run a cocotb simulator with Icarus Verilog, where Verilator is not to be had."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cocotb_tools.config

PROGRAM = "simulator.vvp"
# Read before the design: without it Icarus counts in whole seconds where the design gives no timescale.
TIMESCALE = "timescale.v"
TIMESCALE_TEXT = "`timescale 1ns / 1ps\n"


def compile_command(program: str, top: str, sources: Sequence[Path]) -> list[str]:
    """The command that compiles a design; it runs in the folder of the build, where `TIMESCALE` lies.

    Args:
        program: `iverilog`.
        top: the top module.
        sources: Verilog files.
    """
    return [program, "-g2012", "-s", top, "-o", PROGRAM, TIMESCALE, *[str(path) for path in sources]]


def run_command(program: str, folder: Path) -> list[str]:
    """The command that runs a compiled design under cocotb.

    Args:
        program: `vvp`.
        folder: of the build.
    """
    library = cocotb_tools.config.lib_name_path("vpi", "icarus")
    return [program, "-m", str(library), str(folder / PROGRAM)]
