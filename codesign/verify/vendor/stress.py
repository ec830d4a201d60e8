"""Others' RTL under every scenario of its protocol: pauses, bursts, extreme words, resets in mid-frame, power-ups."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.artifact import make_folder
from codesign.errors import RtlBehaviourError, ToolFailedError
from codesign.graph import Graph
from codesign.simulate import execute
from codesign.verify.extremes import extreme_inputs
from codesign.verify.rung import RungResult, Status
from codesign.verify.simulator import Simulator
from codesign.verify.stimulus import random_inputs
from codesign.verify.vendor.design import FoundDesign, write_roms
from codesign.verify.vendor.frames import to_frames, to_nodes
from codesign.verify.vendor.wrapper import DONE
from rtl_sim.scenario import Claims, Words, standard_scenarios
from rtl_sim.stress import Case, Outcome, Subject, assess, power_ups, prepare

Frames = Mapping[str, npt.NDArray[Any]]

# Scenarios take some thirty cycles for each cycle of a frame's interval, all together.
_CYCLES, _SLOWEST = 1_000_000, 30
_FEW, _MANY = 16, 256


def _subject(design: FoundDesign, graph: Graph, claims: Claims) -> Subject:
    """The design with the Graph as its reference, frame by frame of its streams."""
    wrapped = design.wrapped

    def draw(words: Words, count: int, rng: np.random.Generator) -> Frames:
        make = random_inputs if words is Words.RANDOM else extreme_inputs
        return to_frames(wrapped.inputs, make(graph, count, int(rng.integers(2**32))))

    def answer(frames: Frames) -> Frames:
        samples = len(next(iter(frames.values())))
        results = execute(graph, to_nodes(graph, wrapped.inputs, frames, samples))
        done = {DONE: np.ones((samples, 1), dtype=np.int64)} if wrapped.dut.control is not None else {}
        return {**to_frames(wrapped.outputs, results), **done}

    return Subject(wrapped.dut, claims, draw, answer)


def _cases(subject: Subject, frames: int, seed: int) -> list[Case]:
    scenarios = standard_scenarios(subject.design.protocol)
    made = [prepare(subject, scenario, frames, seed, probes=False) for scenario in scenarios]
    return [*made, *power_ups(subject, seed, probes=False)]


def _result(outcomes: Sequence[Outcome], seconds: float) -> RungResult:
    failed = [outcome for outcome in outcomes if outcome.first is not None]
    told = [
        f"scenario {outcome.scenario!r}, seed {outcome.seed}: {outcome.first.text}"
        for outcome in failed
        if outcome.first is not None
    ]
    names = ", ".join(outcome.scenario for outcome in outcomes)
    return RungResult(
        "stress",
        f"RTL under stress, {len(outcomes)} scenarios",
        Status.DIFFERENT if failed else Status.EQUAL,
        sum(outcome.frames for outcome in outcomes),
        sum(outcome.faults for outcome in failed),
        (),
        None,
        (),
        "; ".join(told) if told else names,
        seconds,
        {},
    )


def stress_design(
    design: FoundDesign, graph: Graph, simulator: Simulator, work: Path, *, latency: int, interval: int, seed: int
) -> tuple[RungResult, Case | None, tuple[int, int]]:
    """Run every scenario.

    Args:
        design: found before.
        graph: what it should compute.
        simulator: built of it, in `work`.
        work: for the runs.
        latency: cycles from a start to its answer, as measured.
        interval: most cycles from one answer to the next, as measured.
        seed: of everything drawn.

    Returns:
        The outcome; the first case that failed, and the cycles around its failure.

    Raises:
        RtlBehaviourError: the simulator ended itself, crashed, or ran too long.
    """
    started = time.monotonic()
    subject = _subject(design, graph, Claims(latency, max(interval, 1)))
    frames = max(_FEW, min(_MANY, _CYCLES // (_SLOWEST * max(interval, 1))))
    outcomes, failed, window = [], None, (0, 0)
    write_roms(design, work)
    for number, case in enumerate(_cases(subject, frames, seed)):
        place = make_folder(work / f"stress-{number:02d}")
        write_roms(design, place)
        try:
            observed = simulator.run(case.order, place, cycles=_CYCLES * 10)
        except ToolFailedError as error:
            raise RtlBehaviourError(f"scenario {case.scenario.name!r}, seed {case.order.seed}: {error}") from error
        outcomes.append(assess(subject, case, observed))
        if failed is None and outcomes[-1].first is not None:
            failed, window = case, outcomes[-1].window
    return _result(outcomes, time.monotonic() - started), failed, window
