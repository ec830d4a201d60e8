"""Rows of a table, looked up by number."""

from __future__ import annotations

from dataclasses import dataclass

from codesign.errors import GraphError
from codesign.graph.fixed_point import FixedPoint
from codesign.graph.nodes.base import IntArray, Node, check_array, one_source, register


@register("embedding")
@dataclass(frozen=True, eq=False, kw_only=True)
class Embedding(Node):
    """`result` of the row of a table that each number of x names.

    Attributes:
        table: (rows, columns) integers of `table_type`.
    """

    table: IntArray
    table_type: FixedPoint

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        source = one_source(self, sources)
        if self.table.ndim != 2 or self.table.shape[0] < 1:
            raise GraphError(f"node {self.name!r}: table has shape {self.table.shape}, expected (rows, columns)")
        check_array(self, "table", self.table, self.table_type, None)
        if self.shape != (*source.shape, self.table.shape[1]):
            raise GraphError(
                f"node {self.name!r} has shape {self.shape}, but looks up rows of {self.table.shape[1]} numbers for "
                f"shape {source.shape}; expected {(*source.shape, self.table.shape[1])}"
            )
