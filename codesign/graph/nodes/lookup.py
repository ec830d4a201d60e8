"""Element-wise functions as lookup tables."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from codesign.errors import GraphError
from codesign.graph.fixed_point import FixedPoint
from codesign.graph.nodes.base import IntArray, Node, check_array, register, same_size


def _check_table(node: Node, table: IntArray, type_: FixedPoint) -> None:
    if not 1 <= table.size < 1 << 26:
        raise GraphError(f"node {node.name!r} has a table of {table.size} entries; it must have 1 to {(1 << 26) - 1}")
    check_array(node, "table", table, type_, (table.size,))


def _check_index(node: Node, source: FixedPoint) -> None:
    """A quotient without integer bits is undefined as a C++ int (to_ap_int_base sets no bit of it)."""
    if source.integer < -32:
        raise GraphError(
            f"node {node.name!r} reads {source}: hls4ml's C++ has no table index for fewer than -32 integer bits; "
            "use a type with more"
        )


@register("table_activation")
@dataclass(frozen=True, eq=False, kw_only=True)
class TableActivation(Node):
    """`result(table[i])` with i = int(x * entries / span) + entries / 2, moved into the table.

    Attributes:
        table: (entries,) integers of `table_type`.
        span: how many numbers of x the table covers, half of them below zero; 8 or 16.
    """

    table: IntArray
    table_type: FixedPoint
    span: int

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        source = same_size(self, sources)
        _check_table(self, self.table, self.table_type)
        _check_index(self, source.result)
        if self.span not in (8, 16):
            raise GraphError(f"node {self.name!r} has a table that spans {self.span}; it must span 8 or 16")


@register("elu")
@dataclass(frozen=True, eq=False, kw_only=True)
class Elu(Node):
    """`result(x)` where x is not negative, else `result(alpha * table[int(x * entries / -8)])`.

    Attributes:
        table: (entries,) integers of `table_type`; an index past its end is its last.
        alpha: (1,) integer of `alpha_type`.
    """

    table: IntArray
    table_type: FixedPoint
    alpha: IntArray
    alpha_type: FixedPoint

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        source = same_size(self, sources)
        _check_table(self, self.table, self.table_type)
        _check_index(self, source.result)
        check_array(self, "alpha", self.alpha, self.alpha_type, (1,))


class Overflown(str, Enum):
    """Which entry a table index that overflows a C++ int into the negative is moved to."""

    FIRST = "first"
    LAST = "last"


@register("selu")
@dataclass(frozen=True, eq=False, kw_only=True)
class Selu(Node):
    """`result(gain * x)` where x is not negative, else `result(table[int(x * entries / -8)])`.

    Attributes:
        table: (entries,) integers of `table_type`; an index past its end is its last.
        gain: (1,) integer of `gain_type`.
        overflown: where an index goes that overflows.
    """

    table: IntArray
    table_type: FixedPoint
    gain: IntArray
    gain_type: FixedPoint
    overflown: Overflown

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        source = same_size(self, sources)
        _check_table(self, self.table, self.table_type)
        _check_index(self, source.result)
        check_array(self, "gain", self.gain, self.gain_type, (1,))


@register("unary_table")
@dataclass(frozen=True, eq=False, kw_only=True)
class UnaryTable(Node):
    """`result(table[word of x])`, the word of x read as an unsigned number.

    Attributes:
        table: (entries,) integers of `table_type`, one for each word of the type that is read at least.
    """

    table: IntArray
    table_type: FixedPoint

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        source = same_size(self, sources)
        _check_table(self, self.table, self.table_type)
        if self.table.size < 1 << min(source.result.width, 31):
            raise GraphError(
                f"node {self.name!r} has a table of {self.table.size} entries but reads {source.result}, which has "
                f"2**{source.result.width} words"
            )
