"""Nodes that treat every beat of a tensor alike, so that the logic of one beat serves for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import singledispatch

from codesign.graph import Activation, Node
from codesign.rtl.stream import Layout


@dataclass(frozen=True)
class Beat:
    """The computation of one beat.

    Attributes:
        node: as if a beat were the whole tensor.
        sources: what it reads, likewise.
    """

    node: Node
    sources: tuple[Node, ...]


def beat_node(node: Node, sources: Sequence[Node], layouts: Sequence[Layout]) -> Beat | None:
    """One beat's computation, where it is the same for all beats; None elsewhere.

    Args:
        node: the operation.
        sources: the nodes that it reads.
        layouts: in which their results come.
    """
    if len(set(layouts)) != 1:
        return None
    beat = of_beat(node, layouts[0].lanes)
    if beat is None:
        return None
    return Beat(beat, tuple(replace(source, shape=(layouts[0].lanes,)) for source in sources))


@singledispatch
def of_beat(node: Node, lanes: int) -> Node | None:
    """The node as if its tensors had `lanes` numbers, where each beat of so many is computed alike."""
    return None


@of_beat.register
def _(node: Activation, lanes: int) -> Node | None:
    return replace(node, shape=(lanes,))
