"""Types that a user states for single layers of a Graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from codesign.errors import PrecisionError
from codesign.graph import FixedPoint, Graph, Node
from codesign.precision.layers import named
from codesign.precision.rewrite import Known, analysed, keeps_type, rewrite
from codesign.precision.slots import SLOTS, types_of

G = TypeVar("G", bound=Graph)

Types = Mapping[str, Mapping[str, FixedPoint]]
"""Types by layer and hls4ml's key (weight, bias, accum, result, scale, table, …), as a precision file holds them."""


@dataclass(frozen=True)
class _Retyped:
    """What is stated; of the rest, what lost nothing shall lose nothing, and what else there is stays.

    Attributes:
        types: stated, by node name and key.
        known: of the Graph as it was.
        rederives: whether types that lose nothing follow what their nodes read.
    """

    types: Types
    known: Mapping[str, Known]
    rederives: bool

    def stated(self, node: Node) -> Mapping[str, FixedPoint]:
        return self.types.get(node.name, {})

    def opened(self, node: Node, key: str, wanted: FixedPoint) -> FixedPoint:
        return derived_or_own(node, key, wanted, self.known[node.name], follows=self.rederives)


def derived_or_own(node: Node, key: str, wanted: FixedPoint, known: Known, *, follows: bool = True) -> FixedPoint:
    """The type wanted where the node's own was the one wanted before; its own elsewhere."""
    own = own_type(node, key)
    if key == "accum" and getattr(node, "strategy", "") == "distributed_arithmetic":
        # Its sums are exact, whatever the type says.
        return own if wanted == known.wanted.get(key) or own.contains(wanted) else wanted
    return wanted if follows and key in known.derived else own


def own_type(node: Node, key: str) -> FixedPoint:
    """A node's type by its key, chosen or not."""
    field = next(slot.field for slot in SLOTS[type(node)] if slot.key == key)
    found: FixedPoint = getattr(node, field)
    return found


def retyped(graph: G, types: Types, *, rederive: bool = True) -> G:
    """A Graph with types that a user states.

    Weights go into their new types as hls4ml writes them, from the values that they have. Tables are made again where
    they follow from types.

    Args:
        graph: the design; left as it was.
        types: by layer (the name of a node, or of a layer of the user's model) and key.
        rederive: of the types that are not stated, those that are just as wide as nothing to lose takes stay so, as the
            conversion has it; where False, every type that is not stated stays as it is.

    Returns:
        A Graph of the same class; the same one where nothing changes.

    Raises:
        PrecisionError: a layer or key is unknown, or a type is none that its node can have.
        GraphError: the types contradict each other.
    """
    return rewrite(graph, _Retyped(_by_node(graph, types), analysed(graph), rederive))


def _by_node(graph: Graph, types: Types) -> dict[str, dict[str, FixedPoint]]:
    found: dict[str, dict[str, FixedPoint]] = {}
    for layer, stated in types.items():
        nodes = named(graph, layer)
        if not nodes:
            raise PrecisionError(
                f"the precision config names layer {layer!r}, which design {graph.name!r} lacks; it has "
                f"{', '.join(node.name for node in graph)}"
            )
        for key, type_ in stated.items():
            node = _having(nodes, layer, key)
            if found.setdefault(node.name, {}).setdefault(key, type_) != type_:
                raise PrecisionError(
                    f"the precision config states {key} of layer {node.name!r} twice, as {found[node.name][key]} and "
                    f"(under {layer!r}) as {type_}; keep one"
                )
    return found


def _having(nodes: tuple[Node, ...], layer: str, key: str) -> Node:
    """The first node of a layer that has a type of that key."""
    for node in nodes:
        if key in types_of(node):
            return node
    legal = list(dict.fromkeys(legal for node in nodes for legal in types_of(node)))
    if not legal and all(map(keeps_type, nodes)):
        raise PrecisionError(
            f"the precision config gives layer {layer!r} a type {key!r}, but it has none of its own: it keeps that of "
            f"{nodes[0].inputs[0]!r}, which it reads; state that one's result"
        )
    raise PrecisionError(f"the precision config gives layer {layer!r} a type {key!r}; it has {', '.join(legal)}")
