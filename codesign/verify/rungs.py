"""The rungs below the Graph that need no Keras: hls4ml's compiled C++ and our RTL in a simulator."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from codesign.hls import compile_csim, run_csim
from codesign.rtl import Language, Manifest
from codesign.simulate import Integers
from codesign.verify.rtl import RtlRun, simulate_netlist, simulate_rtl
from codesign.verify.rung import Answers


class CsimRung:
    """Answers with what g++ makes of the HLS project."""

    name = "csim"
    title = "hls4ml C simulation (g++)"

    def __init__(self, project: Path, work: Path) -> None:
        """
        Args:
            project: the HLS project.
            work: where compiled programs and logs go.
        """
        self._project, self._work = project, work

    def unavailable(self) -> str | None:
        """A sentence where the design has no HLS project."""
        if not (self._project / "csim.json").is_file():
            return f"{self._project} holds no HLS project: convert the model again"
        return None

    def answer(self, inputs: Mapping[str, Integers], *, layers: bool) -> Answers:
        """The C++'s integers.

        Raises:
            ToolMissingError: g++ is not installed.
            ToolFailedError: the project does not compile, or the program fails.
        """
        compile_csim(self._project, self._work)
        run = run_csim(self._project, inputs, self._work, trace=layers)
        return Answers({**run.layers, **run.outputs})


def _answers(run: RtlRun) -> Answers:
    facts = {
        "latency_cycles": run.timing.latency,
        "interval": run.timing.interval,
        "samples_a_cycle": None if run.timing.throughput is None else round(run.timing.throughput, 6),
        "waveform": None if run.waveform is None else str(run.waveform),
    }
    known = {**run.notes, **{key: value for key, value in facts.items() if value is not None}}
    return Answers({**run.layers, **run.outputs}, known, run.faults)


def _missing(project: Path) -> str | None:
    """Why an RTL project cannot be simulated."""
    if not (project / "manifest.json").is_file():
        return f"{project} holds no RTL project: convert the model again"
    if Manifest.load(project).language is not Language.VERILOG:
        return "the RTL is VHDL, which is not simulated here: convert with --language verilog"
    return None


class RtlRung:
    """Answers with what our RTL gives in a simulator, clock by clock."""

    name = "rtl"
    title = "RTL in simulation (Verilator)"

    def __init__(self, project: Path, work: Path, seed: int) -> None:
        """
        Args:
            project: the RTL project.
            work: where compiled simulators and logs go.
            seed: of the gaps between samples.
        """
        self._project, self._work, self._seed = project, work, seed

    def unavailable(self) -> str | None:
        """A sentence where the design has no RTL project."""
        return _missing(self._project)

    def answer(self, inputs: Mapping[str, Integers], *, layers: bool) -> Answers:
        """The RTL's integers, what was measured of its timing, and where that is not what the manifest says.

        Raises:
            DesignError: the project is damaged.
            ToolMissingError: no simulator is installed.
            ToolFailedError: the RTL does not build, breaks the protocol, or never answers.
        """
        run = simulate_rtl(self._project, inputs, self._work, layers=layers, seed=self._seed, waveform=layers)
        return _answers(run)


class NetlistRung:
    """Answers with what the netlist that Yosys makes of our RTL gives in a simulator."""

    name = "netlist"
    title = "netlist after synthesis (Yosys), simulated"

    def __init__(self, project: Path, work: Path, seed: int) -> None:
        """
        Args:
            project: the RTL project.
            work: where the netlist, compiled simulators and logs go.
            seed: of the pauses between samples.
        """
        self._project, self._work, self._seed = project, work, seed

    def unavailable(self) -> str | None:
        """A sentence where the design has no RTL project."""
        return _missing(self._project)

    def answer(self, inputs: Mapping[str, Integers], *, layers: bool) -> Answers:
        """The netlist's integers at its outputs; no layer is visible in it.

        Raises:
            UnsupportedLayerError: the family, or a cell of the netlist, has no models.
            ToolMissingError: Yosys or a simulator is not installed.
            ToolFailedError: synthesis failed, or the netlist breaks the protocol.
        """
        return _answers(simulate_netlist(self._project, inputs, self._work, seed=self._seed, waveform=layers))
