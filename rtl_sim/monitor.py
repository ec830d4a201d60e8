"""Watching a design: what passes a stream under valid and ready, or leaves under a valid flag of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rtl_sim.beats import keep, masks
from rtl_sim.interface import Stream
from rtl_sim.signals import BreachError, Signal


class StreamMonitor:
    """Keeps the beats that pass a stream, and sees that each is known, and waits unchanged until it is taken.

    Attributes:
        stream: that it watches.
        words: by data signal, the beats' words, bits that hold no number cleared.
        given: by beat, its cycle.
    """

    def __init__(self, dut: Any, stream: Stream, *, drives_ready: bool) -> None:
        """
        Args:
            dut: cocotb's handle of the top module.
            stream: an output, or a point inside.
            drives_ready: it is an output whose ready is the testbench's.
        """
        self.stream = stream
        self.words: list[list[int]] = [[] for _ in stream.data]
        self.given: list[int] = []
        self._data = [Signal(dut, name, stream.name) for name in stream.data]
        self._valid = Signal(dut, stream.valid[0], stream.name)
        self._ready = Signal(dut, stream.ready, stream.name) if stream.ready else None
        self._last = Signal(dut, stream.last, stream.name) if stream.last else None
        self._keep = Signal(dut, stream.keep, stream.name) if stream.keep else None
        self._masks = [masks(stream, beat) for beat in range(stream.beats)]
        self._user = Signal(dut, stream.user, stream.name) if stream.user else None
        self._marked = self._after_valid = False
        self._drives_ready = drives_ready and self._ready is not None
        self._pattern: Sequence[bool] = (True,)
        self._beat = 0
        self._waiting: tuple[int, ...] | None = None
        self._wanted = True

    @property
    def count(self) -> int:
        """Beats since the last reset."""
        return self._beat

    def load(self, pattern: Sequence[bool], *, misframed: bool = False, after_valid: bool = False) -> None:
        """Ready in the cycles after each reset, over and over.

        Args:
            pattern: of ready.
            misframed: frames are fed whose TLAST is wrong, so answers may be marked.
            after_valid: ready is high only in a cycle after one in which a beat waited, whatever the pattern.
        """
        self._pattern = [bool(flag) for flag in pattern]
        self._marked, self._after_valid = misframed, after_valid

    def clear(self) -> None:
        """Forget every beat that was seen."""
        for column in self.words:
            column.clear()
        self.given.clear()
        self.rest()

    def rest(self) -> None:
        """Forget what was under way, as a reset does."""
        self._beat, self._waiting = 0, None
        if self._drives_ready and self._ready is not None:
            self._ready.write(0)

    def drive(self, cycle: int) -> None:
        """Ready in this cycle since the reset; called at the clock's falling edge."""
        self._wanted = self._pattern[cycle % len(self._pattern)]
        if self._after_valid:
            self._wanted = self._waiting is not None
        if self._drives_ready and self._ready is not None:
            self._ready.write(int(self._wanted))

    def contradict(self) -> bool | None:
        """Drive ready the other way for a moment.

        Returns:
            Valid as it was before; None where ready is not the testbench's.
        """
        if not self._drives_ready or self._ready is None:
            return None
        before = self._valid.flag()
        self._ready.write(int(not self._wanted))
        return before

    def insist(self, before: bool | None) -> None:
        """See that valid did not follow ready, and drive ready as it should be.

        Raises:
            BreachError: valid changed with ready, which can lock two designs up for ever.
        """
        if before is None or self._ready is None:
            return
        after = self._valid.flag()
        self._ready.write(int(self._wanted))
        if after != before:
            raise BreachError(self.stream.name, f"{self._valid.name} depends on {self._ready.name} in the same cycle")

    def _read(self) -> tuple[int, ...]:
        """The beat's words, and its marks.

        Raises:
            BreachError: something is unknown.
        """
        kept = self._masks[self._beat % self.stream.beats]
        words = [signal.read(mask) for signal, mask in zip(self._data, kept, strict=True)]
        return (*words, *(signal.read() for signal in (self._last, self._keep, self._user) if signal is not None))

    def sample(self, cycle: int) -> bool:
        """See whether a beat passes at the coming edge; called when the pins have settled.

        Raises:
            BreachError: a rule is broken: unknown bits, a beat that is taken back or changes while it waits, a mark
                in the wrong place.
        """
        if not self._valid.flag():
            if self._waiting is not None:
                raise BreachError(self.stream.name, f"{self._valid.name} fell before the beat was taken")
            return False
        beat = self._read()
        if self._waiting is not None and beat != self._waiting:
            raise BreachError(self.stream.name, f"{' or '.join(self.stream.data)} changed while the beat waited")
        self._check_marks()
        ready = self._ready.flag() if self._ready is not None else True
        if not ready:
            self._waiting = beat
            return False
        for column, word in zip(self.words, beat, strict=False):
            column.append(word)
        self.given.append(cycle)
        self._beat += 1
        self._waiting = None
        return True

    def _check_marks(self) -> None:
        frame, beat = divmod(self._beat, self.stream.beats)
        if self._last is not None and self._last.flag() != (beat == self.stream.beats - 1):
            found = "high" if self._last.flag() else "low"
            raise BreachError(
                self.stream.name,
                f"{self._last.name} is {found} in beat {beat} of {self.stream.beats} "
                f"(frame {frame} since the last reset)",
            )
        if self._user is not None and self._user.flag() and not self._marked:
            raise BreachError(self.stream.name, f"{self._user.name} is high in beat {beat} of a frame without a fault")
        if self._keep is not None and self._keep.read() != keep(self.stream, beat):
            raise BreachError(
                self.stream.name,
                f"{self._keep.name} is {self._keep.read():#x} in beat {beat}, expected {keep(self.stream, beat):#x}",
            )

    def describe(self) -> str:
        """Where it stands, for a watchdog."""
        frame, beat = divmod(self._beat, self.stream.beats)
        levels = [
            f"{signal.name} {'high' if signal.flag() else 'low'}" for signal in (self._valid, self._ready) if signal
        ]
        return f"{self.stream.name}: waiting for beat {beat} of frame {frame} since the reset, {', '.join(levels)}"


class FlagMonitor:
    """Keeps what leaves a design that nothing holds back: each data signal under a flag of its own.

    Attributes:
        stream: that it watches, one beat a frame.
        words: by data signal, the words.
        given: by frame, the cycle in which its last part came.
    """

    def __init__(self, dut: Any, stream: Stream, done: str) -> None:
        """
        Args:
            dut: cocotb's handle of the top module.
            stream: an output.
            done: signal that flags the data where they have no flag of their own.
        """
        self.stream = stream
        self.words: list[list[int]] = [[] for _ in stream.data]
        self.given: list[int] = []
        flags = stream.valid or (done,)
        if len(flags) == 1:
            flags *= len(stream.data)
        self._pairs = [
            (Signal(dut, flag, stream.name), Signal(dut, name, stream.name))
            for flag, name in zip(flags, stream.data, strict=True)
        ]
        self._masks = masks(stream, 0)
        self._start = 0

    @property
    def count(self) -> int:
        """Whole frames since the last reset."""
        return len(self.given) - self._start

    def clear(self) -> None:
        """Forget every beat that was seen."""
        for column in self.words:
            column.clear()
        self.given.clear()
        self.rest()

    def rest(self) -> None:
        """Forget what was under way, as a reset does."""
        for column in self.words:
            del column[len(self.given) :]
        self._start = len(self.given)

    def drive(self, cycle: int) -> None:
        """Nothing holds it back."""

    def contradict(self) -> None:
        """Nothing holds it back."""

    def insist(self, before: None) -> None:
        """Nothing holds it back."""

    def sample(self, cycle: int) -> bool:
        """See whether something leaves at the coming edge; called when the pins have settled.

        Raises:
            BreachError: unknown bits, or one part comes twice before another.
        """
        came = False
        for column, (flag, data), mask in zip(self.words, self._pairs, self._masks, strict=True):
            if not flag.flag():
                continue
            came = True
            if len(column) > len(self.given):
                raise BreachError(
                    self.stream.name, f"{flag.name} is high again before every other output of the frame was valid"
                )
            column.append(data.read(mask))
        if came and all(len(column) > len(self.given) for column in self.words):
            self.given.append(cycle)
        return came

    def describe(self) -> str:
        """Where it stands, for a watchdog."""
        pairs = zip(self.words, self._pairs, strict=True)
        lacking = [flag.name for column, (flag, _) in pairs if len(column) <= len(self.given)]
        more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
        return f"{self.stream.name}: waiting for {lacking[0]}{more}, frame {self.count} since the reset"
