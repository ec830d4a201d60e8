"""A bench around a design that takes a sample when `in_valid` is high and gives its answer when `out_valid` is.

Everything is driven and read at the clock's falling edge, where every simulator agrees on what a register holds.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

from rtl_sim.job import Job

PERIOD_NS = 10
RESET_CYCLES = 4


class BenchError(Exception):
    """The design broke the protocol: an unknown value, an answer too many, or none at all."""


def read(handle: Any, what: str) -> int:
    """The word on a signal.

    Raises:
        BenchError: a bit is X or Z.
    """
    value = handle.value
    try:
        return int(value)
    except (TypeError, ValueError):
        raise BenchError(f"{what} holds an unknown value: {value}") from None


@dataclass
class Record:
    """What the bench saw.

    Attributes:
        taken: cycle in which each sample was driven.
        given: cycle in which each answer was found.
        words: by signal, the words of each sample.
    """

    taken: list[int] = field(default_factory=list)
    given: list[int] = field(default_factory=list)
    words: dict[str, list[int]] = field(default_factory=dict)


class Bench:
    """Drives samples into a design and keeps what it answers."""

    def __init__(self, dut: Any, job: Job) -> None:
        """
        Args:
            dut: cocotb's handle of the top module.
            job: names its signals.
        """
        self._job = job
        self._clock = getattr(dut, job.clock)
        self._reset = getattr(dut, job.reset)
        self._in_valid = getattr(dut, job.in_valid)
        self._out_valid = getattr(dut, job.out_valid)
        self._inputs = [(signal, getattr(dut, signal.name)) for signal in job.inputs]
        self._outputs = [(signal, getattr(dut, signal.name)) for signal in job.outputs]
        self._layers = [(signal, getattr(dut, signal.name)) for signal in job.layers]
        # Signals that carry no bench data need no strong generator.
        self._random = random.Random(job.seed)  # noqa: S311
        self._cycle = 0
        self.record = Record(words={signal.name: [] for signal in (*job.outputs, *job.layers)})

    async def start(self) -> None:
        """Start the clock and hold reset.

        Raises:
            BenchError: the design claims an answer, or does not know, after its reset.
        """
        self._in_valid.value = 0
        self._reset.value = 1
        self._drive_noise()
        Clock(self._clock, PERIOD_NS, "ns").start()
        for _ in range(RESET_CYCLES):
            await FallingEdge(self._clock)
        self._reset.value = 0
        await FallingEdge(self._clock)
        if read(self._out_valid, self._job.out_valid):
            raise BenchError(f"{self._job.out_valid} is high after reset, before any sample")

    def _drive_noise(self) -> None:
        for signal, handle in self._inputs:
            handle.value = self._random.getrandbits(signal.width)

    def _look(self) -> None:
        """Take what the design shows in this cycle."""
        record = self.record
        if read(self._out_valid, self._job.out_valid):
            if len(record.given) == len(record.taken):
                raise BenchError(f"{self._job.out_valid} is high in cycle {self._cycle}, but no sample waits for it")
            for signal, handle in self._outputs:
                record.words[signal.name].append(read(handle, signal.name))
            record.given.append(self._cycle)
        for signal, handle in self._layers:
            seen = record.words[signal.name]
            if len(seen) < len(record.taken) and record.taken[len(seen)] + signal.offset == self._cycle:
                seen.append(read(handle, signal.name))

    async def _step(self) -> None:
        await FallingEdge(self._clock)
        self._cycle += 1
        self._look()

    def _finished(self) -> bool:
        return all(len(words) == len(self.record.taken) for words in self.record.words.values())

    def _check_patience(self) -> None:
        record = self.record
        if len(record.given) == len(record.taken):
            return
        last = max(record.given[-1] if record.given else 0, record.taken[len(record.given)])
        if self._cycle - last > self._job.patience:
            raise BenchError(
                f"{len(record.given)} of {len(record.taken)} samples were answered, then none for "
                f"{self._job.patience} cycles"
            )

    async def run(self, words: Mapping[str, Sequence[int]], gaps: Sequence[int]) -> Record:
        """Drive every sample, wait for every answer, and see that no more come.

        Args:
            words: by input signal, the word of each sample.
            gaps: idle cycles before each sample; noise is on the inputs then.

        Raises:
            BenchError: the design broke the protocol.
        """
        driven = [(handle, words[signal.name]) for signal, handle in self._inputs]
        for sample, gap in enumerate(gaps):
            if gap:
                self._in_valid.value = 0
                self._drive_noise()
                for _ in range(gap):
                    await self._step()
            for handle, column in driven:
                handle.value = column[sample]
            self._in_valid.value = 1
            self.record.taken.append(self._cycle)
            await self._step()
            self._check_patience()
        self._in_valid.value = 0
        self._drive_noise()
        while not self._finished():
            await self._step()
            self._check_patience()
        for _ in range(max(8, 2 * (self.record.given[-1] - self.record.taken[-1]) if self.record.given else 8)):
            await self._step()
        return self.record
