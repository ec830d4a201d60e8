"""hls4ml's softmax in hardware: its tables and casts, in the order of nnet_activation.h."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from codesign.graph import FixedPoint, IntArray, Softmax, SoftmaxDifference, SoftmaxImplementation
from codesign.graph.cast import cast as cast_integers
from codesign.graph.softmax_tables import internal_types
from codesign.rtl.arithmetic import (
    Variable,
    both,
    choose,
    constant,
    invert,
    is_negative,
    look_up,
    maximum,
    multiply,
    subtract,
    top_bits,
)
from codesign.rtl.casting import cast
from codesign.rtl.logic.base import Wires, check_parameters, check_table, precast
from codesign.rtl.logic.number import Number
from codesign.rtl.logic.sums import balanced
from codesign.rtl.logic.table_index import table_index

_EXP_SPAN, _INV_SPAN = 16, 64  # what the legacy tables cover


def _entries(table: IntArray) -> list[int]:
    return [int(value) for value in table]


def _hot(values: Sequence[Variable]) -> tuple[Variable, list[Variable]]:
    """The maximum of `values`, and one flag for each: which is the first that has it."""
    if len(values) == 1:
        return values[0], [constant(1)]
    half = (len(values) + 1) // 2
    left, left_hot = _hot(values[:half])
    right, right_hot = _hot(values[half:])
    below = is_negative(subtract(left, right))
    hot = [both(flag, invert(below)) for flag in left_hot] + [both(flag, below) for flag in right_hot]
    return choose(below, right, left), hot


def _argmax(node: Softmax, x: Sequence[Variable], source: FixedPoint) -> tuple[list[Variable], int]:
    return _hot(x)[1], 0


def _tables(node: Softmax, arguments: Sequence[Variable], argument_type: FixedPoint) -> tuple[list[Variable], int]:
    t = internal_types(node)
    table = _entries(cast_integers(node.exp_table, t.exp.fraction, t.accumulator, source=t.exp))
    exponentials = [look_up(top_bits(a, argument_type, len(table)), table) for a in arguments]
    total = balanced(exponentials, t.accumulator)
    total = cast(total, t.accumulator.fraction, t.inv_input, source=t.accumulator)
    inverse = look_up(top_bits(total, t.inv_input, node.inv_table.size), _entries(node.inv_table))
    return [multiply(e, inverse) for e in exponentials], t.accumulator.fraction + t.inv.fraction


def _largest(values: Sequence[Variable]) -> Variable:
    if len(values) == 1:
        return values[0]
    half = (len(values) + 1) // 2
    return maximum(_largest(values[:half]), _largest(values[half:]))


def _stable(node: Softmax, x: Sequence[Variable], source: FixedPoint) -> tuple[list[Variable], int]:
    norm = internal_types(node).norm
    largest = _largest(x)
    turned = node.difference is SoftmaxDifference.X_MINUS_MAX
    distances = [subtract(v, largest) if turned else subtract(largest, v) for v in x]
    return _tables(node, [cast(d, source.fraction, norm) for d in distances], norm)


def _latency(node: Softmax, x: Sequence[Variable], source: FixedPoint) -> tuple[list[Variable], int]:
    return _tables(node, x, source)


def _legacy(node: Softmax, x: Sequence[Variable], source: FixedPoint) -> tuple[list[Variable], int]:
    t = internal_types(node)
    exp_table, inv_table = _entries(node.exp_table), _entries(node.inv_table)
    one = Number.constant(1).to(t.exp)
    outputs = []
    for i, own in enumerate(x):
        total = Number(constant(0), t.exp)
        for j, other in enumerate(x):
            difference = Number(other, source) - Number(own, source)
            index = table_index(difference, len(exp_table), _EXP_SPAN, len(exp_table) // 2)
            term = one if i == j else Number(look_up(index, exp_table), t.exp)
            total = (total + term).to(t.exp)
        outputs.append(look_up(table_index(total, len(inv_table), _INV_SPAN, 0), inv_table))
    return outputs, t.inv.fraction


_IMPLEMENTATIONS: dict[
    SoftmaxImplementation, Callable[[Softmax, Sequence[Variable], FixedPoint], tuple[list[Variable], int]]
] = {
    SoftmaxImplementation.ARGMAX: _argmax,
    SoftmaxImplementation.STABLE: _stable,
    SoftmaxImplementation.LATENCY: _latency,
    SoftmaxImplementation.LEGACY: _legacy,
}


@precast.register
def _(node: Softmax, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    (x,) = operands
    n, inner = node.slice_length, node.n_inner
    outputs = list(x.values)
    fraction = 0
    for start in range(0, len(x.values), n * inner):
        for offset in range(start, start + inner):
            places = range(offset, offset + n * inner, inner)
            row, fraction = _IMPLEMENTATIONS[node.implementation](node, [x.values[place] for place in places], x.type)
            for place, value in zip(places, row, strict=True):
                outputs[place] = value
    return outputs, fraction


@check_parameters.register
def _(node: Softmax) -> None:
    check_table(node, max(node.exp_table.size, node.inv_table.size))
