"""Comparing what a design answered with what it should: frame by frame, whichever testbench saw it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rtl_sim.beats import elements, from_beats
from rtl_sim.interface import Dut, Stream
from rtl_sim.observed import Flow, Observed
from rtl_sim.scenario import Plan, Segment


@dataclass(frozen=True)
class Fault:
    """A wrong answer, or a rule that was broken.

    Attributes:
        stream: an output or a point inside; '' for the design as a whole.
        frame: its number; -1 where none can be named.
        cycle: of the frame's last beat, or in which the rule was broken.
        segment: of the plan.
        index: of the first wrong number in the frame, flattened; -1 where no number is wrong.
        expected: the number; 0 where none is wrong.
        found: the number; 0 where none is wrong.
        text: all of it as a sentence.
    """

    stream: str
    frame: int
    cycle: int
    segment: int
    index: int
    expected: int
    found: int
    text: str


def _bits(value: int, bits: int) -> str:
    return format(value & ((1 << bits) - 1), f"0{bits}b")


def _frame_faults(
    stream: Stream, number: int, segment: Segment, flow: Flow, expected: npt.NDArray[Any]
) -> Iterator[Fault]:
    places = flow.within(number)
    whole = min(places.size // stream.beats, segment.answered)
    words = {name: rows[places] for name, rows in flow.words.items()}
    found = from_beats(stream, words, whole)
    wanted = expected[segment.first : segment.first + whole].reshape(whole, elements(stream))
    for place in np.flatnonzero((found != wanted).any(axis=1)):
        index = int(np.flatnonzero(found[place] != wanted[place])[0])
        right, got = int(wanted[place, index]), int(found[place, index])
        frame = segment.first + int(place)
        cycle = int(flow.cycle[places[(place + 1) * stream.beats - 1]])
        yield Fault(
            stream.name,
            frame,
            cycle,
            number,
            index,
            right,
            got,
            f"{stream.name} of frame {frame} is wrong in cycle {cycle}: number {index} is {got} "
            f"({_bits(got, stream.bits)}), expected {right} ({_bits(right, stream.bits)})",
        )


def _count_fault(stream: Stream, number: int, segment: Segment, flow: Flow) -> Fault | None:
    places = flow.within(number)
    beats = segment.answered * stream.beats
    lacks = segment.abort < 0 and places.size < beats
    if places.size <= beats and not lacks:
        return None
    frame = segment.first + min(places.size, beats) // stream.beats
    cycle = int(flow.cycle[places[-1]]) if places.size else -1
    text = f"{stream.name} gave {places.size} beats, not {beats}, for {segment.answered} frames from {segment.first} on"
    return Fault(stream.name, frame, cycle, number, -1, 0, 0, text)


def judge(design: Dut, plan: Plan, observed: Observed, expected: Mapping[str, npt.NDArray[Any]]) -> tuple[Fault, ...]:
    """What was wrong, the earliest frame first, and in it the point inside that comes first in `design.probes`.

    Args:
        design: that answered.
        plan: that was carried out.
        observed: what was seen.
        expected: by output or probe, (n, ...) integers of the frames that were fed.

    Returns:
        Nothing where every frame that no reset cut off was answered in full and right, those that a reset cut off
        were right as far as they came, and no rule was broken.
    """
    faults: list[Fault] = []
    ended = len(observed.starts) - 1 if observed.violations else len(plan.segments)
    for stream in (*design.probes, *design.outputs):
        flow = observed.flows.get(stream.name)
        if flow is None or stream.name not in expected:
            continue
        for number, segment in enumerate(plan.segments[: len(observed.starts)]):
            faults += _frame_faults(stream, number, segment, flow, expected[stream.name])
            miscounted = _count_fault(stream, number, segment, flow) if number < ended else None
            if miscounted is not None:
                faults.append(miscounted)
    faults.sort(key=lambda fault: fault.frame)
    faults += [_broken(plan, observed, design, place) for place in range(len(observed.violations))]
    return tuple(faults)


def _broken(plan: Plan, observed: Observed, design: Dut, place: int) -> Fault:
    violation = observed.violations[place]
    segment = plan.segments[violation.segment]
    frame = segment.first
    for stream in (*design.outputs, *design.probes):
        if stream.name == (violation.stream or design.outputs[0].name) and stream.name in observed.flows:
            frame += observed.flows[stream.name].within(violation.segment).size // stream.beats
    whose = f"{violation.stream}: " if violation.stream else ""
    text = f"{whose}{violation.text} (frame {frame}, cycle {violation.cycle})"
    return Fault(violation.stream, frame, violation.cycle, violation.segment, -1, 0, 0, text)
