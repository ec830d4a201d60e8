"""What simulates a design: Verilator with the harness inside, Icarus Verilog under cocotb where there is none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from codesign.artifact import make_folder
from codesign.errors import RtlError, ToolMissingError
from codesign.verify.vendor.design import FoundDesign, write_sources
from rtl_sim import runner
from rtl_sim.batch import build as batch_build
from rtl_sim.batch import run as batch_run
from rtl_sim.install import IcarusInstall, VerilatorInstall, installed_icarus
from rtl_sim.interface import Dut
from rtl_sim.observed import Observed
from rtl_sim.process import SimulatorError
from rtl_sim.run_files import Order

_MISSING_MODULE = re.compile(r"(?:Cannot find file containing module: '|Unknown module type: )(\w+)")
_NUMBERED = re.compile(r"\b(?:source|\d+_)?(?:\d+_)?(\d{4})_\w+\.s?v\b")
# As Verilog of 2005, but what ends in .sv.
_OLDER = ("--default-language", "1364-2005", "+1800-2017ext+sv")
_ERROR_LINE = re.compile(r"^(?:%Error.*|.*: (?:syntax )?error.*)$", re.MULTILINE)


class Engine(Protocol):
    """A design built into something that carries out orders."""

    def carry_out(self, order: Order, folder: Path, limit_s: float) -> Observed:
        """What the design answers; it runs in `folder`, whose files it reads.

        Raises:
            SimulatorError: it crashed, or ran too long.
        """


@dataclass(frozen=True)
class BatchEngine:
    """Verilator."""

    simulator: batch_build.BatchSimulator

    def carry_out(self, order: Order, folder: Path, limit_s: float) -> Observed:
        """As `Engine`."""
        return batch_run.carry_out(self.simulator, [order], folder, limit_s=limit_s)[0]


@dataclass(frozen=True)
class CocotbEngine:
    """Icarus Verilog; what is unknown is X there."""

    simulator: runner.Simulator

    def carry_out(self, order: Order, folder: Path, limit_s: float) -> Observed:
        """As `Engine`."""
        return runner.carry_out(self.simulator, [order], folder, limit_s=limit_s)[0]


def _install() -> VerilatorInstall | IcarusInstall:
    try:
        return batch_build.find_verilator()
    except SimulatorError as lacking:
        fallback = installed_icarus()
        if fallback is None:
            raise ToolMissingError(f"{lacking}; see `codesign doctor`") from lacking
        return fallback


def build_engine(design: FoundDesign, folder: Path) -> Engine:
    """A simulator of the design; the same text is built once.

    Args:
        design: found before.
        folder: for the sources as they are simulated, the simulator, and the logs.

    Raises:
        RtlError: the RTL does not elaborate; says the first error and where the log is.
        ToolMissingError: there is no simulator.
    """
    place = make_folder(folder / "sources")
    for old in place.iterdir():
        old.unlink()
    sources = write_sources(design, place)
    install = _install()
    dut = design.wrapped.dut
    try:
        if isinstance(install, IcarusInstall):
            return CocotbEngine(runner.build(dut, sources, folder, install=install))
        return BatchEngine(_build_batch(dut, sources, folder, install))
    except SimulatorError as error:
        log = folder / ("icarus.log" if isinstance(install, IcarusInstall) else "verilator.log")
        raise RtlError(_why_not_built(design, log, str(error))) from error


def _build_batch(
    dut: Dut, sources: Sequence[Path], folder: Path, install: VerilatorInstall
) -> batch_build.BatchSimulator:
    """Read as SystemVerilog; where that fails, `.v` files once more as Verilog, in which `bit` or `final` are names.

    Raises:
        SimulatorError: neither does; the log is that of the first.
    """
    try:
        return batch_build.build(dut, sources, folder, install=install)
    except SimulatorError as error:
        log = folder / "verilator.log"
        text = log.read_bytes() if log.is_file() else b""
        if b"syntax error" not in text:
            raise
        try:
            return batch_build.build(dut, sources, folder, install=install, flags=_OLDER)
        except SimulatorError:
            log.write_bytes(text)
            raise error from None


def _why_not_built(design: FoundDesign, log: Path, told: str) -> str:
    """The first complaint in a log, in the names that the design's own files have."""
    text = log.read_text(errors="replace") if log.is_file() else ""
    names = [source.path.name for source in design.sources.files]
    text = _NUMBERED.sub(lambda found: names[int(found[1])] if int(found[1]) < len(names) else found[0], text)
    missing = _MISSING_MODULE.search(text)
    if missing is not None:
        return (
            f"the RTL of {design.top!r} uses module {missing[1]!r}, which no file in {design.sources.folder} defines; "
            f"put its Verilog there; the log is {log}"
        )
    found = _ERROR_LINE.search(text)
    why = " ".join(found[0].split()) if found else told
    return f"the RTL of {design.top!r} does not elaborate: {why}; the log is {log}"
