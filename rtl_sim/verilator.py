"""The commands that make and run a cocotb simulator with Verilator, as argument lists."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import cocotb_tools.config

PREFIX = "Vtop"
PROGRAM = "simulator"
VISIBLE = "visible.vlt"

# Only what the bench touches may be visible: a design that is visible as a whole compiles ten times slower.
_VERILATE = ("--cc", "--exe", "--vpi", "--no-timing", "--timescale", "1ns/1ps", "-Wno-fatal", "-Wno-lint", "-O3")
# Registers start at random, so that a design that lives on zeros it never wrote is found out.
_UNKNOWN = ("--x-assign", "unique", "--x-initial", "unique")
_SPLIT = ("--output-split", "20000")
# Thousands of cycles take less time than an optimizing compiler.
_QUICK_BUILD = ("OPT_FAST=-O0", "OPT_SLOW=-O0", "OPT_GLOBAL=-O0")


def visible(top: str, driven: Sequence[str], read: Sequence[str]) -> str:
    """A Verilator control file that shows the bench these signals of the top module, and nothing else."""
    lines = ["`verilator_config"]
    lines += [f'public_flat_rw -module "{top}" -var "{name}"' for name in driven]
    lines += [f'public_flat_rd -module "{top}" -var "{name}"' for name in read]
    return "\n".join(lines) + "\n"


def verilate(program: Path, top: str, sources: Sequence[Path], folder: Path, *, traces: bool = False) -> list[str]:
    """The command that writes a simulator's C++ into `folder`, where `VISIBLE` lies already.

    Args:
        program: the `verilator` script.
        top: the top module.
        sources: Verilog files.
        folder: of the build; the command runs in it.
        traces: the simulator can write a waveform of everything.
    """
    libraries = Path(cocotb_tools.config.libs_dir)
    main = Path(cocotb_tools.config.share_dir) / "lib" / "verilator" / "verilator.cpp"
    link = f"-Wl,-rpath,{libraries} -L{libraries} -lcocotbvpi_verilator"
    names = ["--top-module", top, "--prefix", PREFIX, "-Mdir", ".", "-o", PROGRAM, "-LDFLAGS", link]
    inputs = [str(path) for path in (main, folder / VISIBLE, *sources)]
    trace = ["--trace-vcd", "--trace-structs"] if traces else []
    return [str(program), *_VERILATE, *_UNKNOWN, *_SPLIT, *trace, *names, *inputs]


def compile_command(variables: Sequence[str]) -> list[str]:
    """The command that compiles what `verilate` wrote; it runs in the same folder.

    Args:
        variables: of make, `NAME=VALUE`, that the installation of Verilator needs.
    """
    jobs = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return ["make", f"-j{jobs}", "-f", f"{PREFIX}.mk", *variables, *_QUICK_BUILD]


def run_command(program: Path, seed: int) -> list[str]:
    """The command that runs a built simulator; registers start at random from `seed`."""
    return [str(program), "+verilator+rand+reset+2", f"+verilator+seed+{1 + seed % (2**31 - 2)}"]


def run_environment(top: str, module: str, results: Path) -> Mapping[str, str]:
    """What a built simulator needs in its environment to run the cocotb tests of a Python module.

    Args:
        top: the top module.
        module: importable name of the module with the tests.
        results: where cocotb's JUnit file goes.
    """
    import find_libpython

    library = find_libpython.find_libpython()
    users = [library] if library else []
    return {
        "COCOTB_TOPLEVEL": top,
        "COCOTB_TEST_MODULES": module,
        "COCOTB_RESULTS_FILE": str(results),
        "COCOTB_TRUST_INERTIAL_WRITES": "1",
        "TOPLEVEL_LANG": "verilog",
        "PYGPI_PYTHON_BIN": sys.executable,
        "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path),
        "GPI_USERS": ";".join([*users, cocotb_tools.config.pygpi_entry_point()]),
    }
