"""Hard sigmoid and hard tanh (nnet_activation.h, nnet_activation_stream.h)."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.graph import HardActivation, HardFunction
from codesign.graph.cast import Integers
from codesign.simulate.ap import Ap, choose
from codesign.simulate.kernels.operand import Operand, precast


@precast.register
def _(node: HardActivation, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    slope, shift = Ap(node.slope, node.slope_type), Ap(node.shift, node.shift_type)
    zero, one = Ap.constant(0), Ap.constant(1)
    line = slope * Ap(x.values, x.type) + shift
    # The limits are assigned to the variable that holds the line, in its type.
    limited = choose(line > one, one, choose(line < zero, zero, line, line.type), line.type)
    if node.function is HardFunction.HARD_TANH:
        limited = Ap.constant(2) * limited - one
    return limited.values.reshape(x.values.shape[0], *node.shape), limited.type.fraction
