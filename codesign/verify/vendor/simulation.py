"""Simulating a design that others made: built once by content, run in a folder that stays."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from codesign.artifact import make_folder
from codesign.errors import RtlBehaviourError, RtlError
from codesign.simulate import Integers
from codesign.verify.vendor.design import FoundDesign, write_roms
from codesign.verify.vendor.engine import Engine
from codesign.verify.vendor.frames import to_frames
from codesign.verify.vendor.wrapper import DONE, Piece
from rtl_sim.beats import from_beats, to_beats
from rtl_sim.interface import Stream
from rtl_sim.observed import Observed
from rtl_sim.process import SimulatorError
from rtl_sim.run_files import Order
from rtl_sim.scenario import Claims, Scenario, compile_plan

_CYCLES_A_SECOND = 2000  # of a slow simulation
_SAID = re.compile(r"^.*%(?:Fatal|Error).*$|^Aborting.*$|^.*(?:Segmentation fault|Killed).*$", re.MULTILINE)
_NO_MEMORY_FILE = re.compile(r"\$readmem.*?file not found.*", re.IGNORECASE)


@dataclass(frozen=True)
class Seen:
    """What a design answered in one run.

    Attributes:
        frames: by output stream, (n, numbers) integers.
        offered: (n,) cycle in which each sample was first offered, counted from that of the first one.
        answered: (n,) cycle in which its answer was whole: `ap_done`, or the last beat of its outputs.
    """

    frames: Mapping[str, Integers]
    offered: npt.NDArray[np.int64]
    answered: npt.NDArray[np.int64]


def _patience(claims: tuple[int, int] | None) -> int:
    return 20_000 if claims is None else 2000 + 8 * sum(claims)


def _cycles(design: FoundDesign, observed: Observed, samples: int) -> tuple[Integers, Integers]:
    """When each sample was offered, and when its answer was whole."""
    if design.wrapped.dut.control is not None:
        answered = observed.flows[DONE].cycle[:samples]
    else:
        ends = [
            observed.flows[stream.name].cycle[stream.beats - 1 :: stream.beats][:samples]
            for stream in design.wrapped.dut.outputs
        ]
        answered = np.max(ends, axis=0)
    begins = [observed.flows[stream.name].cycle[:: stream.beats][:samples] for stream in design.wrapped.dut.inputs]
    offered = np.min(begins, axis=0)
    return offered - offered[0], answered - offered[0]


def simulate_design(
    design: FoundDesign,
    engine: Engine,
    inputs: Mapping[str, Integers],
    scenario: Scenario,
    folder: Path,
    *,
    seed: int,
    expected: tuple[int, int] | None = None,
    patience: int | None = None,
) -> Seen:
    """Feed samples and keep the answers.

    Args:
        design: found before.
        engine: built of it.
        inputs: by Graph node, (n, *shape) integers.
        scenario: with pauses, or without.
        folder: of the run; what was there of an earlier one goes.
        seed: of the pauses, the noise in them, and what registers hold before they are written.
        expected: latency and interval, where somebody claims them.
        patience: cycles without a handshake after which the design is given up.

    Raises:
        RtlBehaviourError: it never answered, broke its protocol, showed an unknown value, or the simulator crashed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    make_folder(folder)
    write_roms(design, folder)
    samples = len(next(iter(inputs.values())))
    latency, interval = expected or (1, 1)
    dut = design.wrapped.dut
    plan = compile_plan(scenario, dut, samples, Claims(latency, interval), seed)
    frames = to_frames(design.wrapped.inputs, inputs)
    words = {stream.name: to_beats(stream, frames[stream.name]) for stream in dut.inputs}
    waits = patience or _patience(expected)
    order = Order(dut, plan, words, seed, patience=waits, quiet=64 + 2 * interval)
    beats = samples * max(stream.beats for stream in (*dut.inputs, *dut.outputs))
    limit_s = 300 + (beats * max(interval, 50) + waits) * 10 / _CYCLES_A_SECOND
    try:
        observed = engine.carry_out(order, folder, limit_s)
    except (SimulatorError, OSError) as error:
        said = _SAID.search(_logged(folder))
        why = f"{said[0]} (its log is {_logs(folder)[0]})" if said else str(error)
        raise RtlBehaviourError(
            f"the simulation of {design.top!r} failed: {' '.join(why.split())}; the run is kept in {folder}"
        ) from error
    unread = _NO_MEMORY_FILE.search(_logged(folder))
    if unread is not None:
        raise RtlError(f"the RTL of {design.top!r} lacks a memory file: {unread[0]}; the run is kept in {folder}")
    if observed.violations:
        first = observed.violations[0]
        whose = f"{first.stream}: " if first.stream else ""
        answers = min(observed.flows[stream.name].cycle.size // stream.beats for stream in dut.outputs)
        raise RtlBehaviourError(
            f"the RTL of {design.top!r}, cycle {first.cycle}, after {answers} of {samples} answers: {whose}{first.text}"
            f"; the run is kept in {folder}"
        )
    offered, answered = _cycles(design, observed, samples)
    return Seen(_frames(dut.outputs, design.wrapped.outputs, observed, samples), offered, answered)


def _logs(folder: Path) -> list[Path]:
    return sorted(folder.rglob("simulation.log"))


def _logged(folder: Path) -> str:
    return "".join(path.read_text(errors="replace") for path in _logs(folder))


def _frames(
    streams: tuple[Stream, ...], pieces: tuple[Piece, ...], observed: Observed, samples: int
) -> dict[str, Integers]:
    wanted = {piece.stream for piece in pieces}
    return {
        stream.name: from_beats(stream, observed.flows[stream.name].words, samples)
        for stream in streams
        if stream.name in wanted
    }
