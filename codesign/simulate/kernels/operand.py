"""What a kernel reads, and the dispatch from a node to its kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch

from codesign.errors import GraphError
from codesign.graph import FixedPoint, Node
from codesign.graph.cast import Integers


@dataclass(frozen=True)
class Operand:
    """A result that a node reads.

    Attributes:
        values: (samples, *shape) integers of `type`.
        type: theirs.
    """

    values: Integers
    type: FixedPoint


@singledispatch
def precast(node: Node, operands: Sequence[Operand]) -> tuple[Integers, int]:
    """What a node computes before the cast into its `result`, as (integers, fraction bits).

    Args:
        node: the operation.
        operands: the results that it reads, in order; for a port, its samples.

    Returns:
        (samples, *node.shape) integers, int64 or object, and their fraction bits.

    Raises:
        GraphError: the node's class has no kernel.
    """
    raise GraphError(f"node {node.name!r}: the simulator has no kernel for {type(node).__name__}")


@singledispatch
def before_result(node: Node, types: Sequence[FixedPoint]) -> FixedPoint | None:
    """The C++ type that a node's value has right before the cast into `result`; None where only its value matters.

    It matters where the cast is an assignment between identical types, which changes nothing.
    """
    return None


@singledispatch
def accumulator_overflows(node: Node, operands: Sequence[Operand]) -> int | None:
    """How many sums left the accumulator's range; None for a node without an accumulator."""
    return None
