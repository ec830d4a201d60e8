"""Simulating a design that others made, in folders that stay, and a waveform of where it failed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from codesign.artifact import make_folder
from codesign.errors import RtlBehaviourError, RtlError, ToolFailedError
from codesign.simulate import Integers
from codesign.verify.simulator import WAVEFORM, Simulator
from codesign.verify.vendor.build import build_design
from codesign.verify.vendor.design import FoundDesign, write_roms
from codesign.verify.vendor.frames import to_frames
from codesign.verify.vendor.wrapper import DONE
from rtl_sim.beats import from_beats, to_beats
from rtl_sim.observed import Observed
from rtl_sim.run_files import Order
from rtl_sim.scenario import Claims, Scenario, compile_plan

_MARGIN = 4  # cycles around a failure
_PATIENCE = 1_000_000  # cycles without a handshake, of a design of which nothing is known
# The watchdog counts cycles; the clock on the wall only ends a simulator that counts none any more.
_CYCLES_A_BEAT, _MORE_CYCLES = 5000, 500_000
_SAID = re.compile(r"^.*%(?:Fatal|Error).*$|^Aborting.*$|^.*(?:Segmentation fault|Killed).*$", re.MULTILINE)
_NO_MEMORY_FILE = re.compile(r"\$readmem.*?file not found.*", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Run:
    """One simulation.

    Attributes:
        order: what was done.
        observed: what was seen.
        samples: that were to be fed.
        folder: of the run.
    """

    order: Order
    observed: Observed
    samples: int
    folder: Path


@dataclass(frozen=True)
class Seen:
    """What a design answered in one run.

    Attributes:
        frames: by output stream, (n, numbers) integers.
        answered: (n,) cycle in which each sample's answer was whole (`ap_done`, or its outputs' last beat), counted
            from the one in which the first sample was offered.
    """

    frames: Mapping[str, Integers]
    answered: npt.NDArray[np.int64]


def make_order(
    design: FoundDesign,
    inputs: Mapping[str, Integers],
    scenario: Scenario,
    *,
    seed: int,
    expected: tuple[int, int] | None = None,
    patience: int | None = None,
) -> Order:
    """Samples as a run's order.

    Args:
        design: found before.
        inputs: by Graph node, (n, *shape) integers.
        scenario: with pauses, or without.
        seed: of the pauses, the noise in them, and what registers hold before they are written.
        expected: latency and interval, where somebody claims them.
        patience: cycles without a handshake after which the design is given up.
    """
    samples = len(next(iter(inputs.values())))
    latency, interval = expected or (1, 1)
    dut = design.wrapped.dut
    plan = compile_plan(scenario, dut, samples, Claims(latency, interval), seed)
    frames = to_frames(design.wrapped.inputs, inputs)
    words = {stream.name: to_beats(stream, frames[stream.name]) for stream in dut.inputs}
    waits = patience or (_PATIENCE if expected is None else 2000 + 8 * sum(expected))
    return Order(dut, plan, words, seed, patience=waits, quiet=64 + 2 * interval)


def run_design(
    design: FoundDesign, simulator: Simulator, order: Order, folder: Path, *, trace: tuple[int, int] | None = None
) -> Run:
    """Carry out an order.

    Args:
        design: found before.
        simulator: built of it.
        order: what to do.
        folder: of the run, beside the simulator's; what was there of an earlier one goes.
        trace: first and last cycle of a waveform.

    Raises:
        RtlBehaviourError: the simulator ended itself, crashed, or ran too long.
        RtlError: a memory file is missing.
    """
    shutil.rmtree(folder, ignore_errors=True)
    for place in (make_folder(folder), folder.parent):  # one simulator works in the one, one in the other
        write_roms(design, place)
    samples = order.plan.frames
    beats = samples * max(stream.beats for stream in (*order.design.inputs, *order.design.outputs))
    try:
        observed = simulator.run(order, folder, cycles=_CYCLES_A_BEAT * beats + _MORE_CYCLES, trace=trace)
    except ToolFailedError as error:
        said = _SAID.search(_logged(folder))
        why = " ".join((said[0] if said else str(error)).split())
        raise RtlBehaviourError(
            f"the simulation of {design.top!r} failed: {why}; its log and the run are kept in {folder}"
        ) from error
    unread = _NO_MEMORY_FILE.search(_logged(folder))
    if unread is not None:
        raise RtlError(f"the RTL of {design.top!r} lacks a memory file: {unread[0]}; the run is kept in {folder}")
    return Run(order, observed, samples, folder)


def _logged(folder: Path) -> str:
    return "".join(path.read_text(errors="replace") for path in sorted(folder.rglob("simulation.log")))


def answers_of(run: Run) -> int:
    """Samples that were answered whole."""
    flows = run.observed.flows
    return min((flows[s.name].cycle.size // s.beats if s.name in flows else 0) for s in run.order.design.outputs)


def read_run(design: FoundDesign, run: Run) -> Seen:
    """The answers of a run.

    Raises:
        RtlBehaviourError: it broke its protocol, showed an unknown value, or never answered.
    """
    observed, dut = run.observed, run.order.design
    if observed.violations:
        first = observed.violations[0]
        whose = f"{first.stream}: " if first.stream else ""
        raise RtlBehaviourError(
            f"the RTL of {design.top!r}, cycle {first.cycle}, after {answers_of(run)} of {run.samples} answers: "
            f"{whose}{first.text}; the run is kept in {run.folder}"
        )
    wanted = {piece.stream for piece in design.wrapped.outputs}
    frames = {
        stream.name: from_beats(stream, observed.flows[stream.name].words, run.samples)
        for stream in dut.outputs
        if stream.name in wanted
    }
    begin = min(int(observed.flows[stream.name].cycle[0]) for stream in dut.inputs)
    ends = [_ends(run, name) for name in ([DONE] if dut.control is not None else sorted(wanted))]
    return Seen(frames, np.asarray(np.max(ends, axis=0) - begin, dtype=np.int64))


def _ends(run: Run, name: str) -> npt.NDArray[np.int64]:
    """(n,) cycle of the last beat of each frame of an output."""
    (stream,) = [stream for stream in run.order.design.outputs if stream.name == name]
    return run.observed.flows[name].cycle[stream.beats - 1 :: stream.beats][: run.samples]


def write_waveform(design: FoundDesign, folder: Path, run: Run, sample: int) -> Path:
    """Do a run again in a simulator that keeps a waveform, of the cycles of one sample.

    Args:
        design: found before.
        folder: of the simulators.
        run: that failed.
        sample: in which.

    Returns:
        The VCD file.

    Raises:
        RtlError: it does not build.
        ToolFailedError: likewise.
        RtlBehaviourError: the simulator ended itself.
    """
    flows, end = run.observed.flows, run.observed.cycles
    dut = run.order.design
    begins = [flows[s.name].cycle[sample * s.beats : sample * s.beats + 1] for s in dut.inputs if s.name in flows]
    finished = [flows[s.name].cycle[(sample + 1) * s.beats - 1 :][:1] for s in dut.outputs if s.name in flows]
    start = min((int(cycle[0]) for cycle in begins if cycle.size), default=end)
    stop = max((int(cycle[0]) if cycle.size else end for cycle in finished), default=end)
    return film(design, folder, run.order, (max(start - _MARGIN, 0), stop + _MARGIN))


def film(design: FoundDesign, folder: Path, order: Order, cycles: tuple[int, int]) -> Path:
    """Carry out an order in a simulator that keeps a waveform.

    Args:
        design: found before.
        folder: of the simulators.
        order: what to do.
        cycles: the first and the last one that are kept.

    Returns:
        The VCD file.

    Raises:
        RtlError: it does not build.
        ToolFailedError: likewise.
        RtlBehaviourError: the simulator ended itself.
    """
    place = folder / "waveform"
    run_design(design, build_design(design, folder, traces=True), order, place, trace=cycles)
    return next(iter(sorted(place.rglob(WAVEFORM))))
