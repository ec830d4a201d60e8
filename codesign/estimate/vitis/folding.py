"""What of a design stays after constants are folded: numbers that depend on no input, or that nothing reads, go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from codesign.graph import Activation, Dense, Graph, IntArray, Node, Normalize

Mask = npt.NDArray[np.bool_]
_ELEMENTWISE = (Activation, Normalize)


@dataclass(frozen=True, eq=False)
class Folded:
    """A node as it is built.

    Attributes:
        node: as the design has it.
        built: the same without what is folded away; None where nothing of it is left.
        sources: the nodes that it reads, as the design has them.
        values: numbers of its result that are not folded away.
    """

    node: Node
    built: Node | None
    sources: tuple[Node, ...]
    values: int


_KNOWN: WeakKeyDictionary[Graph, tuple[Folded, ...]] = WeakKeyDictionary()


def folded(graph: Graph) -> tuple[Folded, ...]:
    """The nodes of a design as they are built, in order."""
    known = _KNOWN.get(graph)
    if known is None:
        known = _folded(graph)
        _KNOWN[graph] = known
    return known


def _folded(graph: Graph) -> tuple[Folded, ...]:
    connected = {node.name: node.weight != 0 for node in graph if isinstance(node, Dense)}
    varies, read = _varying(graph, connected), _read(graph, connected)
    found = []
    for node in graph:
        kept = varies[node.name] & read[node.name]
        found.append(
            Folded(
                node,
                _built(node, kept, read[node.name], connected.get(node.name)),
                graph.sources(node),
                int(kept.sum()),
            )
        )
    return tuple(found)


def _varying(graph: Graph, connected: Mapping[str, Mask]) -> dict[str, Mask]:
    """Of each node, the numbers that depend on an input."""
    found: dict[str, Mask] = {}
    for node in graph:
        if isinstance(node, Dense):
            mask = found[node.inputs[0]] @ connected[node.name]
        elif isinstance(node, Activation):
            mask = found[node.inputs[0]]
        elif isinstance(node, Normalize):
            mask = found[node.inputs[0]] & np.tile(node.scale != 0, node.size // node.scale.size)
        else:
            mask = np.ones(node.size, dtype=bool)
        found[node.name] = mask
    return found


def _read(graph: Graph, connected: Mapping[str, Mask]) -> dict[str, Mask]:
    """Of each node, the numbers that reach an output."""
    found = {name: np.ones(graph[name].size, dtype=bool) for name in graph.outputs}
    for node in reversed(graph.nodes):
        mask = found.setdefault(node.name, np.zeros(node.size, dtype=bool))
        for name in node.inputs:
            if isinstance(node, Dense):
                read = connected[node.name] @ mask
            elif isinstance(node, _ELEMENTWISE):
                read = mask
            else:
                read = np.ones(graph[name].size, dtype=bool)
            found[name] = found[name] | read if name in found else read
    return found


def _built(node: Node, kept: Mask, read: Mask, connected: Mask | None) -> Node | None:
    if not kept.any():
        return None
    if isinstance(node, Dense) and connected is not None and connected[:, ~read].any():
        return replace(node, weight=_fixed(node.weight * read), bias=_fixed(node.bias * read))
    if isinstance(node, _ELEMENTWISE) and not kept.all():
        shape = (int(kept.sum()),)
        if isinstance(node, Normalize):
            repeated = node.size // node.scale.size
            scale, bias = (_fixed(np.tile(values, repeated)[kept]) for values in (node.scale, node.bias))
            return replace(node, shape=shape, scale=scale, bias=bias)
        return replace(node, shape=shape)
    return node


def _fixed(values: IntArray) -> IntArray:
    """Integers that were computed from frozen ones, and that nobody can write to either."""
    values.setflags(write=False)
    return values
