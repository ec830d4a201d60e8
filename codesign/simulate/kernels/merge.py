"""Two results brought together (nnet_merge.h, nnet_merge_stream.h, nnet_stream.h)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from codesign.graph import Broadcast, Concatenate, FixedPoint, Merge, MergeOperation, Overflow
from codesign.graph.cast import Integers, cast, shift_left
from codesign.simulate.ap import Ap
from codesign.simulate.kernels.operand import Operand, before_result, precast

_HALF = FixedPoint(False, 1, 0)  # ap_ufixed<1, 0>, which holds 0.5

_ARITHMETIC: Mapping[MergeOperation, Callable[[Ap, Ap], Ap]] = {
    MergeOperation.ADD: lambda a, b: a + b,
    MergeOperation.SUBTRACT: lambda a, b: a - b,
    MergeOperation.MULTIPLY: lambda a, b: a * b,
    MergeOperation.AVERAGE: lambda a, b: (a + b) * Ap(np.asarray(1, dtype=np.int64), _HALF),
}


def keeps_lowest(result: FixedPoint, types: Sequence[FixedPoint]) -> bool:
    """Whether a number of some source type passes the result's cast as it is, though the cast would change it.

    Assigned to the very type that it has, a number of a SAT_SYM type keeps even the lowest value.
    """
    return result.overflow is Overflow.SAT_SYM and result in types


def in_one_type(
    values: Sequence[Integers], types: Sequence[FixedPoint], result: FixedPoint
) -> tuple[list[Integers], int]:
    """Numbers of several types on one grid, each of which is then assigned to `result` on its own."""
    if keeps_lowest(result, types):
        cut = [cast(each, type_.fraction, result, source=type_) for each, type_ in zip(values, types, strict=True)]
        return cut, result.fraction
    fraction = max(type_.fraction for type_ in types)
    return [shift_left(each, fraction - type_.fraction) for each, type_ in zip(values, types, strict=True)], fraction


def _repeated(x: Operand, size: int) -> Integers:
    flat = x.values.reshape(x.values.shape[0], -1)
    return flat if flat.shape[1] == size else flat[:, np.arange(size) % flat.shape[1]]


_OF_FLOATS: Mapping[MergeOperation, Callable[[Integers, Integers], Integers]] = {
    MergeOperation.ADD: lambda a, b: a + b,
    MergeOperation.SUBTRACT: lambda a, b: a - b,
    MergeOperation.MULTIPLY: lambda a, b: a * b,
    MergeOperation.MAXIMUM: np.maximum,
    MergeOperation.MINIMUM: np.minimum,
}


def _of_floats(node: Merge, operands: Sequence[Operand]) -> tuple[Integers, int]:
    """Two floating-point numbers: what becomes of them is rounded to the wider type of the two."""
    wider = max((x.type for x in operands), key=lambda type_: type_.width)
    first, second = (shift_left(_repeated(x, node.size), wider.fraction - x.type.fraction) for x in operands)
    fraction = wider.fraction * (2 if node.operation is MergeOperation.MULTIPLY else 1)
    values = cast(_OF_FLOATS[node.operation](first, second), fraction, wider)
    return values.reshape(values.shape[0], *node.shape), wider.fraction


@precast.register
def _(node: Merge, operands: Sequence[Operand]) -> tuple[Integers, int]:
    if any(x.type.significant is not None for x in operands):
        return _of_floats(node, operands)
    first, second = (Ap(_repeated(x, node.size), x.type) for x in operands)
    if node.operation in _ARITHMETIC:
        found = _ARITHMETIC[node.operation](first, second)
        values, fraction = found.values, found.type.fraction
    else:
        takes_first = first > second if node.operation is MergeOperation.MAXIMUM else first < second
        parts, fraction = in_one_type((first.values, second.values), (first.type, second.type), node.result)
        values = np.where(takes_first, *parts)
    return values.reshape(values.shape[0], *node.shape), fraction


@precast.register
def _(node: Broadcast, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    return np.broadcast_to(x.values, (x.values.shape[0], *node.shape)), x.type.fraction


@precast.register
def _(node: Concatenate, operands: Sequence[Operand]) -> tuple[Integers, int]:
    parts, fraction = in_one_type([x.values for x in operands], [x.type for x in operands], node.result)
    return np.concatenate(parts, axis=node.axis + 1), fraction


@before_result.register
def _(node: Broadcast, types: Sequence[FixedPoint]) -> FixedPoint:
    return types[0]


@before_result.register
def _(node: Concatenate, types: Sequence[FixedPoint]) -> FixedPoint | None:
    return node.result if keeps_lowest(node.result, types) else None


@before_result.register
def _(node: Merge, types: Sequence[FixedPoint]) -> FixedPoint | None:
    chooses = node.operation in (MergeOperation.MAXIMUM, MergeOperation.MINIMUM)
    return node.result if chooses and keeps_lowest(node.result, types) else None
