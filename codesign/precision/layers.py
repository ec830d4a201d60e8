"""Which nodes of a Graph a layer's name means: a node's own, or that of a layer of the user's model."""

from __future__ import annotations

from collections.abc import Callable

from codesign.errors import CodesignError
from codesign.graph import Graph, Node


def named(graph: Graph, layer: str) -> tuple[Node, ...]:
    """The node of that name, or else those that come from the user's layer of that name."""
    own = tuple(node for node in graph if node.name == layer)
    return own or tuple(node for node in graph if node.source == layer)


def layer_names(graph: Graph, having: Callable[[Node], bool]) -> tuple[str, ...]:
    """The names by which such nodes may be called: their own, in order."""
    return tuple(node.name for node in graph if having(node))


def require(
    graph: Graph, layer: str, having: Callable[[Node], bool], *, what: str, where: str, error: type[CodesignError]
) -> tuple[Node, ...]:
    """The nodes that a layer's name means and that have something.

    Args:
        graph: the design.
        layer: the name.
        having: whether a node has it.
        what: it is, for messages: "weights", "a reuse factor", …
        where: the name stands, for messages.
        error: raised where there is no such node.

    Raises:
        CodesignError: of class `error`: no node has the name, or none of these has it.
    """
    nodes = named(graph, layer)
    found = tuple(node for node in nodes if having(node))
    if found:
        return found
    legal = ", ".join(layer_names(graph, having)) or "none of its layers"
    problem = f"has no {what.removeprefix('a ')}" if nodes else f"is not in design {graph.name!r}"
    raise error(f"{where}: layer {layer!r} {problem}; layers with {what} are: {legal}")
