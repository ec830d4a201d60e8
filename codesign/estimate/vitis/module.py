"""One module of an hls4ml project: what the vendor's report would say of it. Families of layers register here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch

from codesign.errors import UnsupportedLayerError
from codesign.estimate.conditions import Conditions
from codesign.graph import Node


@dataclass(frozen=True)
class Module:
    """A row of the vendor's C synthesis report.

    Attributes:
        lut: LUTs.
        ff: flip-flops.
        dsp: DSP blocks.
        bram18: block RAMs of 18 Kb.
        latency: clocks from its start to its result; 0 for logic without registers.
        interval: clocks from one start to the next.
    """

    lut: float
    ff: float
    dsp: int
    bram18: int
    latency: int
    interval: int


@singledispatch
def module(node: Node, sources: tuple[Node, ...], conditions: Conditions) -> Module | None:
    """What a node's module takes; None where it has none of its own (wires, or part of another).

    Args:
        node: the operation.
        sources: the nodes that it reads, in order.
        conditions: what is asked for; `reuse_of` tells the node's reuse factor.

    Raises:
        UnsupportedLayerError: there is no model of it.
    """
    raise UnsupportedLayerError(
        f"layer {node.name!r}: the vitis flow has no cost model of {type(node).__name__}; use --flow rtl"
    )
