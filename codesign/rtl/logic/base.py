"""What every family of operations shares: what it reads, what it computes of it, and what it refuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch

from codesign.errors import UnsupportedLayerError
from codesign.graph import FixedPoint, Node
from codesign.graph.nodes import OPERATIONS
from codesign.rtl.arithmetic import Variable

LARGEST_TABLE_BITS = 14


@dataclass(frozen=True)
class Wires:
    """A result that a node's logic reads.

    Attributes:
        values: its integers, flattened in row-major order.
        type: theirs.
        shape: of the result.
    """

    values: Sequence[Variable]
    type: FixedPoint
    shape: tuple[int, ...]


@singledispatch
def precast(node: Node, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    """What a node computes before the cast into its `result`, as (integers in row-major order, fraction bits).

    Args:
        node: the operation.
        operands: the results that it reads, in order; for a port, its samples.

    Raises:
        UnsupportedLayerError: the node's class has no logic.
    """
    raise UnsupportedLayerError(
        f"layer {node.name!r}: the RTL flow has no unrolled logic for {type(node).__name__}; it has logic for "
        f"{', '.join(sorted(families()))}"
    )


@singledispatch
def check_parameters(node: Node) -> None:
    """Refuse a node whose parameters, not widths, are what the RTL flow has no logic for.

    Raises:
        UnsupportedLayerError: naming the layer, the parameter, and what can be built.
    """


def families() -> list[str]:
    """The names of the Graph's classes that have logic."""
    return [cls.__name__ for cls in precast.registry if cls in OPERATIONS.values()]


def check_table(node: Node, entries: int) -> None:
    """Refuse tables that no FPGA has room for.

    Raises:
        UnsupportedLayerError: naming the layer.
    """
    if entries > 1 << LARGEST_TABLE_BITS:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: a table of {entries} entries, the RTL flow builds at most "
            f"{1 << LARGEST_TABLE_BITS}; give the layer a smaller table_size"
        )
