"""Feeding a design that is started: a frame on all inputs under `ap_start`, held until `ap_ready`."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from rtl_sim.beats import width
from rtl_sim.driver import Queue
from rtl_sim.interface import Control, Stream
from rtl_sim.signals import Signal


class StartDriver:
    """Starts a design through `ap_start` with a frame on all its inputs, and holds both until `ap_ready`.

    Attributes:
        queues: by input, what is to be driven; the first one's gaps count.
        taken: by frame, the cycle in which it was first offered.
    """

    def __init__(self, dut: Any, control: Control, streams: Sequence[Stream], seed: int) -> None:
        """
        Args:
            dut: cocotb's handle of the top module.
            control: its handshake.
            streams: its inputs, one beat a frame.
            seed: of the noise.
        """
        self.queues = tuple(Queue(stream) for stream in streams)
        self.taken: list[int] = []
        self._limit = 0
        self._data = [[Signal(dut, name, stream.name) for name in stream.data] for stream in streams]
        self._valids = [Signal(dut, name, stream.name) for stream in streams for name in stream.valid]
        self._start = Signal(dut, control.start)
        self._ready = Signal(dut, control.ready)
        self._random = random.Random(f"{seed} {control.start}")  # noqa: S311 as above
        self._offered = self._new = False
        self._waited = 0

    @property
    def done(self) -> bool:
        """All that it was to feed was accepted."""
        return self.queues[0].position >= self._limit

    @property
    def started(self) -> int:
        """Number of the first frame that was not offered yet."""
        return self.queues[0].position + int(self._offered and not self._new)

    def begin(self, first: int, frames: int) -> None:
        """Feed these frames from now on."""
        for queue in self.queues:
            queue.position = first
        self._limit = first + frames

    def clear(self) -> None:
        """Forget every frame, fed or not."""
        for queue in self.queues:
            queue.clear()
        self.taken.clear()

    def rest(self) -> None:
        """Start nothing, as during a reset."""
        self._offered, self._waited = False, 0
        self._idle()

    def _idle(self) -> None:
        self._start.write(0)
        for signal in self._valids:
            signal.write(0)
        for queue, signals in zip(self.queues, self._data, strict=True):
            bits = width(queue.stream)
            for signal in signals:
                signal.write(self._random.getrandbits(bits))

    def drive(self) -> None:
        """What is on the pins in this cycle; called at the clock's falling edge."""
        if self._offered:
            return
        if self.done or self._waited < self.queues[0].gap:
            self._waited += 1
            self._idle()
            return
        self._offered = self._new = True
        for queue, signals in zip(self.queues, self._data, strict=True):
            for signal, word in zip(signals, queue.words(), strict=True):
                signal.write(word)
        for signal in self._valids:
            signal.write(1)
        self._start.write(1)

    def sample(self, cycle: int) -> bool:
        """See whether the frame was accepted at the coming edge; called when the pins have settled.

        Raises:
            BreachError: `ap_ready` is X or Z.
        """
        ready = self._ready.flag()
        if self._offered and self._new:
            self.taken.append(cycle)
            self._new = False
        if not (self._offered and ready):
            return False
        for queue in self.queues:
            queue.position += 1
        self._offered, self._waited = False, 0
        return True

    def describe(self) -> str:
        """Where it stands, for a watchdog."""
        frame = self.queues[0].position
        if self.done:
            return f"{self._start.name}: every frame was accepted"
        if not self._offered:
            return f"{self._start.name}: pausing before frame {frame}"
        return f"{self._start.name} is high for frame {frame}, and {self._ready.name} is low"
