"""Recurrent layers, line by line as nnet_recurrent.h; all samples at once, one time step after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch

import numpy as np

from codesign.errors import GraphError
from codesign.graph import Direction, FixedPoint, GateFunction, Gru, IntArray, Lstm, Product, Recurrent
from codesign.graph.cast import Integers, cast, round_to
from codesign.simulate.ap import Ap, choose
from codesign.simulate.kernels.lookup import symmetric_index
from codesign.simulate.kernels.operand import Operand, accumulator_overflows, before_result, precast
from codesign.simulate.kernels.sums import Terms, accumulate, agreement, overflows, terms

# The width of the interval that a table covers, around 0.
_SPAN = {GateFunction.SIGMOID: 16, GateFunction.TANH: 8}


@before_result.register(Lstm)
@before_result.register(Gru)
def _(node: Recurrent, types: Sequence[FixedPoint]) -> FixedPoint:
    return node.result


def _function(node: Recurrent, x: Ap, function: GateFunction, table: IntArray) -> Ap:
    """A gate's function of numbers of any type, as numbers of the accumulator."""
    if function is GateFunction.RELU:
        return choose(x > Ap.constant(0), x, Ap.constant(0), node.accumulator)
    assert node.table_type is not None
    values = table[symmetric_index(x, table.size, _SPAN[function])]
    return Ap(values, node.table_type).to(node.accumulator)


def _activated(node: Recurrent, x: Ap) -> Ap:
    return _function(node, x, node.activation, node.table)


def _gate(node: Recurrent, x: Ap) -> Ap:
    return _function(node, x, node.recurrent_activation, node.recurrent_table)


@dataclass(frozen=True)
class _Dense:
    """One of the two `dense` calls of a step: what it adds up, and how."""

    terms: Terms
    bias: IntArray
    bias_type: FixedPoint
    reuse_factor: int
    leaves_out_zeros: bool

    def order(self, node: Recurrent, n_in: int) -> IntArray | None:
        """The terms in the order in which hls4ml adds them up; ascending where None."""
        if node.strategy == "latency" or not 1 < self.reuse_factor < n_in:
            return None
        return self.terms.order(np.arange(n_in).reshape(-1, self.reuse_factor).T.ravel())

    def sums(self, node: Recurrent, n_in: int) -> Integers:
        """(rows, columns) integers of the accumulator."""
        return accumulate(
            self.terms.x,
            self.terms.weight,
            cast(self.bias, self.bias_type.fraction, node.accumulator, source=self.bias_type),
            fraction=self.terms.fraction,
            accumulator=node.accumulator,
            order=self.order(node, n_in),
            leaves_out_zeros=self.leaves_out_zeros,
        )

    def overflows(self, node: Recurrent) -> int:
        """As `accumulator_overflows`."""
        return overflows(
            self.terms.x,
            self.terms.weight,
            round_to(self.bias, self.bias_type.fraction, node.accumulator),
            fraction=self.terms.fraction,
            accumulator=node.accumulator,
        )


def _of_inputs(node: Recurrent, x: Operand) -> _Dense:
    """Every step's numbers at once: rows of all samples of the first step, then of the second, and so on."""
    rows = x.values.transpose(1, 0, 2).reshape(-1, x.values.shape[2])
    found = terms(rows, x.type, node.weight, node.weight_type, node.product, node.exponent_width)
    unrolled = node.strategy == "resource_unrolled"
    return _Dense(found, node.bias, node.bias_type, node.reuse_factor, unrolled or node.product is not Product.MULT)


def _of_state(node: Recurrent, values: Integers) -> _Dense:
    """The state before a step."""
    product = node.recurrent_product
    if product is Product.DATA_BINARY:
        values = (values != 0).astype(np.int64)
    weight, weight_type = node.recurrent_weight, node.recurrent_weight_type
    found = terms(values, node.result, weight, weight_type, product, node.recurrent_exponent_width)
    unrolled = node.strategy == "resource_unrolled"
    return _Dense(
        found,
        node.recurrent_bias,
        node.recurrent_bias_type,
        node.recurrent_reuse_factor,
        unrolled or product is not Product.MULT,
    )


def _input_sums(node: Recurrent, x: Operand) -> Ap:
    """(steps, samples, columns)"""
    samples, steps, n_in = x.values.shape
    total = _of_inputs(node, x).sums(node, n_in)
    if node.counts_agreement:
        total, type_ = agreement(total, node.accumulator, n_in)
        total = cast(total, type_.fraction, node.accumulator, source=type_)
    return Ap(total.reshape(steps, samples, -1), node.accumulator)


def _state_sums(node: Recurrent, state: Ap) -> Ap:
    """(samples, columns)"""
    return Ap(_of_state(node, state.values).sums(node, node.n_state), node.accumulator)


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
    states = np.concatenate([state.values for state in _history(node, operands)[:-1]])
    return _of_inputs(node, operands[0]).overflows(node) + _of_state(node, states).overflows(node)
