"""Numbers that are each cast into a type of their own (hgq_proxy_model.py writes a line of C++ for every one)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.graph import FixedPoint, Overflow, Quantizer
from codesign.graph.cast import Integers, cast, narrow, shift_left
from codesign.simulate.kernels.operand import Operand, before_result, precast


def _ends_here(node: Quantizer) -> bool:
    """Whether the numbers are cast into `result` one by one: those that have that type already keep its lowest."""
    return node.result.overflow is Overflow.SAT_SYM


@precast.register
def _(node: Quantizer, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    flat = x.values.reshape(x.values.shape[0], -1)
    fractions = [type_.fraction for type_, _ in node.types if type_ is not None]
    fraction = node.result.fraction if _ends_here(node) else max(fractions, default=0)
    found = np.zeros(flat.shape, dtype=object)
    for type_, places in node.types:
        if type_ is None:
            continue
        each = cast(flat[:, places], x.type.fraction, type_, source=x.type)
        if _ends_here(node):
            found[:, places] = cast(each, type_.fraction, node.result, source=type_)
        else:
            found[:, places] = shift_left(each, fraction - type_.fraction)
    return narrow(found.reshape(found.shape[0], *node.shape)), fraction


@before_result.register
def _(node: Quantizer, types: Sequence[FixedPoint]) -> FixedPoint | None:
    return node.result if _ends_here(node) else None
