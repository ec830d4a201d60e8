"""LSTM and GRU: two matrix products, tables and gates, once a time step."""

from __future__ import annotations

from codesign.estimate.conditions import Conditions
from codesign.estimate.vitis import fabric
from codesign.estimate.vitis.fabric import Cost
from codesign.estimate.vitis.families import LayerFamily, finished
from codesign.estimate.vitis.matrix import Matrix, MatrixModule, matrix_module
from codesign.estimate.vitis.module import Module, module
from codesign.estimate.vitis.streams import process, streams
from codesign.graph import GateFunction, Gru, IntArray, Lstm, Node, Recurrent

_GATES_AROUND = {Lstm: 6, Gru: 5}
"""Clocks of a step between the products and tables: sums, gates, the new states."""
_STEP_AROUND = 3
"""Clocks from one step to the next beyond the step itself."""
_GATE_PRODUCTS = {Lstm: 3, Gru: 3}
"""Products of two numbers for each number of the state."""
_TABLE_READ = 2


@module.register(Lstm)
@module.register(Gru)
def _recurrent(node: Recurrent, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    steps, n_in = sources[0].shape
    n, width = node.n_state, node.accumulator.width
    inner, outer = _products(node, sources[0], conditions)
    gates = node.GATES - 1
    tables, read = _tables(node, gates * n, n, conditions)
    kind = Lstm if isinstance(node, Lstm) else Gru
    gated = fabric.product(width, width, conditions).times(_GATE_PRODUCTS[kind] * n)
    sums = fabric.add(width).times((node.GATES + 2) * n)
    states = fabric.held(node.STATES * n, node.result.width)
    between = fabric.registers(2 * node.GATES * n, width)
    chosen = Cost() if streams(conditions) else fabric.multiplex(steps * n_in, sources[0].result.width).times(n_in)
    kept = fabric.held(node.size, node.result.width) if node.sequences else Cost()
    cost = inner.cost + outer.cost + tables + gated + sums + states + between + chosen + kept + process(steps)
    step = max(inner.latency, outer.latency) + 2 * read + _GATES_AROUND[kind]
    latency = steps * (step + _STEP_AROUND) + 1
    return finished(LayerFamily.RECURRENT, cost, latency, latency + 1)


def _products(node: Recurrent, source: Node, conditions: Conditions) -> tuple[MatrixModule, MatrixModule]:
    strategy = node.strategy
    read = Matrix(
        node,
        source.result,
        node.weight,
        node.weight_type,
        node.bias,
        node.bias_type,
        node.accumulator,
        node.accumulator,
        strategy,
        conditions.reuse.get(node.name, node.reuse_factor),
        node.product,
        node.exponent_width,
    )
    state = Matrix(
        node,
        node.result,
        node.recurrent_weight,
        node.recurrent_weight_type,
        node.recurrent_bias,
        node.recurrent_bias_type,
        node.accumulator,
        node.accumulator,
        strategy,
        conditions.reuse.get(node.name, node.recurrent_reuse_factor),
        node.recurrent_product,
        node.recurrent_exponent_width,
    )
    return matrix_module(read, conditions), matrix_module(state, conditions)


def _tables(node: Recurrent, n_gates: int, n_state: int, conditions: Conditions) -> tuple[Cost, int]:
    """Tables of the gates and of the candidate (and an LSTM's cell), and the clocks of the slower one."""
    states = n_state * (2 if isinstance(node, Lstm) else 1)
    cost, read = Cost(), 0
    for function, table, lookups in (
        (node.recurrent_activation, node.recurrent_table, n_gates),
        (node.activation, node.table, states),
    ):
        cost += _function(function, table, lookups, node.accumulator.width)
        read = max(read, 0 if function is GateFunction.RELU else _TABLE_READ)
    return cost, read


def _function(function: GateFunction, table: IntArray, lookups: int, width: int) -> Cost:
    if function is GateFunction.RELU:
        return (fabric.compare(width) + fabric.choose(width)).times(lookups)
    bits = max(1, int(table.size - 1).bit_length())
    index = fabric.add(width) + fabric.choose(width) + fabric.add(bits + 3)
    index += (fabric.compare(bits + 3) + fabric.choose(bits)).times(2)
    return index.times(lookups) + fabric.table(table.size, fabric.value_bits(table), lookups)
