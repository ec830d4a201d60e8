"""Recurrent layers: the sums of what a step reads, and the step's way from one state to the next (nnet_recurrent.h)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch

import numpy as np

from codesign.errors import UnsupportedLayerError
from codesign.graph import Dense, FixedPoint, GateFunction, Gru, Input, IntArray, Lstm, Node, Product, Recurrent
from codesign.graph.cast import Integers
from codesign.graph.cast import cast as cast_integers
from codesign.rtl.arithmetic import Variable, any_bit, look_up
from codesign.rtl.logic.base import Wires, check_parameters, check_table, precast
from codesign.rtl.logic.number import Number, select
from codesign.rtl.logic.table_index import symmetric_index
from codesign.simulate import Operand
from codesign.simulate.ap import Ap
from codesign.simulate.kernels import before_result
from codesign.simulate.kernels import precast as simulated
from codesign.simulate.kernels.recurrent import next_states as simulated_states

# Numbers that a gate's table covers, around 0.
_SPAN = {GateFunction.SIGMOID: 16, GateFunction.TANH: 8}
_FLAG = FixedPoint(False, 1, 1)


@dataclass(frozen=True, eq=False, kw_only=True)
class Step(Node):
    """One time step: of the sums of what it reads, and the states before it, the states after it.

    Attributes:
        layer: whose step it is.
    """

    layer: Recurrent


def input_sums(node: Recurrent, n_in: int) -> Dense:
    """The dense layer that makes the sums of what a step reads, in the accumulator."""
    return Dense(
        name=node.name,
        inputs=("step",),
        shape=(node.GATES * node.n_state,),
        result=node.accumulator,
        weight=node.weight,
        weight_type=node.weight_type,
        bias=node.bias,
        bias_type=node.bias_type,
        accumulator=node.accumulator,
        reuse_factor=node.reuse_factor,
        strategy=node.strategy,
        product=node.product,
        exponent_width=node.exponent_width,
        counts_agreement=node.counts_agreement,
    )


def state_sums(node: Recurrent) -> Dense:
    """The dense layer that makes the sums of the state, in the accumulator."""
    return Dense(
        name=node.name,
        inputs=("state",),
        shape=(node.GATES * node.n_state,),
        result=node.accumulator,
        weight=node.recurrent_weight,
        weight_type=node.recurrent_weight_type,
        bias=node.recurrent_bias,
        bias_type=node.recurrent_bias_type,
        accumulator=node.accumulator,
        reuse_factor=node.recurrent_reuse_factor,
        strategy=node.strategy,
        product=node.recurrent_product,
        exponent_width=node.recurrent_exponent_width,
    )


def step(node: Recurrent) -> Step:
    """A step of a layer."""
    names = ("sums", *(f"state{index}" for index in range(node.STATES)))
    return Step(name=node.name, inputs=names, shape=(node.STATES * node.n_state,), result=node.result, layer=node)


def step_sources(node: Recurrent) -> tuple[Input, ...]:
    """What a step reads: the sums, and each state."""
    sums = Input(name="sums", inputs=(), shape=(node.GATES * node.n_state,), result=node.accumulator)
    states = (
        Input(name=f"state{index}", inputs=(), shape=(node.n_state,), result=node.result)
        for index in range(node.STATES)
    )
    return (sums, *states)


def _function(node: Recurrent, x: Number, function: GateFunction, table: IntArray) -> Number:
    if function is GateFunction.RELU:
        zero = Number.constant(0)
        return select(x > zero, x, zero, node.accumulator)
    assert node.table_type is not None
    type_ = node.table_type
    entries = [int(v) for v in cast_integers(table, type_.fraction, node.accumulator, source=type_)]
    return Number(look_up(symmetric_index(x, table.size, _SPAN[function]), entries), node.accumulator)


def _activated(node: Recurrent, x: Number) -> Number:
    return _function(node, x, node.activation, node.table)


def _gate(node: Recurrent, x: Number) -> Number:
    return _function(node, x, node.recurrent_activation, node.recurrent_table)


def _state_sums(node: Recurrent, state: Wires) -> list[Number]:
    if node.recurrent_product is Product.DATA_BINARY:
        state = Wires([any_bit(v) for v in state.values], _FLAG, state.shape)
    values, _ = precast(state_sums(node), [state])
    return [Number(v, node.accumulator) for v in values]


@singledispatch
def _next(node: Recurrent, sums: Sequence[Number], states: Sequence[Wires]) -> list[Variable]:
    """The states after a step, one after the other."""
    raise UnsupportedLayerError(f"layer {node.name!r}: the RTL flow has no steps of {type(node).__name__}")


@_next.register
def _(node: Lstm, sums: Sequence[Number], states: Sequence[Wires]) -> list[Variable]:
    n = node.n_state
    inner = _state_sums(node, states[0])
    total = [(u + v).to(node.accumulator) for u, v in zip(sums, inner, strict=True)]
    h, s = [], []
    for index, before in enumerate(states[1].values):
        i, f, c, o = (total[gate * n + index] for gate in range(4))
        kept = Number(before, node.result) * _gate(node, f)
        after = (_activated(node, c) * _gate(node, i) + kept).to(node.result)
        s.append(after.value)
        h.append((_gate(node, o) * _activated(node, after)).to(node.result).value)
    return [*h, *s]


@_next.register
def _(node: Gru, sums: Sequence[Number], states: Sequence[Wires]) -> list[Variable]:
    n, a = node.n_state, node.accumulator
    inner = _state_sums(node, states[0])
    found = []
    for index, before in enumerate(states[0].values):
        z, r = (_gate(node, (sums[gate * n + index] + inner[gate * n + index]).to(a)) for gate in range(2))
        reset = (r * inner[2 * n + index]).to(a)
        candidate = _activated(node, (sums[2 * n + index] + reset).to(a))
        after = candidate * (Number.constant(1) - z) + Number(before, node.result) * z
        found.append(after.to(node.result).value)
    return found


@precast.register
def _(node: Step, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    sums, *states = operands
    return _next(node.layer, [Number(v, sums.type) for v in sums.values], states), node.result.fraction


@check_parameters.register
def _(node: Step) -> None:
    for table in (node.layer.table, node.layer.recurrent_table):
        check_table(node, table.size)


@before_result.register
def _(node: Step, types: Sequence[FixedPoint]) -> FixedPoint:
    return node.result


@simulated.register
def _(node: Step, operands: Sequence[Operand]) -> tuple[Integers, int]:
    sums, *states = (Ap(operand.values, operand.type) for operand in operands)
    found = simulated_states(node.layer, sums, tuple(states))
    return np.concatenate([state.values for state in found], axis=1), node.result.fraction
