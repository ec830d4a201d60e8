"""Recurrent layers, line by line as nnet_recurrent.h; all samples at once, one time step after the other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

import numpy as np

from codesign.errors import GraphError
from codesign.graph import Direction, FixedPoint, GateFunction, Gru, IntArray, Lstm, Recurrent
from codesign.graph.cast import Integers, cast, round_to
from codesign.simulate.ap import Ap, choose
from codesign.simulate.kernels.operand import Operand, accumulator_overflows, before_result, precast
from codesign.simulate.kernels.sums import accumulate, overflows

_UNSIGNED = FixedPoint(False, 32, 32)
# The width of the interval that a table covers, around 0.
_SPAN = {GateFunction.SIGMOID: 16, GateFunction.TANH: 8}


@before_result.register(Lstm)
@before_result.register(Gru)
def _(node: Recurrent, types: Sequence[FixedPoint]) -> FixedPoint:
    return node.result


def table_index(x: Ap, entries: int, span: int) -> IntArray:
    """The entries of a table over (-span/2, span/2) that belong to the numbers `x` (nnet_activation.h)."""
    scaled = x * Ap(np.asarray(entries, dtype=np.int64), _UNSIGNED) / Ap.constant(span)
    whole = scaled.truncated() & 0xFFFFFFFF
    whole = np.asarray(whole, dtype=np.int64) + (span // 2 * entries) // span
    index = ((whole + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)
    return np.asarray(np.clip(index, 0, entries - 1))


def _function(node: Recurrent, x: Ap, function: GateFunction, table: IntArray) -> Ap:
    """A gate's function of numbers of any type, as numbers of the accumulator."""
    if function is GateFunction.RELU:
        return choose(x > Ap.constant(0), x, Ap.constant(0), node.accumulator)
    assert node.table_type is not None
    values = table[table_index(x, table.size, _SPAN[function])]
    return Ap(values, node.table_type).to(node.accumulator)


def _activated(node: Recurrent, x: Ap) -> Ap:
    return _function(node, x, node.activation, node.table)


def _gate(node: Recurrent, x: Ap) -> Ap:
    return _function(node, x, node.recurrent_activation, node.recurrent_table)


def summation_order(strategy: str, reuse_factor: int, n_in: int) -> IntArray | None:
    """The inputs in the order in which hls4ml adds up their products; ascending where None."""
    if strategy == "latency" or reuse_factor >= n_in:
        return None
    return np.asarray(np.arange(n_in).reshape(-1, reuse_factor).T.ravel())


def _input_sums(node: Recurrent, x: Operand) -> Ap:
    """`dense` of every step's numbers at once; (steps, samples, columns)."""
    samples, steps, n_in = x.values.shape
    bias = cast(node.bias, node.bias_type.fraction, node.accumulator, source=node.bias_type)
    total = accumulate(
        x.values.transpose(1, 0, 2).reshape(-1, n_in),
        node.weight,
        bias,
        fraction=x.type.fraction + node.weight_type.fraction,
        accumulator=node.accumulator,
        order=summation_order(node.strategy, node.reuse_factor, n_in),
    )
    return Ap(np.asarray(total).reshape(steps, samples, -1), node.accumulator)


def _state_sums(node: Recurrent, state: Ap) -> Ap:
    """`dense` of the state; (samples, columns)."""
    bias = cast(
        node.recurrent_bias, node.recurrent_bias_type.fraction, node.accumulator, source=node.recurrent_bias_type
    )
    total = accumulate(
        state.values,
        node.recurrent_weight,
        bias,
        fraction=state.type.fraction + node.recurrent_weight_type.fraction,
        accumulator=node.accumulator,
        order=summation_order(node.strategy, node.recurrent_reuse_factor, node.n_state),
    )
    return Ap(np.asarray(total), node.accumulator)


def _part(x: Ap, index: int, n: int) -> Ap:
    return Ap(x.values[..., index * n : (index + 1) * n], x.type)


@singledispatch
def next_states(node: Recurrent, sums: Ap, states: tuple[Ap, ...]) -> tuple[Ap, ...]:
    """The states after a step, the one that leaves the layer first.

    Args:
        node: the layer.
        sums: (samples, columns) of what the step reads, in the accumulator.
        states: before the step, each (samples, n_state) of `result`.

    Raises:
        GraphError: the node's class has no kernel.
    """
    raise GraphError(f"node {node.name!r}: the simulator has no kernel for {type(node).__name__}")


@next_states.register
def _(node: Lstm, sums: Ap, states: tuple[Ap, ...]) -> tuple[Ap, ...]:
    h, s = states
    n = node.n_state
    total = (sums + _state_sums(node, h)).to(node.accumulator)
    i, f, c, o = (_part(total, index, n) for index in range(4))
    s = (_activated(node, c) * _gate(node, i) + s * _gate(node, f)).to(node.result)
    h = (_gate(node, o) * _activated(node, s)).to(node.result)
    return h, s


@next_states.register
def _(node: Gru, sums: Ap, states: tuple[Ap, ...]) -> tuple[Ap, ...]:
    (h,) = states
    n = node.n_state
    inner = _state_sums(node, h)
    z, r = (_gate(node, (_part(sums, index, n) + _part(inner, index, n)).to(node.accumulator)) for index in range(2))
    reset = (r * _part(inner, 2, n)).to(node.accumulator)
    candidate = _activated(node, (_part(sums, 2, n) + reset).to(node.accumulator))
    return ((candidate * (Ap.constant(1) - z) + h * z).to(node.result),)


def _steps(node: Recurrent, operands: Sequence[Operand]) -> list[int]:
    """The time steps in the order in which they are read."""
    steps = list(range(operands[0].values.shape[1]))
    return steps if node.direction is Direction.FORWARD else steps[::-1]


def _history(node: Recurrent, operands: Sequence[Operand]) -> list[Ap]:
    """What leaves the layer: before the first step that is read, and after every step, in the order of reading."""
    zero = Ap(np.zeros((operands[0].values.shape[0], node.n_state), dtype=np.int64), node.result)
    states = tuple(Ap(item.values, item.type) for item in operands[1:]) or (zero,) * node.STATES
    sums = _input_sums(node, operands[0])
    found = [states[0]]
    for step in _steps(node, operands):
        states = next_states(node, Ap(sums.values[step], sums.type), states)
        found.append(states[0])
    return found


@precast.register(Lstm)
@precast.register(Gru)
def _(node: Recurrent, operands: Sequence[Operand]) -> tuple[Integers, int]:
    history = _history(node, operands)
    if not node.sequences:
        return history[-1].values, node.result.fraction
    places = np.argsort(_steps(node, operands))
    return np.stack([history[1 + place].values for place in places], axis=1), node.result.fraction


@accumulator_overflows.register(Lstm)
@accumulator_overflows.register(Gru)
def _(node: Recurrent, operands: Sequence[Operand]) -> int:
    (x, n_in), accumulator = (operands[0], operands[0].values.shape[-1]), node.accumulator
    found = overflows(
        x.values.reshape(-1, n_in),
        node.weight,
        round_to(node.bias, node.bias_type.fraction, accumulator),
        fraction=x.type.fraction + node.weight_type.fraction,
        accumulator=accumulator,
    )
    states = np.concatenate([state.values for state in _history(node, operands)[:-1]])
    return found + overflows(
        states,
        node.recurrent_weight,
        round_to(node.recurrent_bias, node.recurrent_bias_type.fraction, accumulator),
        fraction=node.result.fraction + node.recurrent_weight_type.fraction,
        accumulator=accumulator,
    )
