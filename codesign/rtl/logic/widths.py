"""Which logic would hold numbers that are too wide to be exact, told before any work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from codesign.errors import UnsupportedLayerError
from codesign.graph import FixedPoint, Node
from codesign.rtl.casting import cast
from codesign.rtl.extent import Extent, Widest
from codesign.rtl.logic.base import Wires, check_parameters, precast
from codesign.simulate.kernels import before_result

# alkaid keeps ranges in float64; what it adds to a width on the way stays below 53 bits.
WIDEST = 50


def widest_number(node: Node, sources: Sequence[Node]) -> int:
    """Bits of the widest number inside a node's logic.

    Args:
        node: the operation.
        sources: the nodes that it reads, in order; for a port, the port itself.

    Raises:
        UnsupportedLayerError: the node's class has no logic.
    """
    widest = Widest()
    operands = [
        Wires(
            [Extent(source.result.min_int, source.result.max_int, 0, widest) for _ in range(source.size)],
            source.result,
            source.shape,
        )
        for source in sources
    ]
    values, fraction = precast(node, operands)
    before = before_result(node, [source.result for source in sources])
    for v in values:
        cast(v, fraction, node.result, source=before)
    return widest.bits


def check_logic_exists(node: Node, sources: Sequence[Node]) -> None:
    """Refuse, before any work, a node whose logic would not be exact.

    Args:
        node: the operation.
        sources: the nodes that it reads, in order; for a port, the port itself.

    Raises:
        UnsupportedLayerError: naming the layer, what is too wide, and what to do.
    """
    for type_ in (*(source.result for source in sources), *_types(node)):
        if type_.significant is not None:
            raise UnsupportedLayerError(
                f"layer {node.name!r}: the RTL flow has no logic for floating-point numbers ({type_}); "
                "state fixed-point types for the layer with --precision"
            )
    check_parameters(node)
    widest = widest_number(node, sources)
    if widest > WIDEST:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: its logic would hold numbers of {widest} bits, the RTL flow is exact up to "
            f"{WIDEST}; state narrower types for its input, weights, accumulator or result with --precision"
        )


def _types(node: Node) -> list[FixedPoint]:
    values = [getattr(node, item.name) for item in fields(node)]
    return [value for value in values if isinstance(value, FixedPoint)]
