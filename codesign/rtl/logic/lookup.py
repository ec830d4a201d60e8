"""Element-wise functions as lookup tables (nnet_activation.h, nnet_activation_stream.h)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from codesign.graph import Elu, FixedPoint, IntArray, Overflown, Selu, TableActivation, UnaryTable
from codesign.graph.cast import cast as cast_integers
from codesign.rtl.arithmetic import (
    Variable,
    choose,
    constant,
    is_constant,
    is_negative,
    look_up,
    multiply_constant,
    subtract,
    wrap,
)
from codesign.rtl.casting import cast
from codesign.rtl.logic.base import Wires, check_parameters, check_table, precast
from codesign.rtl.logic.direct import by_word, is_small
from codesign.rtl.logic.number import Number, clamp, to_int
from codesign.rtl.logic.table_index import scaled, symmetric_index


@check_parameters.register(TableActivation)
@check_parameters.register(Elu)
@check_parameters.register(Selu)
def _(node: TableActivation | Elu | Selu) -> None:
    check_table(node, node.table.size)


def _negative_index(x: Number, entries: int, overflown: Overflown) -> Variable:
    """As `codesign.simulate.kernels.lookup.negative_index`, for a negative x; its sign bit is not looked at."""
    half = 1 << (x.type.width - 1)
    magnitude = subtract(constant(half), wrap(x.value, False, x.type.width - 1))
    index = to_int(scaled(magnitude, x.type.fraction, entries, 8))
    kept = clamp(index, entries - 1)
    if index.low >= 0 or overflown is Overflown.FIRST:
        return kept
    return choose(is_negative(index), constant(entries - 1), kept)


def _cast_table(table: IntArray, type_: FixedPoint, result: FixedPoint, *, assigned: bool) -> list[int]:
    """A table's entries as the node's result has them.

    Args:
        table: integers of `type_`.
        type_: theirs.
        result: of the node.
        assigned: the entry itself is assigned to it, so that one of the same type keeps its lowest number.
    """
    return [int(v) for v in cast_integers(table, type_.fraction, result, source=type_ if assigned else None)]


@precast.register
def _(node: TableActivation, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    (x,) = operands
    if is_small(x, node.table.size):
        return by_word(node, x)
    table = _cast_table(node.table, node.table_type, node.result, assigned=True)
    found = [look_up(symmetric_index(Number(v, x.type), len(table), node.span), table) for v in x.values]
    return found, node.result.fraction


@precast.register
def _(node: UnaryTable, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    return by_word(node, operands[0])


@check_parameters.register
def _(node: UnaryTable) -> None:
    check_table(node, node.table.size)


@precast.register
def _(node: Elu, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    (x,) = operands
    if is_small(x, node.table.size):
        return by_word(node, x)
    alpha = int(node.alpha[0])
    product = node.table.astype(object) * alpha
    fraction = node.table_type.fraction + node.alpha_type.fraction
    table = [int(v) for v in cast_integers(product, fraction, node.result)]
    return _halves(node, x, table, Overflown.LAST, lambda v: v, x.type.fraction)


@precast.register
def _(node: Selu, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    (x,) = operands
    if is_small(x, node.table.size):
        return by_word(node, x)
    table = _cast_table(node.table, node.table_type, node.result, assigned=False)
    gain, fraction = int(node.gain[0]), node.gain_type.fraction + x.type.fraction
    return _halves(node, x, table, node.overflown, lambda v: multiply_constant(v, gain), fraction)


def _halves(
    node: Elu | Selu,
    x: Wires,
    table: list[int],
    overflown: Overflown,
    positive: Callable[[Variable], Variable],
    fraction: int,
) -> tuple[list[Variable], int]:
    """A function of the numbers that are not negative, and a table for the others; each cast on its own.

    Args:
        node: the operation.
        x: what it reads.
        table: of results, from 0 downwards.
        overflown: of the index.
        positive: of a number that is not negative.
        fraction: fraction bits of that.
    """
    found = []
    for v in x.values:
        negative = is_negative(v)
        above = constant(max(int(v.low), 0)) if is_constant(v) else wrap(v, False, x.type.width - int(x.type.signed))
        yes = cast(positive(above), fraction, node.result)
        if is_constant(negative) and negative.low == 0:
            found.append(yes)
            continue
        index = _negative_index(Number(v, x.type), len(table), overflown)
        found.append(choose(negative, look_up(index, table), yes))
    return found, node.result.fraction
