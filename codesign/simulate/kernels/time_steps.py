"""Loops over time steps (nnet_time_distributed.h): inside them, the steps of a sample are samples of their own."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.graph import FixedPoint, ReadTimeStep, WriteTimeStep
from codesign.graph.cast import Integers
from codesign.simulate.kernels.operand import Operand, before_result, precast


@before_result.register(ReadTimeStep)
@before_result.register(WriteTimeStep)
def _(node: ReadTimeStep | WriteTimeStep, types: Sequence[FixedPoint]) -> FixedPoint:
    return types[0]


@precast.register(ReadTimeStep)
@precast.register(WriteTimeStep)
def _(node: ReadTimeStep | WriteTimeStep, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    return x.values.reshape(-1, *node.shape), x.type.fraction
