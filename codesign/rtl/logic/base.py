"""What every family of operations shares: what it reads, what it computes of it, and how wide that gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch

from codesign.errors import UnsupportedLayerError
from codesign.graph import FixedPoint, Node, Product
from codesign.rtl.arithmetic import Variable

# alkaid keeps ranges in float64; what it adds to a width on the way stays below 53 bits.
WIDEST = 50
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
def widest_number(node: Node, types: Sequence[FixedPoint]) -> int:
    """Bits of the widest number inside a node's logic, a bound that needs no tracing.

    Args:
        node: the operation.
        types: of the results that it reads, in order; for a port, its own.

    Raises:
        UnsupportedLayerError: the node's class has no logic, or one of its parameters has none.
    """
    raise UnsupportedLayerError(
        f"layer {node.name!r}: the RTL flow has no unrolled logic for {type(node).__name__}; it has logic for "
        f"{', '.join(sorted(families()))}"
    )


def families() -> list[str]:
    """The names of the classes that have logic."""
    return [cls.__name__ for cls in precast.registry if cls is not object and cls is not Node]


def cast_bits(width: int, fraction: int, to: FixedPoint) -> int:
    """Bits of the widest number inside a cast of `width` bits, `fraction` of them behind the point, into a type."""
    shift = fraction - to.fraction
    return width + 1 if shift > 0 else width + min(-shift, to.width + 1)


def check_plain(node: Node, product: Product) -> None:
    """Refuse products of bits and shifts.

    Raises:
        UnsupportedLayerError: naming the layer.
    """
    if product is not Product.MULT:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: the RTL flow has no logic for product {product.value!r} of bits or shifts; "
            "quantize its inputs and weights with quantized_bits"
        )


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


def check_logic_exists(node: Node, types: Sequence[FixedPoint]) -> None:
    """Refuse, before any work, a node whose logic would not be exact.

    Args:
        node: the operation.
        types: of the results that it reads, in order; for a port, its own.

    Raises:
        UnsupportedLayerError: naming the layer, what is too wide, and what to do.
    """
    widest = widest_number(node, types)
    if widest > WIDEST:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: its logic would hold numbers of {widest} bits, the RTL flow is exact up to "
            f"{WIDEST}; state narrower types for its input, weights, accumulator or result with --precision"
        )
