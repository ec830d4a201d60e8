"""Feeding a stream: beats under valid and ready, plain or AXI4-Stream."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from rtl_sim.beats import keep, width
from rtl_sim.interface import Stream
from rtl_sim.packing import Bytes, to_words
from rtl_sim.signals import Signal


class Queue:
    """Beats of one input that wait for their turn, with the cycles to pause before each.

    Attributes:
        stream: that they go to.
        position: of the next one that is to be taken.
    """

    def __init__(self, stream: Stream) -> None:
        """
        Args:
            stream: that they go to.
        """
        self.stream = stream
        self.position = 0
        self._words: list[list[int]] = [[] for _ in stream.data]
        self._gaps: list[int] = []
        self._last: list[bool] = []

    def load(
        self, words: Mapping[str, Bytes], gaps: Sequence[int] | None = None, last: Sequence[bool] | None = None
    ) -> None:
        """Put beats at the end.

        Args:
            words: by data signal, as `to_beats` gives them.
            gaps: cycles to pause before each; None for none.
            last: TLAST of each; None for where it belongs.
        """
        for column, signal in zip(self._words, self.stream.data, strict=True):
            column += to_words(words[signal])
        added = len(self._words[0]) - len(self._gaps)
        beats = self.stream.beats
        self._gaps += [int(gap) for gap in gaps] if gaps is not None else [0] * added
        self._last += (
            [bool(flag) for flag in last] if last is not None else [i % beats == beats - 1 for i in range(added)]
        )

    def clear(self) -> None:
        """Forget every beat."""
        self.position = 0
        for column in self._words:
            column.clear()
        self._gaps.clear()
        self._last.clear()

    def __len__(self) -> int:
        return len(self._gaps)

    @property
    def gap(self) -> int:
        """Cycles to pause before the next beat."""
        return self._gaps[self.position]

    @property
    def last(self) -> bool:
        """TLAST of the next beat."""
        return self._last[self.position]

    def words(self) -> list[int]:
        """By data signal, the next beat's words."""
        return [column[self.position] for column in self._words]


class StreamDriver:
    """Offers beats, and holds each unchanged until it is taken; while it pauses, noise is on the data.

    Attributes:
        queue: what is to be driven.
        taken: by beat taken, its cycle.
    """

    def __init__(self, dut: Any, stream: Stream, seed: int) -> None:
        """
        Args:
            dut: cocotb's handle of the top module.
            stream: an input under valid, with or without ready.
            seed: of the noise.
        """
        self.queue = Queue(stream)
        self.taken: list[int] = []
        self._limit = 0
        self._data = [Signal(dut, name, stream.name) for name in stream.data]
        self._valid = Signal(dut, stream.valid[0], stream.name)
        self._ready = Signal(dut, stream.ready, stream.name) if stream.ready else None
        self._last = Signal(dut, stream.last, stream.name) if stream.last else None
        self._keep = Signal(dut, stream.keep, stream.name) if stream.keep else None
        # Noise is no secret.
        self._random = random.Random(f"{seed} {stream.name}")  # noqa: S311
        self._offered = False
        self._waited = 0

    @property
    def queues(self) -> tuple[Queue, ...]:
        """Of the streams that it feeds."""
        return (self.queue,)

    @property
    def stream(self) -> Stream:
        """The input."""
        return self.queue.stream

    @property
    def done(self) -> bool:
        """All that it was to feed was taken."""
        return self.queue.position >= self._limit

    @property
    def started(self) -> int:
        """Number of the first frame of which no beat was taken yet."""
        return -(-self.queue.position // self.stream.beats)

    def begin(self, first: int, frames: int) -> None:
        """Feed these frames from now on."""
        self.queue.position = first * self.stream.beats
        self._limit = (first + frames) * self.stream.beats

    def clear(self) -> None:
        """Forget every frame, fed or not."""
        self.queue.clear()
        self.taken.clear()

    def rest(self) -> None:
        """Offer nothing, as during a reset."""
        self._offered, self._waited = False, 0
        self._idle()

    def _idle(self) -> None:
        self._valid.write(0)
        bits = width(self.stream)
        for signal in self._data:
            signal.write(self._random.getrandbits(bits))
        if self._last is not None:
            self._last.write(self._random.getrandbits(1))
        if self._keep is not None:
            self._keep.write(keep(self.stream, 0))

    def drive(self) -> None:
        """What is on the pins in this cycle; called at the clock's falling edge."""
        if self._offered:
            return
        if self.done or self._waited < self.queue.gap:
            self._waited += 1
            self._idle()
            return
        self._offered = True
        for signal, word in zip(self._data, self.queue.words(), strict=True):
            signal.write(word)
        if self._last is not None:
            self._last.write(int(self.queue.last))
        if self._keep is not None:
            self._keep.write(keep(self.stream, self.queue.position % self.stream.beats))
        self._valid.write(1)

    def sample(self, cycle: int) -> bool:
        """See whether the beat is taken at the coming edge; called when the pins have settled.

        Raises:
            BreachError: ready is X or Z.
        """
        ready = self._ready.flag() if self._ready is not None else True
        if not (self._offered and ready):
            return False
        self.taken.append(cycle)
        self.queue.position += 1
        self._offered, self._waited = False, 0
        return True

    def describe(self) -> str:
        """Where it stands, for a watchdog."""
        if self.done:
            return f"{self.stream.name}: every beat was taken"
        if not self._offered:
            return f"{self.stream.name}: pausing before {self._place()}"
        return f"{self.stream.name}: {self._place()} is offered, and {self.stream.ready} is low"

    def _place(self) -> str:
        frame, beat = divmod(self.queue.position, self.stream.beats)
        return f"beat {beat} of frame {frame}"
