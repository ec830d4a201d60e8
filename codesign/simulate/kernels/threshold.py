"""Functions with two or three results (nnet_activation.h, nnet_batchnorm.h and their streams)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.graph import BinaryThreshold, TernaryTanh, TernaryThreshold
from codesign.graph.cast import Integers
from codesign.simulate.ap import Ap
from codesign.simulate.kernels.operand import Operand, precast


def _rows(x: Operand, n: int) -> Ap:
    return Ap(x.values.reshape(x.values.shape[0], -1, n), x.type)


@precast.register
def _(node: BinaryThreshold, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    reached = _rows(x, node.threshold.size) >= Ap(node.threshold, node.threshold_type)
    return np.where(reached, 1, node.below).reshape(x.values.shape[0], *node.shape), 0


@precast.register
def _(node: TernaryThreshold, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    rows = _rows(x, node.high.size)
    high, low = Ap(node.high, node.threshold_type), Ap(node.low, node.threshold_type)
    found = np.where(rows > high, 1, np.where(rows <= low, -1, 0))
    return found.reshape(x.values.shape[0], *node.shape), 0


@precast.register
def _(node: TernaryTanh, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    number = Ap(x.values, x.type)
    if node.doubled:
        number = (Ap.constant(2) * number).to(x.type)
    found = np.where(number > Ap.constant(1), 1, np.where(number <= Ap.constant(-1), -1, 0))
    return found.reshape(x.values.shape[0], *node.shape), 0
