"""Two results brought together (nnet_merge.h, nnet_merge_stream.h, nnet_stream.h)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from codesign.graph import Concatenate, FixedPoint, Merge, MergeOperation
from codesign.rtl.arithmetic import Variable, choose, maximum, minimum, shift_left
from codesign.rtl.logic.base import Wires, precast
from codesign.rtl.logic.number import Number
from codesign.simulate.kernels.merge import keeps_lowest

_HALF = FixedPoint(False, 1, 0)

_ARITHMETIC: Mapping[MergeOperation, Callable[[Number, Number], Number]] = {
    MergeOperation.ADD: lambda a, b: a + b,
    MergeOperation.SUBTRACT: lambda a, b: a - b,
    MergeOperation.MULTIPLY: lambda a, b: a * b,
    MergeOperation.AVERAGE: lambda a, b: (a + b) * Number.constant(1, _HALF),
}


def _grid(types: Sequence[FixedPoint], result: FixedPoint) -> int:
    """Fraction bits of numbers of several types before each is assigned to the result on its own."""
    return result.fraction if keeps_lowest(result, types) else max(type_.fraction for type_ in types)


def _on_grid(number: Number, types: Sequence[FixedPoint], result: FixedPoint) -> Variable:
    """One number of one of the types, as `codesign.simulate.kernels.merge.in_one_type` has it."""
    if keeps_lowest(result, types):
        return number.to(result).value
    return shift_left(number.value, _grid(types, result) - number.type.fraction)


@precast.register
def _(node: Merge, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    found, fraction = [], 0
    types = [x.type for x in operands]
    for index in range(node.size):
        first, second = (Number(x.values[index % len(x.values)], x.type) for x in operands)
        if node.operation in _ARITHMETIC:
            number = _ARITHMETIC[node.operation](first, second)
            value, fraction = number.value, number.type.fraction
        else:
            value, fraction = _chosen(node, first, second), _grid(types, node.result)
        found.append(value)
    return found, fraction


def _chosen(node: Merge, first: Number, second: Number) -> Variable:
    """The larger one, or the smaller one."""
    largest = node.operation is MergeOperation.MAXIMUM
    types = (first.type, second.type)
    parts = [_on_grid(number, types, node.result) for number in (first, second)]
    if first.type == second.type and not keeps_lowest(node.result, types):
        return maximum(*parts) if largest else minimum(*parts)
    return choose(first > second if largest else first < second, *parts)


@precast.register
def _(node: Concatenate, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    types = [x.type for x in operands]
    parts = []
    for x in operands:
        values = np.empty(len(x.values), dtype=object)
        values[:] = [_on_grid(Number(v, x.type), types, node.result) for v in x.values]
        parts.append(values.reshape(x.shape))
    return list(np.concatenate(parts, axis=node.axis).ravel()), _grid(types, node.result)
