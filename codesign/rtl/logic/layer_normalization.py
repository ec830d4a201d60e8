"""Layer normalization (nnet_layernorm.h)."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.graph import FixedPoint, LayerNormalization
from codesign.rtl.arithmetic import Variable, constant, look_up
from codesign.rtl.logic.base import Wires, check_parameters, check_table, precast
from codesign.rtl.logic.number import Number, clamp, to_int, towards_zero
from codesign.rtl.logic.sums import add_up


@check_parameters.register
def _(node: LayerNormalization) -> None:
    check_table(node, node.table.size)


def _sum(terms: Sequence[Number], accumulator: FixedPoint) -> Number:
    return Number(add_up([term.value for term in terms], terms[0].type.fraction, 0, accumulator), accumulator)


def _normalized(node: LayerNormalization, row: Sequence[Number]) -> list[Number]:
    accumulator = node.accumulator
    factor = Number.constant(node.factor, node.factor_type)
    data = [number.to(accumulator) for number in row]
    mean = (_sum(data, accumulator) * factor).to(accumulator)
    differences = [(number - mean).to(accumulator) for number in data]
    squares = [(number * number).to(accumulator) for number in differences]
    variance = (_sum(squares, accumulator) * factor).to(accumulator)
    reach = variance * Number(constant(node.table.size << node.range_power), FixedPoint(True, 64, 64))
    place = clamp(to_int(towards_zero(reach.value, reach.type.fraction)), node.table.size - 1)
    inverse = Number(look_up(place, [int(value) for value in node.table]), node.table_type)
    found = []
    for number, scale, bias in zip(differences, node.scale, node.bias, strict=True):
        scaled = number * inverse * Number.constant(int(scale), node.scale_type)
        found.append(scaled + Number.constant(int(bias), node.bias_type))
    return found


@precast.register
def _(node: LayerNormalization, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    (x,) = operands
    n = node.scale.size
    numbers = [Number(v, x.type) for v in x.values]
    rows = [_normalized(node, numbers[start : start + n]) for start in range(0, len(numbers), n)]
    return [number.value for row in rows for number in row], rows[0][0].type.fraction
