"""What a design is made of beside its units: forks, FIFOs, and what cuts beats anew; and the channels between them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch

import numpy as np

from codesign.rtl.stream import Behaviour, Layout, Unit


@dataclass(frozen=True)
class Channel:
    """A stream between two parts, or at the design's border.

    Attributes:
        name: its wires are `<name>_data`, `<name>_valid` and `<name>_ready`.
        layout: of its beats.
        bits: of a number.
    """

    name: str
    layout: Layout
    bits: int

    @property
    def width(self) -> int:
        """Bits of a beat."""
        return self.layout.lanes * self.bits


@dataclass(frozen=True, eq=False)
class Part:
    """Something with streams in and out.

    Attributes:
        name: of its instance.
        reads: channels.
        gives: channels.
    """

    name: str
    reads: tuple[Channel, ...]
    gives: tuple[Channel, ...]


@dataclass(frozen=True, eq=False)
class UnitPart(Part):
    """A node's unit.

    Attributes:
        unit: that it is.
    """

    unit: Unit


@dataclass(frozen=True, eq=False)
class Fork(Part):
    """Hands each beat to several readers, each when it is ready."""


@dataclass(frozen=True, eq=False)
class Fifo(Part):
    """Holds beats for the slower branch.

    Attributes:
        depth: beats in its memory; it holds one more.
    """

    depth: int


@dataclass(frozen=True, eq=False)
class Gather(Part):
    """Makes one beat of several."""

    @property
    def factor(self) -> int:
        """Beats that become one."""
        return self.gives[0].layout.lanes // self.reads[0].layout.lanes


@dataclass(frozen=True, eq=False)
class Scatter(Part):
    """Makes several beats of one."""

    @property
    def factor(self) -> int:
        """Beats that one becomes."""
        return self.reads[0].layout.lanes // self.gives[0].layout.lanes


@singledispatch
def behaviour(part: Part) -> Behaviour:
    """When a part takes and gives beats."""
    raise TypeError(f"{type(part).__name__} has no behaviour of phases")


@behaviour.register
def _(part: UnitPart) -> Behaviour:
    return part.unit.behaviour


@behaviour.register
def _(part: Gather) -> Behaviour:
    n = part.factor
    gives = np.zeros(n, dtype=bool)
    gives[-1] = True
    return Behaviour(np.ones((n, 1), dtype=bool), gives, np.ones(n, dtype=np.int64), 1)


@behaviour.register
def _(part: Scatter) -> Behaviour:
    n = part.factor
    takes = np.zeros((n, 1), dtype=bool)
    takes[0] = True
    return Behaviour(takes, np.ones(n, dtype=bool), np.ones(n, dtype=np.int64), 1)


@singledispatch
def instance(part: Part) -> tuple[str, str]:
    """A part's module with its parameters, and the template that holds it ('' for generated ones)."""
    raise TypeError(f"{type(part).__name__} has no module")


@instance.register
def _(part: UnitPart) -> tuple[str, str]:
    return part.unit.module, ""


@instance.register
def _(part: Fork) -> tuple[str, str]:
    return f"cs_fork #(.WIDTH({part.reads[0].width}), .N({len(part.gives)}))", "cs_fork.sv"


@instance.register
def _(part: Fifo) -> tuple[str, str]:
    return f"cs_fifo #(.WIDTH({part.reads[0].width}), .DEPTH({part.depth}))", "cs_fifo.sv"


@instance.register
def _(part: Gather) -> tuple[str, str]:
    return f"cs_gather #(.WIDTH({part.reads[0].width}), .N({part.factor}))", "cs_gather.sv"


@instance.register
def _(part: Scatter) -> tuple[str, str]:
    return f"cs_scatter #(.WIDTH({part.gives[0].width}), .N({part.factor}))", "cs_scatter.sv"


@singledispatch
def instantiation(part: Part) -> str:
    """The line that puts a part into the top module, between the wires of its channels."""
    connected = [".clk(clk)", ".rst(rst)"]
    for index, channel in enumerate(part.reads):
        connected += [f".in{index}_{end}({channel.name}_{end})" for end in ("data", "valid", "ready")]
    for end in ("data", "valid", "ready"):
        names = [f"{channel.name}_{end}" for channel in part.gives]
        connected.append(f".out_{end}({names[0] if len(names) == 1 else '{' + ', '.join(reversed(names)) + '}'})")
    return f"{instance(part)[0]} {part.name} (" + ", ".join(connected) + ");"
