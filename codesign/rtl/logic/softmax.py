"""hls4ml's softmax in hardware: its tables and casts, in the order of nnet_activation.h."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from codesign.errors import UnsupportedLayerError
from codesign.graph import FixedPoint, IntArray, Overflow, Softmax, SoftmaxDifference, SoftmaxImplementation
from codesign.graph.cast import cast as cast_integers
from codesign.graph.softmax_tables import internal_types
from codesign.rtl.arithmetic import (
    Variable,
    add,
    add_constant,
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
from codesign.rtl.logic.sums import balanced


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


def _index(v: Variable, fraction: int, offset: int, entries: int) -> Variable:
    """`int(v * 2**-fraction) + offset`, clamped into the table; C++ converts towards zero."""
    bits = entries.bit_length() - 1
    whole_type = FixedPoint.parse(f"fixed<{bits + 2},{bits + 2},TRN_ZERO,SAT>")
    whole = cast(v, fraction, whole_type)
    return cast(add_constant(whole, offset), 0, FixedPoint(False, bits, bits, overflow=Overflow.SAT))


def _legacy(node: Softmax, x: Sequence[Variable], source: FixedPoint) -> tuple[list[Variable], int]:
    t = internal_types(node)
    exp_table, inv_table = _entries(node.exp_table), _entries(node.inv_table)
    exp_bits, inv_bits = len(exp_table).bit_length() - 1, len(inv_table).bit_length() - 1
    one = constant(int(cast_integers(np.array([1], dtype=np.int64), 0, t.exp)[0]))
    outputs = []
    for i, own in enumerate(x):
        total = constant(0)
        for j, other in enumerate(x):
            difference = subtract(other, own)
            index = _index(difference, source.fraction + 4 - exp_bits, len(exp_table) // 2, len(exp_table))
            term = one if i == j else look_up(index, exp_table)
            total = cast(add(total, term), t.exp.fraction, t.exp)
        outputs.append(look_up(_index(total, t.exp.fraction + 6 - inv_bits, 0, len(inv_table)), inv_table))
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
    if node.implementation is SoftmaxImplementation.LEGACY:
        for size in (node.exp_table.size, node.inv_table.size):
            if size & (size - 1):
                raise UnsupportedLayerError(
                    f"layer {node.name!r}: a legacy table of {size} entries, the RTL flow builds powers of two; "
                    "give the softmax such a table_size"
                )
