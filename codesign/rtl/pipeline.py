"""Cutting logic into pipeline stages: as few as a period allows, and these as even as can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alkaid.trace.pipeline import to_pipeline
from alkaid.types import CombLogic

from codesign.rtl.delay import REGISTERED, Signal, longest_path, signal
from codesign.rtl.fabric import Cut, Fabric

_BALANCING_STEPS = 12


@dataclass(frozen=True)
class _Schedule:
    """The stage of every operation, how many there are, and the longest way through one of them."""

    stages: tuple[int, ...]
    count: int
    longest_ns: float


def _schedule(logic: CombLogic, fabric: Fabric, limit_ns: float) -> _Schedule:
    """Every operation in the first stage that has room for it; one that no stage has room for gets one alone."""
    stages: list[int] = []
    signals: list[Signal] = []
    longest = 0.0
    for index, op in enumerate(logic.ops):
        reads = list(op.input_ids)
        stage = max((stages[i] for i in reads), default=0)
        before = [signals[i] if stages[i] == stage else REGISTERED for i in reads]
        found = signal(index, logic, before, fabric)
        if found.arrival > limit_ns and any(s.arrival > 0 for s in before):
            stage += 1
            found = signal(index, logic, [REGISTERED] * len(reads), fabric)
        stages.append(stage)
        signals.append(found)
        longest = max(longest, found.arrival)
    return _Schedule(tuple(stages), max(stages, default=0) + 1, longest)


def _balanced(logic: CombLogic, cut: Cut) -> _Schedule:
    """The schedule with the fewest stages, and of these one whose longest way is short."""
    best = _schedule(logic, cut.fabric, cut.logic_ns)
    low, high = best.longest_ns / best.count / 2, best.longest_ns
    for _ in range(_BALANCING_STEPS):
        middle = (low + high) / 2
        tried = _schedule(logic, cut.fabric, middle)
        if tried.count <= best.count and tried.longest_ns <= best.longest_ns:
            best, high = tried, min(middle, tried.longest_ns)
        else:
            low = middle
    return best


def _staged(logic: CombLogic, schedule: _Schedule) -> CombLogic:
    """The logic with an operation's stage as its delay, by which alkaid splits it."""
    at = zip(logic.ops, schedule.stages, strict=True)
    return logic._replace(ops=[op._replace(latency=float(stage + 1)) for op, stage in at])


def stages(logic: CombLogic, cut: Cut) -> tuple[CombLogic, ...]:
    """The logic of each stage, in order; what one gives is what the next reads.

    Args:
        logic: of a node.
        cut: what may stand between two registers.
    """
    if not cut.stages:
        return (logic,)
    schedule = _balanced(logic, cut)
    pipeline = to_pipeline(_staged(logic, schedule), n_stages=schedule.count, verbose=False, reg_inp=False)
    return tuple(pipeline.logic.values())


def longest_stage_ns(parts: Sequence[CombLogic], fabric: Fabric) -> float:
    """The shortest clock period that every stage keeps to, by the model."""
    return max((longest_path(part, fabric) for part in parts), default=fabric.stage_ns)
