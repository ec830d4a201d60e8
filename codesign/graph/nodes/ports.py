"""Where samples enter."""

from __future__ import annotations

from dataclasses import dataclass

from codesign.errors import GraphError
from codesign.graph.nodes.base import Node, register


@register("input")
@dataclass(frozen=True, eq=False, kw_only=True)
class Input(Node):
    """A port of the design; values are cast into `result` before anything else happens."""

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`: a port reads nothing."""
        if sources:
            raise GraphError(f"input {self.name!r} reads other nodes")
