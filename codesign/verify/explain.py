"""Why a node's result differs: what the Graph did at that element, and what the other side seems to have done."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.graph import FixedPoint, Node, Overflow, Rounding
from codesign.graph.cast import cast, count
from codesign.simulate import Operand
from codesign.simulate.kernels import precast


def _alternatives(type_: FixedPoint) -> list[tuple[str, FixedPoint]]:
    found = [
        (f"rounding {mode.value} instead of {type_.rounding.value}", type_.with_modes(mode, type_.overflow))
        for mode in Rounding
        if mode is not type_.rounding
    ]
    found += [
        (f"overflow {mode.value} instead of {type_.overflow.value}", type_.with_modes(type_.rounding, mode))
        for mode in Overflow
        if mode is not type_.overflow and (type_.signed or mode is not Overflow.WRAP_SM)
    ]
    return found


def explain(node: Node, operands: Sequence[Operand], index: tuple[int, ...], found: int | float, expected: int) -> str:
    """One sentence on a differing element.

    Args:
        node: whose result differs.
        operands: what the Graph has at the node's inputs for that sample, as a batch of one.
        index: of the element in the node's result.
        found: what the other side has there.
        expected: what the Graph has there.
    """
    values, fraction = precast(node, operands)
    element = np.asarray(values[0][index]).reshape(1)
    counts = count(element, fraction, node.result)
    did = []
    if counts.rounded:
        did.append(f"rounded by {node.result.rounding.value}")
    if counts.overflowed:
        did.append(f"overflowed {node.result} ({node.result.overflow.value})")
    looks = [text for text, other in _alternatives(node.result) if int(cast(element, fraction, other)[0]) == found]
    if looks and did:
        return f"the Graph {' and '.join(did)}; the other side looks like {looks[0]}"
    distance = f"{abs(found - expected):g} least significant bits apart"
    if did:
        return f"the Graph {' and '.join(did)}; {distance}"
    return f"no rounding or overflow here: a weight, a table entry or the arithmetic differs; {distance}"
