"""The commands that make and run a cocotb simulator with Icarus Verilog, where Verilator is not to be had."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cocotb_tools.config

PROGRAM = "simulator.vvp"


def compile_command(program: str, top: str, sources: Sequence[Path]) -> list[str]:
    """The command that compiles a design; it runs in the folder of the build.

    Args:
        program: `iverilog`.
        top: the top module.
        sources: Verilog files.
    """
    return [program, "-g2012", "-s", top, "-o", PROGRAM, *[str(path) for path in sources]]


def run_command(program: str, folder: Path) -> list[str]:
    """The command that runs a compiled design under cocotb.

    Args:
        program: `vvp`.
        folder: of the build.
    """
    library = cocotb_tools.config.lib_name_path("vpi", "icarus")
    return [program, "-m", str(library), str(folder / PROGRAM)]
