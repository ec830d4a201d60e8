"""hls4ml's softmax in hardware: its tables and casts, in the order of nnet_activation.h."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from codesign.graph import FixedPoint, IntArray, Overflow, Softmax, SoftmaxDifference, SoftmaxImplementation
from codesign.graph.cast import cast as cast_integers
from codesign.graph.cast import round_to
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
    multiply_by_rows,
    subtract,
    top_bits,
)
from codesign.rtl.casting import cast
from codesign.rtl.logic.base import Wires, check_parameters, check_table, precast
from codesign.rtl.logic.number import Number
from codesign.rtl.logic.sums import balanced
from codesign.rtl.logic.table_index import table_index
from codesign.simulate.kernels.softmax import top_bits as top_bits_of

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


def _exponentials(node: Softmax) -> list[int]:
    """The table of exponentials as integers of the accumulator."""
    t = internal_types(node)
    return _entries(cast_integers(node.exp_table, t.exp.fraction, t.accumulator, source=t.exp))


def _inverses(node: Softmax, lowest: int, highest: int) -> list[int]:
    """The table of inverses; where sums never reach, its entries are those next to it, which need no bits more.

    Args:
        node: the softmax.
        lowest: integer of the accumulator that no sum is below.
        highest: integer of the accumulator that no sum is above.
    """
    t = internal_types(node)
    entries = _entries(node.inv_table)
    ends = np.array([lowest, highest], dtype=object)
    inside = cast_integers(ends, t.accumulator.fraction, t.inv_input, source=t.accumulator)
    wide = round_to(ends, t.accumulator.fraction, t.inv_input)
    if lowest < 0 or highest > t.accumulator.max_int or np.any(inside != wide):
        return entries  # something may wrap
    first, last = top_bits_of(inside, t.inv_input, len(entries))
    return [entries[min(max(index, int(first)), int(last))] for index in range(len(entries))]


def _tables(
    node: Softmax, arguments: Sequence[Variable], argument_type: FixedPoint, least: int | None
) -> tuple[list[Variable], int]:
    """Exponentials and inverses of arguments in the type that indexes the exponential table.

    Args:
        node: the softmax.
        arguments: one for each number of a slice.
        argument_type: theirs.
        least: an exponential that is always among them; None where there is none.
    """
    t = internal_types(node)
    table = _exponentials(node)
    exponentials = [look_up(top_bits(a, argument_type, len(table)), table) for a in arguments]
    others = (len(arguments) - 1) * min(table)
    inverses = _inverses(node, min(table) if least is None else least + others, len(arguments) * max(table))
    total = balanced(exponentials, t.accumulator)
    total = cast(total, t.accumulator.fraction, t.inv_input, source=t.accumulator)
    inverse = look_up(top_bits(total, t.inv_input, node.inv_table.size), inverses)
    return [multiply_by_rows(e, inverse) for e in exponentials], t.accumulator.fraction + t.inv.fraction


def _of_two(node: Softmax, x: Sequence[Variable], source: FixedPoint) -> tuple[list[Variable], int]:
    """A stable softmax of two numbers: both results are tables over the distance of the smaller one."""
    t = internal_types(node)
    turned = node.difference is SoftmaxDifference.X_MINUS_MAX
    ahead, behind = subtract(x[0], x[1]), subtract(x[1], x[0])
    below = is_negative(ahead)
    distance = choose(below, ahead, behind) if turned else choose(below, behind, ahead)
    index = top_bits(cast(distance, source.fraction, t.norm), t.norm, node.exp_table.size)
    found = []
    for smaller in (False, True):
        values = _results_of_two(node, smaller=smaller)
        found.append(look_up(index, values))
    larger_result, smaller_result = found
    return [choose(below, smaller_result, larger_result), choose(below, larger_result, smaller_result)], (
        node.result.fraction
    )


def _results_of_two(node: Softmax, *, smaller: bool) -> list[int]:
    """The results of the larger or the smaller of two numbers, by the smaller one's index into the exponentials."""
    t = internal_types(node)
    table = np.array(_exponentials(node), dtype=object)
    accumulator = t.accumulator
    total = cast_integers(table + table[0], accumulator.fraction, accumulator)
    total = cast_integers(total, accumulator.fraction, t.inv_input, source=accumulator)
    inverse = node.inv_table.astype(object)[top_bits_of(total, t.inv_input, node.inv_table.size)]
    product = (table if smaller else table[0]) * inverse
    found = cast_integers(product, accumulator.fraction + t.inv.fraction, node.result)
    if t.norm.signed and t.norm.overflow in (Overflow.SAT, Overflow.SAT_SYM, Overflow.SAT_ZERO):
        # Distances have one sign, so that half of the indices never occur: entries that are alike take no LUTs.
        half = len(found) // 2
        found = found.copy()
        found[slice(1, half) if node.difference is SoftmaxDifference.X_MINUS_MAX else slice(half, None)] = found[0]
    return _entries(found)


def _largest(values: Sequence[Variable]) -> Variable:
    if len(values) == 1:
        return values[0]
    half = (len(values) + 1) // 2
    return maximum(_largest(values[:half]), _largest(values[half:]))


def _stable(node: Softmax, x: Sequence[Variable], source: FixedPoint) -> tuple[list[Variable], int]:
    if len(x) == 2:
        return _of_two(node, x, source)
    norm = internal_types(node).norm
    largest = _largest(x)
    turned = node.difference is SoftmaxDifference.X_MINUS_MAX
    distances = [subtract(v, largest) if turned else subtract(largest, v) for v in x]
    # The largest number's distance is 0.
    return _tables(node, [cast(d, source.fraction, norm) for d in distances], norm, _exponentials(node)[0])


def _latency(node: Softmax, x: Sequence[Variable], source: FixedPoint) -> tuple[list[Variable], int]:
    return _tables(node, x, source, None)


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
