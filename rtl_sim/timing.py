"""Latency, interval and throughput as measured, and whether they are what the design claims."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rtl_sim.interface import Dut
from rtl_sim.observed import Flow, Observed
from rtl_sim.scenario import Claims, Plan


@dataclass(frozen=True)
class Timing:
    """What was measured of a plan without pauses, in clock cycles.

    Attributes:
        latency: from the cycle in which the first frame's first beat was taken, of a design that was idle, to the one
            in which its last answer was given; None where no frame was answered.
        interval: from frame to frame, the longest in the second half of the run, when what can fill up is full; None
            where there were fewer than four frames.
        throughput: frames a cycle, from the first beat taken to the last answer given; None where there was none.
    """

    latency: int | None
    interval: int | None
    throughput: float | None

    def against(self, claims: Claims) -> tuple[str, ...]:
        """What is not as claimed, in words; nothing where all is."""
        pairs = (("latency", self.latency, claims.latency), ("interval", self.interval, claims.interval))
        return tuple(
            f"{name} is {found} cycles, claimed are {claimed}"
            for name, found, claimed in pairs
            if found is not None and found != claimed
        )


def _frame_cycles(flow: Flow, segment: int, beats: int, beat: int) -> npt.NDArray[np.int64]:
    places = flow.within(segment)
    whole = places.size // beats
    return flow.cycle[places[: whole * beats]].reshape(whole, beats)[:, beat]


def measure(design: Dut, plan: Plan, observed: Observed) -> Timing:
    """Measure the longest segment that no reset cut off.

    Args:
        design: that was driven.
        plan: without pauses; with them, what is measured is the testbench's doing.
        observed: what was seen.
    """
    whole = [number for number, segment in enumerate(plan.segments) if segment.abort < 0]
    if not whole or not len(observed.starts):
        return Timing(None, None, None)
    segment = max(whole, key=lambda number: plan.segments[number].frames)
    taken = [_frame_cycles(observed.flows[s.name], segment, s.beats, 0) for s in design.inputs]
    given = [_frame_cycles(observed.flows[s.name], segment, s.beats, -1) for s in design.outputs]
    count = min(cycles.size for cycles in (*taken, *given))
    if not count:
        return Timing(None, None, None)
    begun = np.min([cycles[:count] for cycles in taken], axis=0)
    ended = np.max([cycles[:count] for cycles in given], axis=0)
    steps = np.diff(ended)
    interval = int(steps[steps.size // 2 :].max()) if count >= 4 else None
    return Timing(int(ended[0] - begun[0]), interval, count / int(ended[-1] - begun[0] + 1))
