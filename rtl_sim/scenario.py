"""What is done to a design beside feeding it numbers, and the plan of clock cycles that any testbench can carry out.

A `Scenario` says it in words: how often inputs pause, how often outputs are held back, how many frames are cut off by
a reset, what is wrong with TLAST. `compile_plan` draws it from a seed into arrays: gaps before beats, patterns of
ready, and segments between resets. The same scenario, design, number of frames and seed give the same plan.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import numpy.typing as npt

from rtl_sim.interface import Dut, Protocol, Stream

RESET_CYCLES = 3
_READY_PERIOD = 1021  # prime, so that the pattern falls differently on every frame


@dataclass(frozen=True)
class Pattern:
    """Cycles in which something pauses: a coin that remembers whether it paused the cycle before.

    Attributes:
        share: of the cycles that pause; 0 for none, below 1.
        pause: mean length of a pause in cycles; `share / (1 - share)` at least. A long one makes bursts.
    """

    share: float = 0.0
    pause: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.share < 1 or self.pause < 1 or self.pause * (1 - self.share) < self.share:
            raise ValueError(
                f"a pattern that pauses in {self.share:g} of the cycles, {self.pause:g} at a time: "
                "the share must be 0 or more and below 1, the length 1 and share / (1 - share) at least"
            )

    def cycles(self, count: int, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
        """(count,) bool: True where it does not pause."""
        if not self.share:
            return np.ones(count, dtype=bool)
        stop = self.share / ((1 - self.share) * self.pause)
        go = 1 / self.pause
        coins = rng.random(count)
        active = np.empty(count, dtype=bool)
        state = bool(rng.random() >= self.share)
        for cycle in range(count):
            state = coins[cycle] >= stop if state else coins[cycle] < go
            active[cycle] = state
        return active

    def gaps(self, count: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """(count,) paused cycles before each of so many active ones."""
        if not self.share or not count:
            return np.zeros(count, dtype=np.int64)
        drawn = np.zeros(0, dtype=bool)
        while np.count_nonzero(drawn) < count:
            drawn = np.concatenate([drawn, self.cycles(4 * count + 64, rng)])
        places = np.flatnonzero(drawn)[:count]
        return np.asarray(np.diff(places, prepend=-1) - 1, dtype=np.int64)


STEADY = Pattern()


class LastError(str, Enum):
    """What is wrong with TLAST on the inputs, where the number of beats is right.

    A design that counts beats answers as if nothing were wrong; `framing.resynced` says what one does that goes by it.
    """

    NONE = "none"
    EARLY = "early"  # on a beat before the last one
    LATE = "late"  # on the first beat of the next frame
    MISSING = "missing"  # never


class Words(str, Enum):
    """Which numbers are fed."""

    RANDOM = "random"
    EXTREME = "extreme"  # the largest and the smallest, whole frames of them and mixed


@dataclass(frozen=True)
class Scenario:
    """One way to treat a design.

    Attributes:
        name: for tables and replay.
        starve: pauses of the inputs' valid (of `ap_start` in AP_CTRL_HS); drawn for each input on its own.
        stall: pauses of the outputs' ready; drawn for each output on its own.
        after_valid: each output's ready waits until it has seen valid, as AXI allows; where valid waits for ready too,
            neither ever comes.
        resets: frames that a reset cuts off.
        last: what is wrong with TLAST in some frames.
        words: which numbers are fed.
    """

    name: str
    starve: Pattern = STEADY
    stall: Pattern = STEADY
    after_valid: bool = False
    resets: int = 0
    last: LastError = LastError.NONE
    words: Words = Words.RANDOM


@dataclass(frozen=True)
class Segment:
    """Frames between two resets.

    Attributes:
        first: number of its first frame.
        frames: how many are fed.
        abort: cycle of the segment in which reset strikes; -1 where every frame is answered and nothing more may come.
            What was answered before must be right, and all that comes after belongs to the next segment.
        answers: how many frames are answered; -1 for all. Another number where TLAST is wrong.
    """

    first: int
    frames: int
    abort: int = -1
    answers: int = -1

    @property
    def answered(self) -> int:
        """Frames that are answered."""
        return self.frames if self.answers < 0 else self.answers


@dataclass(frozen=True, eq=False)
class Plan:
    """What a testbench does, cycle by cycle; a segment's cycle 0 is the first one after reset.

    Attributes:
        frames: fed in all, the aborted ones too.
        segments: one after another, each started by a reset.
        gaps: by input, (frames * beats,) cycles without valid before each beat, counted from when it could be offered
            at the earliest. In AP_CTRL_HS the first input's stand for `ap_start`.
        ready: by output, (period,) whether ready is high in cycle c of a segment, at index `c % period`; absent where
            nothing can hold the output back.
        last: by input with TLAST, (frames * beats,) its value.
        after_valid: an output's ready is high only in a cycle after one in which its beat waited; `ready` is not used.
        misframed: TLAST is wrong somewhere, in a design that goes by it: answers are to other frames than were cut.
        reset_cycles: that reset is held.
    """

    frames: int
    segments: tuple[Segment, ...]
    gaps: Mapping[str, npt.NDArray[np.int64]]
    ready: Mapping[str, npt.NDArray[np.bool_]]
    last: Mapping[str, npt.NDArray[np.bool_]] = field(default_factory=dict)
    misframed: bool = False
    after_valid: bool = False
    reset_cycles: int = RESET_CYCLES


@dataclass(frozen=True)
class Claims:
    """What a design says of its own timing, in clock cycles.

    Attributes:
        latency: from the cycle in which a frame's first beat is taken to the one in which its last answer is given.
        interval: from frame to frame.
    """

    latency: int
    interval: int


STEADY_SCENARIO = Scenario("back to back")

_LIGHT = Pattern(0.2, 1.5)
_HEAVY = Pattern(0.75, 4.0)
_BURSTS = Pattern(0.5, 24.0)


def standard_scenarios(protocol: Protocol) -> tuple[Scenario, ...]:
    """The scenarios that `verify --stress` runs."""
    if protocol is Protocol.AP_CTRL_HS:
        return (
            Scenario("held start"),
            Scenario("extreme words", words=Words.EXTREME),
            Scenario("pulsed start", starve=_LIGHT),
            Scenario("rare start", starve=_HEAVY),
            Scenario("bursts", starve=_BURSTS),
            Scenario("reset in mid-frame", starve=_LIGHT, resets=8),
        )
    common = (
        STEADY_SCENARIO,
        Scenario("extreme words", words=Words.EXTREME),
        Scenario("starved", starve=_LIGHT),
        Scenario("starved hard", starve=_HEAVY),
        Scenario("held back", stall=_LIGHT),
        Scenario("held back hard", stall=_HEAVY),
        Scenario("both", starve=Pattern(0.4, 2.0), stall=Pattern(0.4, 2.0)),
        Scenario("bursts", starve=_BURSTS, stall=_BURSTS),
        Scenario("ready after valid", after_valid=True),
        Scenario("reset in mid-frame", starve=_LIGHT, stall=_LIGHT, resets=8),
        Scenario("reset while held back", stall=_HEAVY, resets=8),
    )
    if protocol is Protocol.AXIS:
        errors = (LastError.EARLY, LastError.LATE, LastError.MISSING)
        return (*common, *(Scenario(f"TLAST {error.value}", starve=_LIGHT, last=error) for error in errors))
    return common


def _generator(seed: int, *names: str) -> np.random.Generator:
    return np.random.default_rng([seed, *(zlib.crc32(name.encode()) for name in names)])


def _last(stream: Stream, frames: int, error: LastError, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """TLAST of every beat; right in the last frame."""
    last = np.zeros((frames, stream.beats), dtype=bool)
    last[:, -1] = True
    wrong = np.flatnonzero(rng.random(frames) < 0.5)
    wrong = wrong[wrong < frames - 1]
    if error is LastError.NONE or (error is LastError.EARLY and stream.beats == 1):
        return last.reshape(-1)
    last[wrong, -1] = False
    if error is LastError.EARLY:
        last[wrong, rng.integers(0, stream.beats - 1, size=wrong.size)] = True
    if error is LastError.LATE:
        last[wrong + 1, 0] = True
    return last.reshape(-1)


def _segments(scenario: Scenario, frames: int, claims: Claims, rng: np.random.Generator) -> tuple[Segment, ...]:
    """Aborted frames first among whole ones, so that each reset is followed by frames that are answered."""
    cut = min(scenario.resets, frames // 4)
    if not cut:
        return (Segment(0, frames),)
    slower = 1 / ((1 - scenario.starve.share) * (1 - scenario.stall.share))
    segments: list[Segment] = []
    first = 0
    for number in range(cut):
        whole = (frames - first) // (2 * (cut - number))
        # As many as fill the design to the brim, where its outputs are held back.
        fed = int(rng.integers(1, max(1, min(2 + claims.latency // claims.interval, whole - 1)), endpoint=True))
        # Up to the cycle in which the last of them would have been answered.
        span = int(slower * (claims.latency + (fed - 1) * claims.interval)) + 1
        segments.append(Segment(first, fed, int(rng.integers(1, max(2, span), endpoint=True))))
        first += fed
        segments.append(Segment(first, whole))
        first += whole
    if first < frames:
        segments.append(Segment(first, frames - first))
    return tuple(segments)


def compile_plan(scenario: Scenario, dut: Dut, frames: int, claims: Claims, seed: int) -> Plan:
    """The cycles of a scenario.

    Args:
        scenario: what to do.
        dut: to which design.
        frames: how many are fed.
        claims: what the design says of its timing; resets fall inside what it says is a frame.
        seed: of all that is drawn; the scenario's name goes in too, so that no two draw alike.
    """
    once = _generator(seed, scenario.name)
    beats = {stream.name: frames * stream.beats for stream in dut.inputs}
    gaps = {
        name: scenario.starve.gaps(count, _generator(seed, scenario.name, "gaps", name))
        for name, count in beats.items()
    }
    if dut.protocol is Protocol.AP_CTRL_HS:
        gaps = dict.fromkeys(gaps, gaps[dut.inputs[0].name])
    ready = {}
    for stream in dut.outputs:
        if stream.ready:
            drawn = scenario.stall.cycles(_READY_PERIOD, _generator(seed, scenario.name, "ready", stream.name))
            drawn[-1] = True  # a pattern that never lets a beat pass would hold the design back for ever
            ready[stream.name] = drawn
    last = {
        # All inputs are wrong in the same frames, so that as many frames are left of each.
        stream.name: _last(stream, frames, _error(scenario, dut), _generator(seed, scenario.name, "last"))
        for stream in dut.inputs
        if stream.last
    }
    segments = _segments(scenario, frames, claims, once)
    misframed = dut.resyncs and _error(scenario, dut) is not LastError.NONE
    if misframed:
        segments = (Segment(0, frames, answers=min(int(np.count_nonzero(flags)) for flags in last.values())),)
    # A synchronous reset needs no more than one edge; several would let a pipeline run empty that is not reset at all.
    reset_cycles = 1 if scenario.resets else RESET_CYCLES
    return Plan(frames, segments, gaps, ready, last, misframed, scenario.after_valid, reset_cycles)


def _error(scenario: Scenario, dut: Dut) -> LastError:
    """The error of TLAST, where what is left of the inputs' frames still goes together."""
    if dut.resyncs and len({stream.beats for stream in dut.inputs}) > 1 and scenario.last is not LastError.EARLY:
        return LastError.NONE
    return scenario.last
