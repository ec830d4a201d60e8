"""Every scenario on a design, judged: what held, what was measured, and of a failure the frame and its cycles."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rtl_sim.beats import to_beats
from rtl_sim.engine import Engine
from rtl_sim.framing import resynced
from rtl_sim.interface import Dut
from rtl_sim.observed import Observed
from rtl_sim.run_files import Order
from rtl_sim.scenario import STEADY_SCENARIO, Claims, Scenario, Words, compile_plan
from rtl_sim.scoreboard import Fault, judge
from rtl_sim.timing import Timing, measure

Frames = Mapping[str, npt.NDArray[Any]]
_MARGIN = 8  # cycles of waveform before and after the failing frame
# Registers that no reset touches are started afresh in so many runs.
POWER_UPS = 3
_POWER_UP_FRAMES = 12


@dataclass(frozen=True, eq=False)
class Case:
    """A scenario ready to be run.

    Attributes:
        scenario: what is done.
        order: the run.
        expected: by output or probe, (answers, ...) integers.
        fresh: run in a simulation of its own, from power-up.
    """

    scenario: Scenario
    order: Order
    expected: Frames
    fresh: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a scenario ended.

    Attributes:
        scenario: its name.
        seed: that it was drawn from.
        frames: fed.
        cycles: that it took.
        faults: wrong frames and broken rules.
        first: the first of them; None where all held.
        timing: measured, where the scenario does not pause; else None.
        claims_broken: what was measured otherwise than claimed.
        window: first and last cycle of the failing frame, and a few around them.
        waveform: of these; '' where there is none.
    """

    scenario: str
    seed: int
    frames: int
    cycles: int
    faults: int
    first: Fault | None
    timing: Timing | None
    claims_broken: tuple[str, ...]
    window: tuple[int, int] = (0, 0)
    waveform: str = ""

    @property
    def passed(self) -> bool:
        """Nothing was wrong."""
        return not self.faults and not self.claims_broken


@dataclass(frozen=True)
class Subject:
    """A design and what it should do.

    Attributes:
        design: its ports.
        claims: what it says of its timing.
        draw: frames for its inputs: which numbers, how many, drawn by what.
        answer: what it should answer to frames, by output or probe.
    """

    design: Dut
    claims: Claims
    draw: Callable[[Words, int, np.random.Generator], Frames]
    answer: Callable[[Frames], Frames]


def prepare(subject: Subject, scenario: Scenario, frames: int, seed: int, *, probes: bool = True) -> Case:
    """A scenario with its frames, its cycles and the right answers.

    Args:
        subject: the design.
        scenario: what to do.
        frames: how many to feed.
        seed: of frames and cycles.
        probes: watch the points inside too.
    """
    design, claims = subject.design, subject.claims
    fed = subject.draw(scenario.words, frames, np.random.default_rng([seed, zlib.crc32(scenario.name.encode())]))
    plan = compile_plan(scenario, design, frames, claims, seed)
    asked = dict(fed)
    if plan.misframed:
        answers = plan.segments[0].answered
        for stream in design.inputs:
            asked[stream.name] = resynced(stream, fed[stream.name], plan.last[stream.name])[:answers]
    # A stall of the longest pattern, and a frame's whole time, at every level of a design that is held back.
    patience = 2000 + 20 * (claims.latency + claims.interval)
    quiet = 16 + 2 * claims.latency
    words = {stream.name: to_beats(stream, fed[stream.name]) for stream in design.inputs}
    order = Order(design, plan, words, seed=seed, probes=probes, patience=patience, quiet=quiet)
    return Case(scenario, order, subject.answer(asked))


def assess(subject: Subject, case: Case, observed: Observed) -> Outcome:
    """Judge what was seen of a case."""
    plan = case.order.plan
    faults = judge(subject.design, plan, observed, case.expected)
    steady = replace(case.scenario, name=STEADY_SCENARIO.name) == STEADY_SCENARIO and not case.fresh
    timing = measure(subject.design, plan, observed) if steady and not faults else None
    return Outcome(
        scenario=case.scenario.name,
        seed=case.order.seed,
        frames=plan.frames,
        cycles=observed.cycles,
        faults=len(faults),
        first=faults[0] if faults else None,
        timing=timing,
        claims_broken=timing.against(subject.claims) if timing else (),
        window=_window(subject.design, case, observed, faults[0]) if faults else (0, 0),
    )


def _window(design: Dut, case: Case, observed: Observed, fault: Fault) -> tuple[int, int]:
    """From the cycle in which the failing frame's first beat was taken to the fault, and some more."""
    begin = max(fault.cycle, 0)
    within = fault.frame - case.order.plan.segments[fault.segment].first
    for stream in design.inputs:
        flow = observed.flows.get(stream.name)
        places = flow.within(fault.segment) if flow is not None else np.zeros(0, dtype=np.int64)
        if flow is not None and 0 <= within * stream.beats < places.size:
            begin = min(begin, int(flow.cycle[places[within * stream.beats]]))
    return max(0, begin - _MARGIN), max(fault.cycle, begin) + _MARGIN


def power_ups(subject: Subject, seed: int, *, probes: bool = True) -> list[Case]:
    """A few frames after power-up, each time with other numbers in the registers that no reset touches."""
    cases = []
    for number in range(1, POWER_UPS + 1):
        scenario = replace(STEADY_SCENARIO, name=f"power-up {number}")
        case = prepare(subject, scenario, _POWER_UP_FRAMES, seed + number, probes=probes)
        cases.append(replace(case, fresh=True))
    return cases


def stress(
    subject: Subject,
    engine: Engine,
    cases: Sequence[Case],
    folder: Path,
    *,
    limit_s: float = 3600.0,
    arguments: Sequence[str] = (),
) -> list[Outcome]:
    """Run cases on a design, one after another in one simulation, and each power-up in its own.

    Args:
        subject: the design.
        engine: with a simulator of it.
        cases: as `prepare` and `power_ups` give them.
        folder: for the runs.
        limit_s: seconds after which a simulation is ended.
        arguments: more for the simulator.

    Raises:
        SimulatorError: the simulator failed.
    """
    together = [case for case in cases if not case.fresh]
    runs = [together] * bool(together) + [[case] for case in cases if case.fresh]
    outcomes: dict[str, Outcome] = {}
    for run in runs:
        orders = [case.order for case in run]
        seen = engine.carry_out(orders, folder, limit_s=limit_s, arguments=arguments)
        outcomes.update((c.scenario.name, assess(subject, c, observed)) for c, observed in zip(run, seen, strict=True))
    return [outcomes[case.scenario.name] for case in cases]
