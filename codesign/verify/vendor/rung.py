"""The rungs of the ladder that others' RTL stands on, and what is promised of its cycles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from codesign.errors import RtlBehaviourError
from codesign.graph import Graph
from codesign.simulate import Integers
from codesign.verify.rung import Answers, RungResult, Status
from codesign.verify.simulator import Simulator
from codesign.verify.vendor.design import FoundDesign
from codesign.verify.vendor.frames import to_nodes
from codesign.verify.vendor.report import Claims
from codesign.verify.vendor.simulation import Run, Seen, make_order, read_run, run_design
from rtl_sim.scenario import Pattern, Scenario

STEADY = Scenario("back to back")
PAUSING = Scenario("with pauses", starve=Pattern(0.3, 2.0), stall=Pattern(0.3, 2.0))


@dataclass(frozen=True)
class Timing:
    """Cycles, counted in clock edges.

    Attributes:
        first: from the cycle in which the first sample is offered (`ap_start` rises) to the one in which its answer is
            whole (`ap_done` is high).
        intervals: least and most from one answer to the next, samples given back to back; None for fewer than two.
    """

    first: int
    intervals: tuple[int, int] | None


def timing(seen: Seen) -> Timing:
    """The cycles of a run without pauses."""
    steps = np.diff(seen.answered)
    return Timing(int(seen.answered[0]), (int(steps.min()), int(steps.max())) if steps.size else None)


@dataclass
class VendorRung:
    """Answers with what the RTL gives in simulation.

    Attributes:
        name: as the table calls it.
        title: what it is.
        design: that is simulated.
        graph: that it is held against.
        simulator: built of it.
        scenario: with pauses, or without.
        folder: of its runs; they lie beside it, under its name and theirs.
        seed: of pauses, noise and registers.
        expected: latency and interval, where somebody claims them.
        patience: cycles without a handshake after which the design is given up.
        run: the last one of all samples.
        seen: of it, where it was answered.
        numbers: by output node, what it answered then.
    """

    name: str
    title: str
    design: FoundDesign
    graph: Graph
    simulator: Simulator
    scenario: Scenario
    folder: Path
    seed: int
    expected: tuple[int, int] | None = None
    patience: int | None = None
    run: Run | None = field(default=None, init=False)
    seen: Seen | None = field(default=None, init=False)
    numbers: dict[str, Integers] = field(default_factory=dict, init=False)

    def unavailable(self) -> str | None:
        """Never: what simulates it is built."""
        return None

    def _run(self, inputs: Mapping[str, Integers], folder: Path, seed: int) -> Run:
        more: dict[str, Any] = {"expected": self.expected, "patience": self.patience}
        order = make_order(self.design, inputs, self.scenario, seed=seed, **more)
        return run_design(self.design, self.simulator, order, folder)

    def answer(self, inputs: Mapping[str, Integers], *, layers: bool) -> Answers:
        """The RTL's integers; asked for layers, it has none to show beside its outputs.

        Raises:
            RtlBehaviourError: as `run_design` and `read_run`; or an answer changes with what registers held before.
        """
        samples = len(next(iter(inputs.values())))
        run = self._run(inputs, _beside(self.folder, "one" if layers else "run"), self.seed)
        if not layers:
            self.run = run
        seen = read_run(self.design, run)
        numbers = to_nodes(self.graph, self.design.wrapped.outputs, seen.frames, samples)
        if not layers:
            if self.scenario is STEADY:
                self._compare_registers(seen, inputs)
            self.seen, self.numbers = seen, numbers
        facts: dict[str, float | int | str] = {}
        if self.scenario is STEADY:
            found = timing(seen)
            facts = {"first_answer_cycle": found.first} | _interval_fact(found)
        return Answers(numbers, facts)

    def _compare_registers(self, seen: Seen, inputs: Mapping[str, Integers]) -> None:
        """The same again, with other values in registers that were never written: what differs is X in hardware."""
        run = self._run(inputs, _beside(self.folder, "again"), self.seed + 1_000_003)
        again = read_run(self.design, run)
        for name, values in seen.frames.items():
            wrong = np.argwhere(values != again.frames[name])
            if wrong.size:
                sample, number = (int(place) for place in wrong[0])
                one, other = values[sample, number], again.frames[name][sample, number]
                raise RtlBehaviourError(
                    f"the RTL of {self.design.top!r}: output {name!r} is unknown (X) in sample {sample}: "
                    f"it was {one}, and {other} when registers that are never written held something else; "
                    f"give them a value at reset; the runs are kept in {self.folder.parent}"
                )


def _beside(folder: Path, what: str) -> Path:
    return folder.with_name(f"{folder.name}-{what}")


def _interval_fact(found: Timing) -> dict[str, float | int | str]:
    if found.intervals is None:
        return {}
    least, most = found.intervals
    return {"interval": least if least == most else f"{least} to {most}"}


def _cycles(pair: tuple[int, int]) -> str:
    return " to ".join(str(value) for value in dict.fromkeys(pair))


def timing_result(found: Timing, claims: Claims, samples: int) -> RungResult:
    """What was measured against what is promised, as a rung of its own."""
    held, broken = list[str](), list[str]()
    for what, measured, claimed in (
        ("first answer", (found.first, found.first), claims.latency),
        ("interval", found.intervals, claims.interval),
    ):
        if measured is None or claimed is None:
            continue
        shown = f"{what}: measured {_cycles(measured)}, {claims.source} says {_cycles(claimed)}"
        (held if claimed[0] <= measured[0] and measured[1] <= claimed[1] else broken).append(shown)
    if broken:
        status = Status.DIFFERENT if claims.exact else Status.SKIPPED
    else:
        status = Status.EQUAL if held else Status.SKIPPED
    note = "; ".join(broken or held) if broken or held else f"{claims.source} says nothing of it"
    if broken and not claims.exact:
        note += " (an estimate, of a dataflow design)"
    wrong = samples if status is Status.DIFFERENT else 0
    title = f"clock cycles against {claims.source}"
    return RungResult("cycles", title, status, samples, wrong, (), None, (), note, 0.0, {})
