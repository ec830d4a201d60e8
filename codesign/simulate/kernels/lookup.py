"""Element-wise functions as lookup tables (nnet_activation.h, nnet_activation_stream.h)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.graph import Elu, FixedPoint, Overflown, Selu, TableActivation, UnaryTable
from codesign.graph.cast import Integers, widen
from codesign.simulate.ap import Ap, either, to_int
from codesign.simulate.kernels.operand import Operand, before_result, precast

_UNSIGNED = FixedPoint(False, 32, 32)


def _scaled(x: Ap, entries: int, divisor: int) -> Integers:
    """`int(x * entries / divisor)`, before the C++ int overflows."""
    count = Ap(np.asarray(entries, dtype=np.int64), _UNSIGNED)
    return (x * count / Ap.constant(divisor)).truncated()


def symmetric_index(x: Ap, entries: int, span: int) -> Integers:
    """Where hls4ml's C++ looks x up in a table whose middle is 0: `data * table_size / span + table_size / 2`.

    Args:
        x: numbers.
        entries: of the table.
        span: how many numbers it covers.
    """
    scaled = to_int(_scaled(x, entries, span))
    return np.clip(to_int(scaled + entries // 2), 0, entries - 1)


def negative_index(x: Ap, entries: int, overflown: Overflown) -> Integers:
    """Where hls4ml's C++ looks a negative x up in a table from 0 down to -8: `data * table_size / -8`.

    Args:
        x: numbers; what is given for those that are not negative means nothing.
        entries: of the table.
        overflown: where an index goes that overflows a C++ int into the negative.
    """
    index = to_int(_scaled(x, entries, -8))
    last = entries - 1 if overflown is Overflown.LAST else 0
    return np.where(index < 0, last, np.minimum(index, entries - 1))


@before_result.register(TableActivation)
@before_result.register(UnaryTable)
def _(node: TableActivation | UnaryTable, types: Sequence[FixedPoint]) -> FixedPoint:
    return node.table_type


@precast.register
def _(node: TableActivation, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    index = symmetric_index(Ap(x.values, x.type), node.table.size, node.span)
    return node.table[index].reshape(x.values.shape[0], *node.shape), node.table_type.fraction


@precast.register
def _(node: Elu, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    number = Ap(x.values, x.type)
    found = Ap(node.table[negative_index(number, node.table.size, Overflown.LAST)], node.table_type)
    values, fraction = either(x.values >= 0, number, Ap(node.alpha, node.alpha_type) * found)
    return values.reshape(x.values.shape[0], *node.shape), fraction


@precast.register
def _(node: Selu, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    number = Ap(x.values, x.type)
    found = Ap(node.table[negative_index(number, node.table.size, node.overflown)], node.table_type)
    values, fraction = either(x.values >= 0, Ap(node.gain, node.gain_type) * number, found)
    return values.reshape(x.values.shape[0], *node.shape), fraction


@precast.register
def _(node: UnaryTable, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    words = widen(x.values, x.type.width + 1) & ((1 << x.type.width) - 1)
    found = node.table[np.asarray(words, dtype=np.int64)]
    return found.reshape(x.values.shape[0], *node.shape), node.table_type.fraction
