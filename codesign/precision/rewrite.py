"""A Graph with other types: node by node, each from what it now reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol, TypeVar

import numpy as np

from codesign.errors import PrecisionError
from codesign.graph import (
    Convolution,
    Dense,
    DepthwiseConvolution,
    Einsum,
    FixedPoint,
    Graph,
    IntArray,
    Lstm,
    Node,
    Overflow,
    Pooling,
    Product,
    Recurrent,
)
from codesign.graph.interval import Interval
from codesign.graph.nodes.floats import has_floats
from codesign.precision.exact import Read, exact
from codesign.precision.slots import SLOTS, Kind, Slot, slots
from codesign.precision.tables import with_tables
from codesign.precision.written import rewritten

G = TypeVar("G", bound=Graph)


@dataclass(frozen=True)
class Known:
    """What is known of a node of a Graph.

    Attributes:
        held: all that its result can be.
        wanted: by key, the type with which it loses nothing, given what it reads; not every type has one.
        derived: the keys of types that are those.
    """

    held: Interval
    wanted: Mapping[str, FixedPoint]
    derived: frozenset[str]


class Choice(Protocol):
    """Who decides on types."""

    def stated(self, node: Node) -> Mapping[str, FixedPoint]:
        """A node's types that do not depend on what it reads, by key."""

    def opened(self, node: Node, key: str, wanted: FixedPoint) -> FixedPoint:
        """A type that is not stated.

        Args:
            node: as it was.
            key: of the type.
            wanted: the type with which the node loses nothing, given what it now reads.
        """


def analysed(graph: Graph) -> dict[str, Known]:
    """What is known of each node, by name.

    Raises:
        PrecisionError: no ap_fixed is as wide as a type would have to be to lose nothing.
    """
    known: dict[str, Known] = {}
    for node in graph:
        own = {slot.key: getattr(node, slot.field) for slot in SLOTS[type(node)]}
        wanted: dict[str, FixedPoint] = {}

        def pick(key: str, type_: FixedPoint, node: Node = node, own: Any = own, wanted: Any = wanted) -> FixedPoint:
            wanted[key] = type_
            found: FixedPoint = own.get(key, node.result)
            return found

        sources = graph.sources(node)
        read = [Read(known[source.name].held, source.result) for source in sources]
        held = Interval.of(node.result) if _fixed(node, read) else exact(node, read, pick)
        derived = frozenset(key for key, type_ in wanted.items() if own.get(key) == type_)
        known[node.name] = Known(held, wanted, derived)
    return known


def _fixed(node: Node, read: Sequence[Read]) -> bool:
    """Whether floating-point types have a part in it, for which no rule of what is exact holds."""
    return has_floats(node, [item.type for item in read])


def keeps_type(node: Node) -> bool:
    """Whether a node has no type of its own, but that of what it reads."""
    return not SLOTS[type(node)]


# Weights that stand for powers of two; in a type of their own they are numbers like others.
_EXPONENTS: Mapping[str, Mapping[str, Any]] = {
    "weight": {"product": Product.MULT, "exponent_width": 0},
    "scale": {"product": Product.MULT, "exponent_width": 0},
    "recurrent_weight": {"recurrent_product": Product.MULT, "recurrent_exponent_width": 0},
}


def _with_arrays(node: Node, stated: Mapping[str, FixedPoint]) -> Node:
    """A node with its given numbers in the types that are stated for them."""
    changed: dict[str, Any] = {}
    for slot in slots(node):
        old, new = getattr(node, slot.field), stated.get(slot.key)
        if slot.array is None or new is None or new == old:
            continue
        _check_numbers(node, slot, old, new)
        values = rewritten(getattr(node, slot.array), old, new)
        if slot.kind is Kind.WEIGHT:
            _check_left_out(node, slot.array, values, new)
        changed[slot.field], changed[slot.array] = new, values
        plain = _EXPONENTS.get(slot.array, {})
        if any(getattr(node, name, None) is Product.WEIGHT_EXPONENTIAL for name in plain):
            changed.update(plain)
    return replace(node, **changed) if changed else node


def counts_bits(node: Node) -> bool:
    """Whether a node's sums count equal bits, for which its weights must be bits."""
    counts = getattr(node, "counts_agreement", False) or getattr(node, "agreement", 0)
    return bool(counts) or getattr(node, "product", None) is Product.BOTH_BINARY


def _check_numbers(node: Node, slot: Slot, old: FixedPoint, new: FixedPoint) -> None:
    if old.significant is not None or new.significant is not None:
        raise PrecisionError(
            f"layer {node.name!r}: {slot.key} would go from {old} to {new}; floating-point numbers are not brought "
            "into other types here: convert the model again with --precision"
        )
    if slot.kind is Kind.WEIGHT and counts_bits(node):
        raise PrecisionError(
            f"layer {node.name!r} counts how many of its bits and weights are equal, so that its {slot.key} cannot be "
            f"{new}; keep {old}, or train the layer with another quantizer"
        )


def _check_left_out(node: Node, array: str, values: IntArray, new: FixedPoint) -> None:
    """Refuse what the conversion refuses too: in Graph and C++, different products would be left out."""
    if not isinstance(node, (Dense, Convolution, DepthwiseConvolution, Recurrent)):
        return
    bias_type = getattr(node, f"{array.replace('weight', 'bias')}_type")
    lost = bool(np.any((values == 0) & (getattr(node, array) != 0)))
    symmetric = bias_type == node.accumulator and bias_type.overflow is Overflow.SAT_SYM
    if node.strategy == "resource_unrolled" and lost and symmetric:
        raise PrecisionError(
            f"layer {node.name!r} has strategy resource_unrolled, weights that round to 0 in {new} and an accumulator "
            f"{bias_type} of the bias' very type; give one of them another type, or choose resource"
        )


def rewrite_node(
    node: Node, reads: Sequence[Read], old_reads: Sequence[FixedPoint], choice: Choice
) -> tuple[Node, Interval]:
    """A node with the types that are chosen for it.

    Args:
        node: as it was.
        reads: what it now reads, in order.
        old_reads: the types of what it read.
        choice: who decides.

    Returns:
        The node, and all that its result can be; the very same node where nothing changes.

    Raises:
        PrecisionError: a type is none that it can have, or it would have to be too wide.
    """
    stated = choice.stated(node)
    if keeps_type(node):
        result = reads[0].type
        held = reads[0].held
        return (node if result == node.result else replace(node, result=result)), held
    made = _with_arrays(node, stated)
    types: dict[str, FixedPoint] = {}

    def pick(key: str, wanted: FixedPoint) -> FixedPoint:
        own = stated.get(key)
        types[key] = choice.opened(node, key, wanted) if own is None else own
        return types[key]

    by_key = {slot.key: slot for slot in SLOTS[type(node)]}
    if "result" in stated:
        made = replace(made, result=stated["result"])
    held = Interval.of(made.result) if _fixed(made, reads) else exact(made, reads, pick)
    types.update({key: type_ for key, type_ in stated.items() if by_key[key].array is None})
    fields_of = {by_key[key].field: type_ for key, type_ in types.items()}
    changed: dict[str, Any] = {field: type_ for field, type_ in fields_of.items() if getattr(made, field) != type_}
    made = replace(made, **changed, **_no_integers(made, changed)) if changed else made
    if made is not node or any(read.type != old for read, old in zip(reads, old_reads, strict=True)):
        made = with_tables(made, node, reads[0].type if reads else made.result, old_reads[0] if reads else node.result)
    return (made if _differ(made, node) else node), held


def _differ(one: Node, other: Node) -> bool:
    return any(getattr(one, item.name) is not getattr(other, item.name) for item in fields(one))


def _no_integers(node: Node, changed: Mapping[str, Any]) -> dict[str, Any]:
    """What else changes where an accumulator that was an `ap_int` becomes an `ap_fixed`."""
    if "accumulator" not in changed:
        return {}
    if isinstance(node, Pooling) and node.integer_accumulator:
        return {"integer_accumulator": False}
    return {"casts_products": False} if isinstance(node, Einsum) and node.casts_products else {}


def check_node(node: Node, old: Node, sources: Sequence[Node], old_reads: Sequence[FixedPoint]) -> None:
    """Refuse new types with which hls4ml's C++ of a layer does not compile, though the Graph knows what they mean.

    Raises:
        PrecisionError: naming the layer and the types.
    """
    if not isinstance(node, Lstm) or not isinstance(old, Lstm):
        return
    types = {"what it reads": sources[0].result, "accum": node.accumulator, "result": node.result}
    if len(set(types.values())) > 1 and list(types.values()) != [old_reads[0], old.accumulator, old.result]:
        texts = ", ".join(f"{what} {type_}" for what, type_ in types.items())
        raise PrecisionError(
            f"layer {node.name!r}: hls4ml's C++ for LSTM compiles only where what it reads, its accum and its result "
            f"have the very same type; here they are {texts}: state one type for all of them"
        )


def rebuilt(graph: G, nodes: Sequence[Node]) -> G:
    """The Graph with other nodes of the same names."""
    if all(new is old for new, old in zip(nodes, graph.nodes, strict=True)):
        return graph
    return type(graph)(graph.name, tuple(nodes), graph.outputs, graph.origin)


def rewrite(graph: G, choice: Choice) -> G:
    """A Graph with the types that are chosen for it.

    Raises:
        PrecisionError: a type is none that its node can have, or would have to be too wide.
        GraphError: the types of nodes contradict each other.
    """
    made: dict[str, Node] = {}
    held: dict[str, Interval] = {}
    for node in graph:
        old = graph.sources(node)
        reads = [Read(held[source.name], made[source.name].result) for source in old]
        old_reads = [source.result for source in old]
        made[node.name], held[node.name] = rewrite_node(node, reads, old_reads, choice)
        check_node(made[node.name], node, [made[source.name] for source in old], old_reads)
    return rebuilt(graph, list(made.values()))
