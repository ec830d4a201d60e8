"""Which tools are here: found where, which version, what lacks, and the one command that mends it."""

from __future__ import annotations

import importlib.util
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from os import killpg
from pathlib import Path
from typing import Any

from codesign.errors import ToolMissingError
from codesign.toolchain.verilator import find_verilator
from codesign.toolchain.yosys import find_yosys

_PATIENCE_S = 20.0
_NUMBER = re.compile(r"\d+(?:\.\d+)+")


@dataclass(frozen=True)
class Found:
    """Where a tool is.

    Attributes:
        where: the program or package folder.
        version: None where the tool does not tell.
    """

    where: Path
    version: str | None


@dataclass(frozen=True)
class Tool:
    """A tool that codesign uses.

    Attributes:
        name: as people call it.
        needed_for: what cannot be done without it.
        required: whether the road from a model to verified, costed RTL needs it.
        mend: the one command, or where it is to be had.
        look: finds it; None where it is not there.
    """

    name: str
    needed_for: str
    required: bool
    mend: str
    look: Callable[[], Found | None]


@dataclass(frozen=True)
class ToolReport:
    """What was found of a tool.

    Attributes:
        tool: the tool.
        found: where; None where it lacks.
        problem: why it cannot be used although it is there; '' where there is none.
    """

    tool: Tool
    found: Found | None
    problem: str

    @property
    def usable(self) -> bool:
        """Whether it is there and nothing is wrong with it."""
        return self.found is not None and not self.problem


@dataclass(frozen=True)
class Diagnosis:
    """All tools.

    Attributes:
        reports: in the order of the road.
    """

    reports: tuple[ToolReport, ...]

    @property
    def healthy(self) -> bool:
        """Whether every required tool can be used."""
        return all(report.usable for report in self.reports if report.tool.required)

    def document(self) -> dict[str, Any]:
        """The diagnosis for machines; null where not known."""
        return {
            "healthy": self.healthy,
            "tools": [
                {
                    "name": report.tool.name,
                    "required": report.tool.required,
                    "usable": report.usable,
                    "where": None if report.found is None else str(report.found.where),
                    "version": None if report.found is None else report.found.version,
                    "problem": report.problem or None,
                    "needed_for": report.tool.needed_for,
                    "mend": None if report.usable else report.tool.mend,
                }
                for report in self.reports
            ],
        }


def told_version(program: Path, *arguments: str) -> str | None:
    """The first version number that a program prints; None where it prints none, fails, or takes too long."""
    try:
        process = subprocess.Popen(
            [str(program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError:
        return None
    try:
        text, _ = process.communicate(timeout=_PATIENCE_S)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return None
    match = _NUMBER.search(text.decode(errors="replace"))
    return match[0] if match else None


def _program(*names: str, ask: str = "--version") -> Callable[[], Found | None]:
    def look() -> Found | None:
        for name in names:
            path = shutil.which(name)
            if path is not None:
                return Found(Path(path), told_version(Path(path), ask))
        return None

    return look


def _package(module: str, distribution: str) -> Callable[[], Found | None]:
    """A Python package, found without importing it."""

    def look() -> Found | None:
        spec = importlib.util.find_spec(module)
        if spec is None or spec.origin is None:
            return None
        try:
            return Found(Path(spec.origin).parent, metadata.version(distribution))
        except metadata.PackageNotFoundError:
            return Found(Path(spec.origin).parent, None)

    return look


def _verilator() -> Found:
    install = find_verilator()
    return Found(install.binary, install.version)


def _yosys() -> Found:
    install = find_yosys()
    version = install.version
    return Found(install.where, version if version is not None else told_version(install.where, "-V"))


def _first(*looks: Callable[[], Found | None]) -> Callable[[], Found | None]:
    def look() -> Found | None:
        return next((found for found in (item() for item in looks) if found is not None), None)

    return look


def _nextpnr(name: str) -> Tool:
    package = f"yowasp-nextpnr-{name}"
    return Tool(
        f"nextpnr-{name}",
        f"place and route for {name}",
        False,
        f"pip install {package}",
        _first(_program(f"nextpnr-{name}"), _package(package.replace("-", "_"), package)),
    )


_TRAIN, _HLS, _RTL = "pip install 'codesign[train]'", "pip install 'codesign[hls]'", "pip install 'codesign[rtl]'"
_VENDOR = "optional: install AMD Vitis from the vendor's site and source its settings64.sh"

TOOLS: tuple[Tool, ...] = (
    Tool("TensorFlow", "training, and loading models", True, _TRAIN, _package("tensorflow", "tensorflow")),
    Tool("qkeras", "training, and loading models", True, _TRAIN, _package("qkeras", "qkeras-v3")),
    Tool("hls4ml", "converting models, HLS projects", True, _HLS, _package("hls4ml", "hls4ml")),
    Tool("g++", "C simulation, building RTL simulators", True, "apt-get install g++", _program("g++")),
    Tool("make", "building RTL simulators", True, "apt-get install make", _program("make", "gmake")),
    Tool("perl", "Verilator", True, "apt-get install perl", _program("perl")),
    Tool("alkaid", "writing RTL", True, _RTL, _package("alkaid", "alkaid")),
    Tool("cocotb", "driving RTL simulation", True, _RTL, _package("cocotb", "cocotb")),
    Tool("Verilator", "RTL simulation", True, _RTL, _verilator),
    Tool(
        "Icarus",
        "RTL simulation where Verilator lacks",
        False,
        "apt-get install iverilog",
        _program("iverilog", ask="-V"),
    ),
    Tool("Yosys", "synthesis: the cost table", True, _RTL, _yosys),
    _nextpnr("ecp5"),
    _nextpnr("ice40"),
    _nextpnr("himbaechel-gowin"),
    Tool("GHDL", "checking VHDL", False, "apt-get install ghdl", _program("ghdl")),
    Tool("Vitis HLS", "the vendor's own RTL", False, _VENDOR, _program("vitis_hls", "vitis-run", ask="-version")),
    Tool("Vivado", "the vendor's place and route", False, _VENDOR, _program("vivado", ask="-version")),
)


def _report(tool: Tool) -> ToolReport:
    try:
        return ToolReport(tool, tool.look(), "")
    except ToolMissingError as error:
        return ToolReport(tool, None, str(error))


def diagnose() -> Diagnosis:
    """Look for every tool; takes as long as the slowest tells its version."""
    return Diagnosis(tuple(_report(tool) for tool in TOOLS))
