"""Functions with two or three results (nnet_activation.h, nnet_batchnorm.h and their streams)."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.graph import BinaryThreshold, TernaryTanh, TernaryThreshold
from codesign.rtl.arithmetic import Variable, choose, constant
from codesign.rtl.logic.base import Wires, precast
from codesign.rtl.logic.number import Number


@precast.register
def _(node: BinaryThreshold, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    (x,) = operands
    found = []
    for index, v in enumerate(x.values):
        threshold = Number.constant(int(node.threshold[index % node.threshold.size]), node.threshold_type)
        found.append(choose(Number(v, x.type) >= threshold, constant(1), constant(node.below)))
    return found, 0


def _ternary(number: Number, high: Number, low: Number) -> Variable:
    return choose(number > high, constant(1), choose(number <= low, constant(-1), constant(0)))


@precast.register
def _(node: TernaryThreshold, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    (x,) = operands
    found = []
    for index, v in enumerate(x.values):
        place = index % node.high.size
        high = Number.constant(int(node.high[place]), node.threshold_type)
        low = Number.constant(int(node.low[place]), node.threshold_type)
        found.append(_ternary(Number(v, x.type), high, low))
    return found, 0


@precast.register
def _(node: TernaryTanh, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    (x,) = operands
    found = []
    for v in x.values:
        number = Number(v, x.type)
        if node.doubled:
            number = (Number.constant(2) * number).to(x.type)
        found.append(_ternary(number, Number.constant(1), Number.constant(-1)))
    return found, 0
