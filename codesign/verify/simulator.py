"""The simulator that a design is verified in: Verilator with the harness inside, else Icarus under cocotb."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from codesign.errors import DesignError, ToolFailedError, ToolMissingError
from codesign.toolchain.verilator import VerilatorInstall, find_verilator
from rtl_sim import runner
from rtl_sim.batch.build import BatchSimulator, DescriptionError, SimulatorError
from rtl_sim.batch.build import build as build_batch
from rtl_sim.batch.commands import Effort
from rtl_sim.batch.run import WAVEFORM, run_order
from rtl_sim.install import IcarusInstall, installed_icarus
from rtl_sim.interface import Dut
from rtl_sim.observed import Observed
from rtl_sim.run_files import Order

_SECONDS_A_CYCLE = {VerilatorInstall: 0.002, IcarusInstall: 0.5}
_LEAST_LIMIT_S = 120.0


class Simulator(Protocol):
    """A built simulator of a design."""

    def run(self, order: Order, place: Path, *, cycles: int, trace: tuple[int, int] | None = None) -> Observed:
        """Carry out an order.

        Args:
            order: what to do.
            place: folder for its files, emptied before.
            cycles: that it should take, more or less.
            trace: first and last cycle of the waveform, `place/wave.vcd`; only of a simulator built for it.

        Raises:
            ToolFailedError: the simulator failed; its log is kept.
        """


def _limit_s(install: VerilatorInstall | IcarusInstall, cycles: int) -> float:
    return _LEAST_LIMIT_S + _SECONDS_A_CYCLE[type(install)] * cycles


@dataclass(frozen=True)
class _Batch:
    """Verilator, with the testbench compiled in."""

    built: BatchSimulator
    install: VerilatorInstall
    folder: Path

    def run(self, order: Order, place: Path, *, cycles: int, trace: tuple[int, int] | None = None) -> Observed:
        """As in `Simulator`."""
        try:
            limit_s = _limit_s(self.install, cycles)
            return run_order(self.built, order, self.folder, place, trace=trace, limit_s=limit_s).observed
        except SimulatorError as error:
            raise ToolFailedError(f"the RTL of {order.design.top}: {error}") from error


@dataclass(frozen=True)
class _Cocotb:
    """Icarus, driven by Python."""

    built: runner.Simulator
    install: IcarusInstall

    def run(self, order: Order, place: Path, *, cycles: int, trace: tuple[int, int] | None = None) -> Observed:
        """As in `Simulator`; the waveform is of all cycles."""
        try:
            return runner.carry_out(self.built, [order], place, limit_s=_limit_s(self.install, cycles))[0]
        except SimulatorError as error:
            raise ToolFailedError(f"the RTL of {order.design.top}: {error}") from error


def find_simulator() -> VerilatorInstall | IcarusInstall:
    """Verilator, or Icarus where there is none.

    Raises:
        ToolMissingError: there is neither; says the command that mends it.
    """
    try:
        return find_verilator()
    except ToolMissingError:
        fallback = installed_icarus()
        if fallback is None:
            raise
        if importlib.util.find_spec("cocotb") is None:
            raise ToolMissingError(
                "cocotb, which drives Icarus, is not installed: pip install 'codesign[rtl]'"
            ) from None
        return fallback


def build_simulator(
    design: Dut,
    sources: Sequence[Path],
    folder: Path,
    *,
    probes: bool = False,
    traces: bool = False,
    cycles: int = 0,
    flags: Sequence[str] = (),
) -> Simulator:
    """A simulator of a design; the same text is built once.

    Args:
        design: its ports.
        sources: Verilog files.
        folder: where simulators and the logs of building them are kept; a design finds the files that it reads there.
        probes: watch the points inside.
        traces: it can write a waveform.
        cycles: that it is to run in all; many are worth a better compiled simulator.
        flags: more arguments for Verilator.

    Raises:
        DesignError: a source cannot be read, or the ports' description contradicts itself.
        ToolMissingError: there is no simulator.
        ToolFailedError: the Verilog does not build, or its ports are not as described.
    """
    install = find_simulator()
    try:
        if isinstance(install, IcarusInstall):
            return _Cocotb(
                runner.build(design, sources, folder, install=install, probes=probes, traces=traces), install
            )
        effort = Effort.FAST if cycles > _MANY_CYCLES else Effort.QUICK
        built = build_batch(
            design, sources, folder, install=install, probes=probes, traces=traces, effort=effort, flags=flags
        )
        return _Batch(built, install, folder.resolve())
    except OSError as error:
        raise DesignError(f"{error.filename} cannot be read ({error.strerror}); write the RTL project again") from error
    except DescriptionError as error:
        raise DesignError(f"the RTL of {design.top}: {error}") from error
    except SimulatorError as error:
        raise ToolFailedError(f"the RTL of {design.top} does not build: {error}") from error


# Where the better compiled simulator of a mid-sized design has saved what it cost to compile.
_MANY_CYCLES = 300_000

__all__ = ["WAVEFORM", "Simulator", "build_simulator", "find_simulator"]
