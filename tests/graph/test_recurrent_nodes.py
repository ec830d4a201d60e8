"""Recurrent nodes and loops over time steps: what is refused, and how."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from codesign.errors import GraphError
from codesign.graph import (
    Activation,
    ActivationFunction,
    FixedPoint,
    GateFunction,
    Graph,
    Gru,
    Input,
    Lstm,
    Product,
    ReadTimeStep,
    WriteTimeStep,
    frozen,
)

T = FixedPoint.parse("fixed<8,3>")
X = Input(name="x", inputs=(), shape=(4, 3), result=T)
H = Input(name="h", inputs=(), shape=(2,), result=T)


def fields(gates: int = 3, **changes: Any) -> dict[str, Any]:
    columns = gates * 2
    values = {
        "name": "rnn",
        "inputs": ("x",),
        "shape": (2,),
        "result": T,
        "weight": frozen(np.ones((3, columns))),
        "weight_type": T,
        "bias": frozen(np.zeros(columns)),
        "bias_type": T,
        "recurrent_weight": frozen(np.ones((2, columns))),
        "recurrent_weight_type": T,
        "recurrent_bias": frozen(np.zeros(columns)),
        "recurrent_bias_type": T,
        "accumulator": T,
        "activation": GateFunction.TANH,
        "recurrent_activation": GateFunction.RELU,
        "table": frozen([-32, 0, 32]),
        "table_type": T,
    }
    return {**values, **changes}


def test_a_legal_layer_of_either_kind():
    for node in (Gru(**fields()), Gru(**fields(shape=(4, 2))), Lstm(**fields(4))):
        graph = Graph("design", (X, node), ("rnn",))
        assert graph["rnn"].size in (2, 8)
    Graph("design", (X, H, Gru(**fields(inputs=("x", "h")))), ("rnn",))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"inputs": ("x", "h", "h")}, "reads 3 results, expected 1, or 2 with the states before the first step"),
        ({"inputs": ("h",)}, r"reads shape \(2,\); it must be \(steps, numbers in a step\)"),
        ({"shape": (5, 2)}, r"has shape \(5, 2\); after 4 steps it is \(n,\) or \(4, n\)"),
        (
            {"inputs": ("x", "h"), "result": FixedPoint.parse("fixed<9,3>")},
            r"starts from 'h', fixed<8,3> of shape \(2,\); a state is fixed<9,3> of shape \(2,\)",
        ),
        ({"weight": frozen(np.ones((3, 5)))}, r"weight has shape \(3, 5\), expected \(3, 6\)"),
        ({"recurrent_weight": frozen(np.full((2, 6), 999))}, r"recurrent_weight spans \[999, 999\]"),
        ({"recurrent_bias": frozen([0])}, r"recurrent_bias has shape \(1,\), expected \(6,\)"),
        ({"table": frozen([])}, "tanh needs a table with entries and a table_type"),
        ({"table_type": None}, "tanh needs a table with entries and a table_type"),
        ({"table": frozen([128])}, r"table spans \[128, 128\]"),
        ({"recurrent_table": frozen([1])}, "recurrent_table has 1 entries, but relu takes none"),
        ({"accumulator": FixedPoint(True, 8, -33)}, r"takes tanh of fixed<8,-33>: .* fewer than -32 integer bits"),
        ({"strategy": "fast"}, "has strategy 'fast'; choose latency, resource, resource_unrolled"),
        ({"reuse_factor": 0}, "has reuse factor 0; it must be at least 1"),
        (
            {"strategy": "resource", "recurrent_reuse_factor": 3},
            "has strategy resource and recurrent reuse factor 3; it must divide 2, or be a multiple of it",
        ),
        ({"recurrent_product": Product.BOTH_BINARY}, "has recurrent product both_binary, which states do not have"),
        ({"counts_agreement": True}, r"counts equal bits but reads fixed<8,3>; it must be ufixed<1,1>"),
    ],
)
def test_what_contradicts_itself_is_refused_by_name(changes, message):
    with pytest.raises(GraphError, match=f"node 'rnn'.*{message}"):
        Graph("design", (X, H, Gru(**fields(**changes))), ("rnn",))


STEP = ReadTimeStep(name="step", inputs=("x",), shape=(3,), result=T, n_time_steps=4)
INSIDE = Activation(name="inside", inputs=("step",), shape=(3,), result=T, function=ActivationFunction.RELU)
ALL = WriteTimeStep(name="all", inputs=("inside",), shape=(4, 3), result=T)


def test_nodes_inside_a_loop_run_once_a_step():
    graph = Graph("design", (X, STEP, INSIDE, ALL), ("all",))
    assert [graph.runs(node) for node in graph] == [1, 4, 4, 1]


@pytest.mark.parametrize(
    ("nodes", "output", "message"),
    [
        ((X, STEP), "step", "output 'step' is computed once a time step; put the steps together"),
        (
            (X, STEP, WriteTimeStep(name="all", inputs=("step",), shape=(3, 3), result=T)),
            "all",
            "node 'all' puts 3 steps together, but reads what is computed 4 times a sample",
        ),
        (
            (X, STEP, WriteTimeStep(name="all", inputs=("step",), shape=(4, 2), result=T)),
            "all",
            r"node 'all' has shape \(4, 2\), but reads steps of shape \(3,\)",
        ),
        (
            (X, ReadTimeStep(name="step", inputs=("x",), shape=(3,), result=T, n_time_steps=5)),
            "step",
            r"node 'step' takes 5 steps of shape \(3,\) out of shape \(4, 3\)",
        ),
        (
            (X, ReadTimeStep(name="step", inputs=("x",), shape=(3,), result=FixedPoint(True, 9, 3), n_time_steps=4)),
            "step",
            "node 'step' makes fixed<8,3> into fixed<9,3>; a loop keeps the type",
        ),
        (
            (X, H, STEP, Gru(**fields(inputs=("x", "late"))), ALL),
            "all",
            "reads 'late', which no node before it gives",
        ),
    ],
)
def test_loops_that_do_not_close_are_refused(nodes, output, message):
    with pytest.raises(GraphError, match=message):
        Graph("design", nodes, (output,))


def test_a_node_inside_a_loop_reads_from_inside_only():
    many = ReadTimeStep(name="many", inputs=("y",), shape=(4, 3), result=T, n_time_steps=2)
    ports = (Input(name="y", inputs=(), shape=(2, 4, 3), result=T), H)
    with pytest.raises(GraphError, match="node 'rnn' reads what is computed 2 and 1 times a sample"):
        Graph("design", (*ports, many, Gru(**fields(inputs=("many", "h")))), ("rnn",))
