"""When beats move: the design's parts played clock by clock without their data, for latency, interval and FIFO depths.

The play follows the handshakes of the Verilog exactly, so that what it finds is what a simulation measures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import singledispatch
from typing import Protocol

from codesign.errors import UnsupportedLayerError
from codesign.rtl.network import Network
from codesign.rtl.parts import Channel, Fifo, Fork, Part, behaviour

_FRAMES = 4
# Up to so many beats a FIFO is tried for whatever it may gain.
_SMALL = 64
_FOREVER = 1 << 60


@dataclass
class _Wires:
    """Valid and ready of every channel, in this clock."""

    valid: list[bool]
    ready: list[bool]


class _Model(Protocol):
    """A part as the play sees it."""

    def offer(self, wires: _Wires) -> None:
        """Set valid of the channels that it gives, from its state and valid of what it reads."""

    def accept(self, wires: _Wires) -> None:
        """Set ready of the channels that it reads, from its state, their valid, and ready of what it gives."""

    def tick(self, wires: _Wires) -> bool:
        """Pass the clock edge; whether anything but a countdown changed."""

    def rest(self) -> int:
        """Clocks for which nothing but countdowns changes, if no channel does."""

    def skip(self, clocks: int) -> None:
        """Let that many clocks pass at rest."""


class _Pipeline:
    """A unit or adapter that freezes while its answer waits."""

    def __init__(self, part: Part, reads: list[int], gives: list[int]) -> None:
        known = behaviour(part)
        self._reads, self._out = reads, gives[0]
        self._takes = [[reads[k] for k, taken in enumerate(row) if taken] for row in known.takes.tolist()]
        self._gives: list[bool] = known.gives.tolist()
        self._clocks: list[int] = known.clocks.tolist()
        self._pipe = [False] * known.latency
        self._phase = self._wait = 0
        self._enabled = self._fires = False

    def offer(self, wires: _Wires) -> None:
        valid = wires.valid
        self._fires = self._wait == 0 and all(valid[channel] for channel in self._takes[self._phase])
        valid[self._out] = self._pipe[-1] if self._pipe else self._fires and self._gives[self._phase]

    def accept(self, wires: _Wires) -> None:
        offers = self._pipe[-1] if self._pipe else self._gives[self._phase]
        self._enabled = wires.ready[self._out] or not offers
        for channel in self._reads:
            wires.ready[channel] = False
        if self._enabled and self._fires:
            for channel in self._takes[self._phase]:
                wires.ready[channel] = True

    def tick(self, wires: _Wires) -> bool:
        if not self._enabled:
            return False
        fired = self._fires
        moved = fired
        if self._pipe:
            entering = fired and self._gives[self._phase]
            moved = moved or entering or any(self._pipe)
            self._pipe.pop()
            self._pipe.insert(0, entering)
        if fired:
            self._wait = self._clocks[self._phase] - 1
            self._phase = (self._phase + 1) % len(self._gives)
        elif self._wait:
            self._wait -= 1
            moved = moved or self._wait == 0
        return moved

    def rest(self) -> int:
        return self._wait if self._wait and self._enabled else _FOREVER

    def skip(self, clocks: int) -> None:
        if self._wait and self._enabled:
            self._wait -= clocks


class _Worker:
    """A unit that works on while its answers wait, until it holds as many as it can."""

    def __init__(self, part: Part, reads: list[int], gives: list[int]) -> None:
        known = behaviour(part)
        self._reads, self._out = reads, gives[0]
        self._takes = [[reads[k] for k, taken in enumerate(row) if taken] for row in known.takes.tolist()]
        self._gives: list[bool] = known.gives.tolist()
        self._clocks: list[int] = known.clocks.tolist()
        self._latency, self._slots = known.latency, known.slots
        self._due: list[int] = []
        self._phase = self._wait = 0
        self._fires = False

    def offer(self, wires: _Wires) -> None:
        wires.valid[self._out] = bool(self._due) and self._due[0] == 0

    def accept(self, wires: _Wires) -> None:
        taken = wires.valid[self._out] and wires.ready[self._out]
        room = not self._gives[self._phase] or len(self._due) - int(taken) < self._slots
        self._fires = self._wait == 0 and room and all(wires.valid[c] for c in self._takes[self._phase])
        for channel in self._reads:
            wires.ready[channel] = False
        if self._fires:
            for channel in self._takes[self._phase]:
                wires.ready[channel] = True

    def tick(self, wires: _Wires) -> bool:
        taken = wires.valid[self._out] and wires.ready[self._out]
        if taken:
            self._due.pop(0)
        ready = 1 in self._due or self._wait == 1
        self._due = [max(due - 1, 0) for due in self._due]
        self._wait = max(self._wait - 1, 0)
        if self._fires:
            if self._gives[self._phase]:
                self._due.append(self._latency - 1)
            self._wait = self._clocks[self._phase] - 1
            self._phase = (self._phase + 1) % len(self._gives)
        return taken or self._fires or ready

    def rest(self) -> int:
        running = [due for due in self._due if due] + ([self._wait] if self._wait else [])
        return min(running, default=_FOREVER)

    def skip(self, clocks: int) -> None:
        self._due = [max(due - clocks, 0) for due in self._due]
        self._wait = max(self._wait - clocks, 0)


class _Queued:
    """A unit that keeps beats of its input waiting in front of it."""

    def __init__(self, inner: _Model, read: int, room: int) -> None:
        self._inner, self._read, self._room = inner, read, room
        self._count, self._taken = 0, False

    def offer(self, wires: _Wires) -> None:
        offered = wires.valid[self._read]
        wires.valid[self._read] = self._count > 0
        self._inner.offer(wires)
        wires.valid[self._read] = offered

    def accept(self, wires: _Wires) -> None:
        self._inner.accept(wires)
        self._taken = wires.ready[self._read]
        wires.ready[self._read] = self._count < self._room

    def tick(self, wires: _Wires) -> bool:
        moved = self._inner.tick(wires)
        write = wires.valid[self._read] and wires.ready[self._read]
        self._count += int(write) - int(self._taken)
        return moved or write

    def rest(self) -> int:
        return self._inner.rest()

    def skip(self, clocks: int) -> None:
        self._inner.skip(clocks)


class _ForkModel:
    """As cs_fork.sv."""

    def __init__(self, part: Part, reads: list[int], gives: list[int]) -> None:
        self._read, self._gives = reads[0], gives
        self._had = [False] * len(gives)

    def offer(self, wires: _Wires) -> None:
        for had, channel in zip(self._had, self._gives, strict=True):
            wires.valid[channel] = wires.valid[self._read] and not had

    def accept(self, wires: _Wires) -> None:
        wires.ready[self._read] = all(had or wires.ready[c] for had, c in zip(self._had, self._gives, strict=True))

    def tick(self, wires: _Wires) -> bool:
        if not wires.valid[self._read]:
            return False
        before = self._had
        if wires.ready[self._read]:
            self._had = [False] * len(before)
            return True
        self._had = [had or wires.ready[c] for had, c in zip(before, self._gives, strict=True)]
        return self._had != before

    def rest(self) -> int:
        return _FOREVER

    def skip(self, clocks: int) -> None:
        pass


class _FifoModel:
    """As cs_fifo.sv."""

    def __init__(self, part: Fifo, reads: list[int], gives: list[int]) -> None:
        self.read, self._give, self._depth = reads[0], gives[0], part.depth
        self._count, self._held = 0, False

    @property
    def full(self) -> bool:
        """Whether it takes nothing more."""
        return self._count == self._depth

    def offer(self, wires: _Wires) -> None:
        wires.valid[self._give] = self._held

    def accept(self, wires: _Wires) -> None:
        wires.ready[self.read] = not self.full

    def tick(self, wires: _Wires) -> bool:
        write = wires.valid[self.read] and wires.ready[self.read]
        read = self._count > 0 and (not self._held or wires.ready[self._give])
        taken = self._held and wires.ready[self._give]
        self._held = read or (self._held and not wires.ready[self._give])
        self._count += int(write) - int(read)
        return write or read or taken

    def rest(self) -> int:
        return _FOREVER

    def skip(self, clocks: int) -> None:
        pass


@singledispatch
def _model(part: Part, reads: list[int], gives: list[int]) -> _Model:
    known = behaviour(part)
    model: _Model = _Pipeline(part, reads, gives) if known.freezes else _Worker(part, reads, gives)
    return _Queued(model, reads[0], known.ahead) if known.ahead else model


@_model.register
def _(part: Fork, reads: list[int], gives: list[int]) -> _Model:
    return _ForkModel(part, reads, gives)


@_model.register
def _(part: Fifo, reads: list[int], gives: list[int]) -> _Model:
    return _FifoModel(part, reads, gives)


@dataclass(frozen=True)
class _Played:
    """What a play showed.

    Attributes:
        first_taken: cycle in which the first beat was taken.
        given: cycle in which the last beat of each sample's answers was given.
        starving: channels behind a full FIFO whose reader waited for another channel.
        blocking: other channels behind a full FIFO that had to wait for it.
        stuck: nothing moved any more before all samples were answered.
    """

    first_taken: int
    given: tuple[int, ...]
    starving: frozenset[str]
    blocking: frozenset[str]
    stuck: bool


class _Play:
    """The parts of a design in motion."""

    def __init__(self, network: Network, frames: int) -> None:
        channels: dict[str, int] = {}

        def number(channel: Channel) -> int:
            return channels.setdefault(channel.name, len(channels))

        self._models: list[_Model] = []
        self._fifos: list[tuple[str, _FifoModel, int]] = []
        self._readers: dict[int, list[int]] = {}
        for part in network.parts:
            reads, gives = [number(c) for c in part.reads], [number(c) for c in part.gives]
            model = _model(part, reads, gives)
            self._models.append(model)
            self._readers.update(dict.fromkeys(reads, reads))
            if isinstance(model, _FifoModel):
                self._fifos.append((part.reads[0].name, model, gives[0]))
        self._names = {index: name for name, index in channels.items()}
        self._wires = _Wires([False] * len(channels), [False] * len(channels))
        self._left = {channels[c.name]: c.layout.beats * frames for c in network.inputs}
        read = {channels[c.name] for part in network.parts for c in part.reads}
        self._sinks = [index for index in self._names if index not in read]
        ends = {channels[c.name]: c.layout.beats for c in network.ends}
        self._beats = ends
        self._seen = dict.fromkeys(ends, 0)
        self._frames = frames

    def run(self) -> _Played:
        """Play until every sample is answered or nothing moves."""
        starving: set[str] = set()
        blocking: set[str] = set()
        first, cycle, given, stuck = -1, 0, [0] * self._frames, False
        for index in self._sinks:
            self._wires.ready[index] = True
        while not stuck and any(self._seen[index] < beats * self._frames for index, beats in self._beats.items()):
            self._settle()
            self._note_full(starving, blocking)
            if self._take() and first < 0:
                first = cycle
            self._give(cycle, given)
            moved = False
            for model in self._models:
                moved = model.tick(self._wires) or moved
            cycle += 1
            if not moved:
                clocks = min((model.rest() for model in self._models), default=_FOREVER)
                stuck = clocks == _FOREVER
                for model in self._models if not stuck else ():
                    model.skip(clocks)
                cycle += clocks
        return _Played(first, tuple(given), frozenset(starving), frozenset(blocking), stuck)

    def _settle(self) -> None:
        """Valid and ready of every channel in this clock."""
        for index, left in self._left.items():
            self._wires.valid[index] = left > 0
        for model in self._models:
            model.offer(self._wires)
        for model in reversed(self._models):
            model.accept(self._wires)

    def _take(self) -> bool:
        """Count the beats that enter; whether there are any."""
        entering = [index for index, left in self._left.items() if left and self._wires.ready[index]]
        for index in entering:
            self._left[index] -= 1
        return bool(entering)

    def _give(self, cycle: int, given: list[int]) -> None:
        """Count the beats that leave, and note when a sample's last one does."""
        for index, beats in self._beats.items():
            if self._seen[index] < beats * self._frames and self._wires.valid[index] and self._wires.ready[index]:
                self._seen[index] += 1
                frame, rest = divmod(self._seen[index], beats)
                if rest == 0:
                    given[frame - 1] = max(given[frame - 1], cycle)

    def _note_full(self, starving: set[str], blocking: set[str]) -> None:
        valid = self._wires.valid
        for name, model, behind in self._fifos:
            if model.full and valid[behind] and not all(valid[other] for other in self._readers[behind]):
                starving.add(name)
            elif model.full and valid[model.read]:
                blocking.add(name)


@dataclass(frozen=True)
class Schedule:
    """What a design does in time.

    Attributes:
        latency: clock cycles from the one in which a sample's first beat is taken to the one in which the last beat of
            its answers is given, of an idle design whose outputs nothing holds back.
        interval: clock cycles from one sample to the next where inputs are always valid and outputs always ready.
        fifos: by name of the channel that is buffered, the depth of its FIFO.
    """

    latency: int
    interval: int
    fifos: Mapping[str, int]


def schedule(connect: Callable[[Mapping[str, int]], Network]) -> Schedule:
    """Latency and interval of a design, and the FIFOs that keep its branches from waiting for each other.

    Every channel that is read together with another one gets a FIFO, which grows as long as it is ever full while its
    reader waits for the other channel: then it could hold back the fork that both come from. Those that gain nothing
    are left out again.

    Args:
        connect: the design with FIFOs of given depths.

    Raises:
        UnsupportedLayerError: its branches wait for each other whatever the FIFOs hold.
    """
    network = connect({})
    if not network.joins:
        return _timed(_Play(network, _FRAMES).run(), {})
    depths = dict.fromkeys(network.joins, 2)
    frames = _FRAMES
    while True:
        played = _Play(connect(depths), frames).run()
        largest = {name: 2 + frames * size for name, size in network.joins.items()}
        growing = [name for name in played.starving if depths[name] < largest[name]]
        growing += [name for name in played.blocking - played.starving if depths[name] < min(largest[name], _SMALL)]
        depths.update({name: min(2 * depths[name], largest[name]) for name in growing})
        # A branch that lags by many samples fills the FIFO of the other one only after as many.
        held = 0 if played.stuck else _FRAMES + _timed(played, {}).latency // _timed(played, {}).interval
        if not growing and held <= frames:
            break
        frames = max(frames, held)
    if played.stuck:
        raise UnsupportedLayerError(
            f"the branches that meet at {', '.join(sorted(network.joins))} wait for each other; "
            "build the layers in between with reuse factor 1"
        )
    return _shallowest(connect, _timed(played, depths), frames)


def _shallowest(connect: Callable[[Mapping[str, int]], Network], best: Schedule, frames: int) -> Schedule:
    """The same design with each FIFO as shallow as it may be, or none, without losing a clock."""

    def kept(depths: Mapping[str, int]) -> Schedule | None:
        found = timed(connect(depths), frames)
        if found is None or found[::-1] > (best.interval, best.latency):
            return None
        return Schedule(*found, dict(depths))

    for name in (*sorted(best.fifos), None):
        fewer = {key: depth for key, depth in best.fifos.items() if name is not None and key != name}
        best = kept(fewer) or best
    for name in sorted(best.fifos):
        low, high = 0, best.fifos[name]
        while high - low > 1:
            middle = (low + high) // 2
            found = kept({**best.fifos, name: middle})
            if found is None:
                low = middle
            else:
                high, best = middle, found
    return best


def timed(network: Network, frames: int = _FRAMES) -> tuple[int, int] | None:
    """Latency and interval of a design as it stands, as in `Schedule`; None where its branches wait for each other.

    Args:
        network: the design.
        frames: samples that are played.
    """
    played = _Play(network, frames).run()
    if played.stuck:
        return None
    found = _timed(played, {})
    return found.latency, found.interval


def _timed(played: _Played, fifos: Mapping[str, int]) -> Schedule:
    if played.stuck:
        raise UnsupportedLayerError("the design stops before it has answered; its units contradict each other")
    steps = [after - before for before, after in zip(played.given, played.given[1:], strict=False)]
    settled = steps[len(steps) // 3 :]
    return Schedule(played.given[0] - played.first_taken, max(max(settled, default=1), 1), dict(fifos))
