"""The same numbers under another shape."""

from __future__ import annotations

from dataclasses import dataclass

from codesign.errors import GraphError
from codesign.graph.nodes.base import Node, register, same_size


@register("reshape")
@dataclass(frozen=True, eq=False, kw_only=True)
class Reshape(Node):
    """The same numbers in row-major order under another shape."""

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        source = same_size(self, sources)
        if source.result != self.result:
            raise GraphError(
                f"node {self.name!r} reshapes {source.result} into {self.result}; a reshape keeps the type"
            )
