"""How a node becomes a unit: planned first, which costs nothing and refuses what cannot be built, then built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import singledispatch

from codesign.errors import UnsupportedLayerError
from codesign.graph import Convolution, Dense, DepthwiseConvolution, Node
from codesign.rtl.fabric import Cut
from codesign.rtl.family import Family
from codesign.rtl.folded.multipliers import Multipliers
from codesign.rtl.stream import Layout, Unit


@dataclass(frozen=True)
class Source:
    """What a unit reads.

    Attributes:
        node: whose result it is.
        layout: in which it comes.
        spread: clocks from one of its beats to the next, while they come; about.
    """

    node: Node
    layout: Layout
    spread: int = 1


@dataclass(frozen=True)
class Options:
    """What the whole design is built for.

    Attributes:
        family: of the target.
        clock_ns: clock period in nanoseconds.
        cut: what may stand between two registers of unrolled logic.
        reuse: by node name, the reuse factor in place of the Graph's; the order of its sums stays the Graph's.
        multipliers: what those of folded layers are made of.
    """

    family: Family
    clock_ns: float
    cut: Cut
    reuse: Mapping[str, int] = field(default_factory=dict)
    multipliers: Multipliers = Multipliers.AUTO


@dataclass(frozen=True)
class Place:
    """Where a unit is to stand.

    Attributes:
        module: the name of its module, unlike any other; what it instantiates of its own begins with it.
        sources: what it reads, in the order of the node's inputs.
        options: of the design.
    """

    module: str
    sources: tuple[Source, ...]
    options: Options


@dataclass(frozen=True)
class Plan:
    """What a unit will be like.

    Attributes:
        inputs: the layouts that it reads; beats of another one are cut anew on the way.
        output: the layout that it gives.
        reuse: clocks for a vector; 1 where it is unrolled.
        spread: clocks from a beat of the output to the next, while they come, about; 0 where it is that of the source.
    """

    inputs: tuple[Layout, ...]
    output: Layout
    reuse: int = 1
    spread: int = 0


@singledispatch
def plan(node: Node, place: Place) -> Plan:
    """What the unit of a node will be like.

    Raises:
        UnsupportedLayerError: it cannot be built; names the layer, the reason and what can.
    """
    raise UnsupportedLayerError(f"layer {node.name!r}: the RTL flow has no unit for {type(node).__name__}")


@singledispatch
def build(node: Node, place: Place) -> Unit:
    """The unit of a node, as planned.

    Raises:
        UnsupportedLayerError: something inside is too wide to be held exactly.
    """
    raise UnsupportedLayerError(f"layer {node.name!r}: the RTL flow has no unit for {type(node).__name__}")


@singledispatch
def prefers_places(node: Node) -> bool:
    """Whether the node is built for one beat a place, so that its design's inputs had better come so."""
    return False


@singledispatch
def stated_reuse(node: Node) -> int:
    """The reuse factor that the Graph states; 1 for nodes that have none, or a strategy that unrolls whatever it is."""
    return 1


@stated_reuse.register(Dense)
@stated_reuse.register(Convolution)
@stated_reuse.register(DepthwiseConvolution)
def _(node: Dense | Convolution | DepthwiseConvolution) -> int:
    return 1 if node.strategy == "distributed_arithmetic" else node.reuse_factor


def reuse_of(node: Node, options: Options) -> int:
    """Clocks that the unit of a node may take for a vector."""
    return options.reuse.get(node.name, stated_reuse(node))
