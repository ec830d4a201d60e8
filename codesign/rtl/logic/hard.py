"""Hard sigmoid and hard tanh (nnet_activation.h, nnet_activation_stream.h)."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.graph import HardActivation, HardFunction
from codesign.rtl.arithmetic import Variable
from codesign.rtl.logic.base import Wires, precast
from codesign.rtl.logic.direct import by_word, is_small
from codesign.rtl.logic.number import Number, select


@precast.register
def _(node: HardActivation, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    (x,) = operands
    if is_small(x, 0):
        return by_word(node, x)
    slope = Number.constant(int(node.slope[0]), node.slope_type)
    shift = Number.constant(int(node.shift[0]), node.shift_type)
    zero, one = Number.constant(0), Number.constant(1)
    found = []
    for v in x.values:
        line = Number(v, x.type) * slope + shift
        # The limits are assigned to the variable that holds the line, in its type.
        limited = select(line < zero, zero, line, line.type)
        limited = select(line > one, one, limited, line.type)
        if node.function is HardFunction.HARD_TANH:
            limited = Number.constant(2) * limited - one
        found.append(limited)
    return [number.value for number in found], found[0].type.fraction
