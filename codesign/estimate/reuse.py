"""Reuse factors as users state them, by layer or for all of them."""

from __future__ import annotations

from collections.abc import Mapping

from codesign.errors import EstimateError
from codesign.graph import Convolution, Dense, DepthwiseConvolution, Graph, Node
from codesign.graph.nodes.recurrent import Recurrent

_REUSED = (Dense, Convolution, DepthwiseConvolution, Recurrent)


def reused(graph: Graph) -> tuple[Node, ...]:
    """The nodes whose multipliers can take turns."""
    return tuple(node for node in graph if isinstance(node, _REUSED))


def reuse_by_node(graph: Graph, reuse: int | Mapping[str, int]) -> dict[str, int]:
    """Reuse factors by node.

    Args:
        graph: the design.
        reuse: for every layer that has one, or by the name of a node or of a layer of the user's model.

    Raises:
        EstimateError: a name is no layer of the design, or of one without multipliers that could take turns; a factor
            is below 1.
    """
    nodes = reused(graph)
    stated = dict.fromkeys((node.name for node in nodes), reuse) if isinstance(reuse, int) else reuse
    found: dict[str, int] = {}
    for name, factor in stated.items():
        if factor < 1:
            raise EstimateError(f"layer {name!r}: reuse factor {factor} is not possible; give at least 1")
        meant = [node.name for node in nodes if node.name == name] or [
            node.name for node in nodes if node.source and node.source == name
        ]
        if not meant:
            other = any(name in (node.name, node.source) for node in graph)
            have = ", ".join(node.name for node in nodes) or "none"
            problem = "has no reuse factor" if other else f"is no layer of {graph.name!r}"
            raise EstimateError(f"layer {name[:80]!r} {problem}; layers with one are: {have}")
        found.update(dict.fromkeys(meant, factor))
    return found
