"""What carries out orders on a design: the harness inside a Verilator, or the cocotb bench in Icarus Verilog."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rtl_sim import runner
from rtl_sim.batch import build as batch_build
from rtl_sim.batch import run as batch_run
from rtl_sim.install import IcarusInstall, VerilatorInstall
from rtl_sim.interface import Dut
from rtl_sim.observed import Observed
from rtl_sim.run_files import Order
from rtl_sim.waveform import PERIOD_PS, cut_vcd


class Engine(Protocol):
    """A built simulator that carries out orders."""

    def carry_out(
        self, orders: Sequence[Order], folder: Path, *, limit_s: float = 600.0, arguments: Sequence[str] = ()
    ) -> list[Observed]:
        """What the design answers.

        Raises:
            SimulatorError: the simulator crashed, or ran past `limit_s` seconds.
        """

    def film(
        self,
        order: Order,
        cycles: tuple[int, int],
        target: Path,
        *,
        limit_s: float = 600.0,
        arguments: Sequence[str] = (),
    ) -> None:
        """Carry out an order again and keep a waveform of these cycles as `target`; builds what it needs.

        Raises:
            SimulatorError: as above, or the simulator that traces cannot be built.
        """


@dataclass(frozen=True)
class _Batch:
    simulator: batch_build.BatchSimulator
    install: VerilatorInstall
    sources: tuple[Path, ...]
    folder: Path
    flags: tuple[str, ...]

    def carry_out(
        self, orders: Sequence[Order], folder: Path, *, limit_s: float = 600.0, arguments: Sequence[str] = ()
    ) -> list[Observed]:
        return batch_run.carry_out(self.simulator, orders, folder, limit_s=limit_s, arguments=arguments)

    def film(
        self,
        order: Order,
        cycles: tuple[int, int],
        target: Path,
        *,
        limit_s: float = 600.0,
        arguments: Sequence[str] = (),
    ) -> None:
        tracing = batch_build.build(
            self.simulator.design,
            self.sources,
            self.folder,
            install=self.install,
            probes=self.simulator.probes,
            traces=True,
            flags=self.flags,
        )
        place = target.with_suffix(".run")
        place.mkdir(parents=True, exist_ok=True)
        batch_run.run_order(tracing, order, place, place / "order", trace=cycles, limit_s=limit_s, arguments=arguments)
        (place / "order" / batch_run.WAVEFORM).replace(target)
        shutil.rmtree(place)


@dataclass(frozen=True)
class _Cocotb:
    simulator: runner.Simulator
    design: Dut
    install: IcarusInstall
    sources: tuple[Path, ...]
    folder: Path
    flags: tuple[str, ...]

    def carry_out(
        self, orders: Sequence[Order], folder: Path, *, limit_s: float = 600.0, arguments: Sequence[str] = ()
    ) -> list[Observed]:
        return runner.carry_out(self.simulator, orders, folder, limit_s=limit_s, arguments=arguments)

    def film(
        self,
        order: Order,
        cycles: tuple[int, int],
        target: Path,
        *,
        limit_s: float = 600.0,
        arguments: Sequence[str] = (),
    ) -> None:
        tracing = runner.build(
            self.design, self.sources, self.folder, install=self.install, probes=True, traces=True, flags=self.flags
        )
        place = target.with_suffix(".run")
        runner.carry_out(tracing, [order], place, limit_s=limit_s, arguments=arguments)
        cut_vcd(place / runner.WAVEFORM, target, cycles[0] * PERIOD_PS, (cycles[1] + 1) * PERIOD_PS)
        shutil.rmtree(place)


def engine_for(
    design: Dut,
    sources: Sequence[Path],
    folder: Path,
    *,
    install: VerilatorInstall | IcarusInstall | None = None,
    probes: bool = True,
    flags: Sequence[str] = (),
) -> Engine:
    """A simulator of a design, built or found built.

    Args:
        design: its ports.
        sources: Verilog files.
        folder: where simulators are kept.
        install: what simulates; None for what `find_simulator` finds.
        probes: watch the points inside too.
        flags: more arguments for `verilator` or `iverilog`.

    Raises:
        SimulatorError: there is no simulator, or the Verilog does not build.
        OSError: a source cannot be read.
    """
    install = install or runner.find_simulator()
    files, more = tuple(sources), tuple(flags)
    if isinstance(install, IcarusInstall):
        made = runner.build(design, files, folder, install=install, probes=probes, flags=more)
        return _Cocotb(made, design, install, files, folder, more)
    simulator = batch_build.build(design, files, folder, install=install, probes=probes, flags=more)
    return _Batch(simulator, install, files, folder, more)
