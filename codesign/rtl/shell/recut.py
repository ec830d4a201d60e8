"""Parts that cut a frame's beats anew where neither cut need divide the frame: its last beat may be partly empty."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, lcm

import numpy as np

from codesign.rtl.parts import Channel, Part, behaviour, instance
from codesign.rtl.stream import Behaviour, Layout


def cut(size: int, lanes: int) -> Layout:
    """`size` numbers in beats of `lanes`."""
    return Layout(lanes, ceil(size / lanes))


@dataclass(frozen=True, eq=False)
class Pack(Part):
    """Makes wider beats."""

    @property
    def factor(self) -> int:
        """Beats that become one."""
        return ceil(self.gives[0].layout.lanes / self.reads[0].layout.lanes)


@dataclass(frozen=True, eq=False)
class Unpack(Part):
    """Makes narrower beats."""

    @property
    def factor(self) -> int:
        """Beats that one becomes."""
        return ceil(self.reads[0].layout.lanes / self.gives[0].layout.lanes)


@behaviour.register
def _(part: Pack) -> Behaviour:
    beats = part.reads[0].layout.beats
    gives = np.arange(1, beats + 1) % part.factor == 0
    gives[-1] = True
    return Behaviour(np.ones((beats, 1), dtype=bool), gives, np.ones(beats, dtype=np.int64), 1)


@behaviour.register
def _(part: Unpack) -> Behaviour:
    beats = part.gives[0].layout.beats
    takes = np.arange(beats)[:, None] % part.factor == 0
    return Behaviour(takes, np.ones(beats, dtype=bool), np.ones(beats, dtype=np.int64), 1)


@instance.register
def _(part: Pack) -> tuple[str, str]:
    source, to = part.reads[0], part.gives[0]
    sizes = f".WIDTH({source.width}), .N({part.factor}), .BEATS({source.layout.beats}), .OUT({to.width})"
    return f"cs_pack #({sizes})", "cs_pack.sv"


@instance.register
def _(part: Unpack) -> tuple[str, str]:
    source, to = part.reads[0], part.gives[0]
    sizes = f".WIDTH({to.width}), .N({part.factor}), .BEATS({to.layout.beats}), .IN({source.width})"
    return f"cs_unpack #({sizes})", "cs_unpack.sv"


def recut(channel: Channel, target: Channel, size: int) -> tuple[Part, ...]:
    """The parts that bring a frame's numbers from one channel into another's beats; none where they are the same.

    Args:
        channel: where they come from.
        target: where they go.
        size: numbers in a frame.
    """
    have, want = channel.layout.lanes, target.layout.lanes
    found: list[Part] = []
    if size not in (have, want) and have % want and want % have:
        # Through beats that hold those of both cuts whole, or the whole frame where it is less.
        between = Channel(f"{target.name}_both", cut(size, min(lcm(have, want), size)), channel.bits)
        found.append(Pack(f"i_{between.name}", (channel,), (between,)))
        channel = between
    if have != want:
        kind = Pack if want > channel.layout.lanes else Unpack
        found.append(kind(f"i_{target.name}_{kind.__name__.lower()}", (channel,), (target,)))
    return tuple(found)
