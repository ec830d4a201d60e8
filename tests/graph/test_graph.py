"""Graph: what it refuses to be built from, and what it answers."""

from __future__ import annotations

import pytest
from hypothesis import given

from codesign.errors import GraphError
from codesign.graph import (
    Activation,
    ActivationFunction,
    Dense,
    FixedPoint,
    Graph,
    Input,
    LayerNormalization,
    Normalize,
    NormalizeKind,
    Product,
    Reshape,
    Softmax,
    SoftmaxDifference,
    SoftmaxImplementation,
    frozen,
)
from tests.graph.strategies import graphs

T = FixedPoint.parse("fixed<4,2>")
SATURATING = FixedPoint.parse("fixed<8,4,TRN,SAT>")
X = Input(name="x", inputs=(), shape=(2, 2), result=T)


def dense(**changes):
    values = {
        "name": "fc",
        "inputs": ("x",),
        "shape": (3,),
        "result": T,
        "weight": frozen([[1, 2, 3]] * 4),
        "weight_type": T,
        "bias": frozen([0, 0, 0]),
        "bias_type": T,
        "accumulator": T,
    }
    return Dense(**{**values, **changes})


def normalize(**changes):
    values = {"scale": frozen([1, 1]), "scale_type": T, "bias": frozen([0, 0]), "bias_type": T, "shape": (2, 2)}
    kind = NormalizeKind.APPLY_ALPHA
    return Normalize(**{"name": "n", "inputs": ("x",), "result": T, "kind": kind, **values, **changes})


def softmax(**changes):
    tables = {"exp_table": frozen([1, 2, 3, 4]), "exp_type": T, "inv_table": frozen([1, 2]), "inv_type": T}
    types = {"norm": T, "accumulator": T, "inv_input": T}
    common = {"name": "s", "inputs": ("x",), "shape": (2, 2), "result": T}
    return Softmax(**{**common, "implementation": SoftmaxImplementation.STABLE, **tables, **types, **changes})


def normed(**changes):
    arrays = {"scale": frozen([1, 1]), "bias": frozen([0, 0]), "table": frozen([1, 2, 3])}
    types = {"scale_type": T, "bias_type": T, "table_type": T, "accumulator": T, "factor_type": T}
    common = {"name": "l", "inputs": ("x",), "shape": (2, 2), "result": T, "factor": 2}
    return LayerNormalization(**{**common, **arrays, **types, **changes})


def activation(**changes):
    values = {"name": "a", "inputs": ("x",), "shape": (2, 2), "result": T, "function": ActivationFunction.RELU}
    return Activation(**{**values, **changes})


def reshape(**changes):
    return Reshape(**{"name": "r", "inputs": ("x",), "shape": (4,), "result": T, **changes})


@pytest.mark.parametrize("node", [dense(), normalize(), softmax(), normed(), activation(), reshape()])
def test_legal_nodes_are_taken(node):
    graph = Graph("net", (X, node), (node.name,))
    assert graph[node.name] is node
    assert graph.input_nodes == (X,)
    assert graph.output_nodes == (node,)
    assert list(graph) == [X, node]


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (dense(weight=frozen([[1, 2, 3]] * 5)), "node 'fc': weight has shape (5, 3), expected (4, 3)"),
        (dense(weight=frozen([[1, 2, 9]] * 4)), "node 'fc': weight spans [1, 9], but fixed<4,2> holds [-8, 7]"),
        (dense(weight=frozen([1, 2, 3])), "a dense layer has a 2-D weight and a 1-D result"),
        (dense(bias=frozen([0])), "node 'fc': bias has shape (1,), expected (3,)"),
        (dense(bias=frozen([0, 0, -9])), "node 'fc': bias spans [-9, 0]"),
        (dense(reuse_factor=0), "node 'fc' has reuse factor 0; it must be at least 1"),
        (dense(strategy="fast\nrm"), "node 'fc' has strategy 'fast\\nrm'; choose latency, resource"),
        (dense(strategy="resource", reuse_factor=3), "reuse factor 3; it must divide the 4 inputs, or be a multiple"),
        (dense(strategy="resource", reuse_factor=6), "reuse factor 6; it must divide the 4 inputs, or be a multiple"),
        (dense(product=Product.WEIGHT_TERNARY), "has product 'weight_ternary' with constant weights"),
        (dense(product=Product.DATA_BINARY), "has product 'data_binary' but reads fixed<4,2>; it must be ufixed<1,1>"),
        (dense(product=Product.WEIGHT_EXPONENTIAL), "has exponents of 0 bits and product 'weight_exponential'"),
        (dense(exponent_width=4), "has exponents of 4 bits and product 'mult'"),
        (dense(product=Product.WEIGHT_EXPONENTIAL, exponent_width=4), "is a power of two, or its negative"),
        (dense(counts_agreement=True), "counts equal bits but reads fixed<4,2>; it must be ufixed<1,1>"),
        (dense(inputs=()), "node 'fc' reads 0 results, expected 1"),
        (dense(inputs=("x", "x")), "node 'fc' reads 2 results, expected 1"),
        (dense(inputs=("y",)), "node 'fc' reads 'y', which no node before it gives"),
        (dense(inputs=("fc",)), "node 'fc' reads 'fc', which no node before it gives"),
        (dense(name="x"), "two nodes are named 'x'; names must differ"),
        (dense(name='../../x; rm -rf $HOME "'), "is not an identifier; use letters, digits and _"),
        (dense(name="größe"), "is not an identifier"),
        (dense(shape=()), "node 'fc' has shape (); every axis must be at least 1"),
        (normalize(scale=frozen([1, 1, 1])), "node 'n': 3 scales do not divide 4 values"),
        (normalize(scale=frozen([])), "node 'n': 0 scales do not divide 4 values"),
        (normalize(bias=frozen([1])), "node 'n': bias has shape (1,), expected (2,)"),
        (normalize(shape=(3,)), "node 'n' has shape (3,), but reads shape (2, 2)"),
        (activation(shape=(5,)), "node 'a' has shape (5,), but reads shape (2, 2)"),
        (reshape(shape=(4, 0)), "node 'r' has shape (4, 0); every axis must be at least 1"),
        (reshape(shape=(5,)), "node 'r' has shape (5,), but reads shape (2, 2)"),
        (reshape(result=FixedPoint.parse("fixed<4,2,RND,WRAP>")), "a reshape keeps the type"),
        (softmax(exp_table=frozen([1, 2, 3])), "node 's': exp_table needs a type and a power of two of entries"),
        (softmax(inv_table=frozen([1])), "node 's': inv_table needs a type and a power of two of entries"),
        (softmax(inv_table=frozen([1, 99])), "node 's': inv_table spans [1, 99]"),
        (softmax(exp_type=None), "node 's': exp_table needs a type"),
        (softmax(norm=None), "node 's': softmax stable lacks an internal type"),
        (softmax(accumulator=None), "node 's': softmax stable lacks an internal type"),
        (softmax(shape=(4, 1)), "node 's' has shape (4, 1), but reads shape (2, 2)"),
        (softmax(norm=FixedPoint.parse("fixed<1,1>")), "exp_table has 4 entries, but fixed<1,1>, whose top bits"),
        (softmax(inv_input=T, inv_table=frozen([1] * 32)), "inv_table has 32 entries, but fixed<4,2>, whose top bits"),
        (softmax(n_slice=3), "node 's': slices of 3 numbers, 1 apart, do not divide 4 numbers"),
        (softmax(n_slice=0), "node 's': slices of 0 numbers, 1 apart, do not divide 4 numbers"),
        (softmax(n_inner=4), "node 's': slices of 2 numbers, 4 apart, do not divide 4 numbers"),
        (softmax(n_inner=0), "node 's': slices of 2 numbers, 0 apart, do not divide 4 numbers"),
        (
            softmax(implementation=SoftmaxImplementation.LATENCY, difference=SoftmaxDifference.X_MINUS_MAX),
            "node 's': softmax latency takes no difference, so it has no x_minus_max; leave it out",
        ),
        (
            softmax(implementation=SoftmaxImplementation.LEGACY, exp_table=frozen([1])),
            "node 's': exp_table needs a type and at least two entries",
        ),
        (normed(shape=(5,)), "node 'l' has shape (5,), but reads shape (2, 2)"),
        (normed(scale=frozen([1, 1, 1])), "node 'l': 3 scales do not divide 4 values"),
        (normed(bias=frozen([1])), "node 'l': bias has shape (1,), expected (2,)"),
        (normed(table=frozen([])), "node 'l': a table without entries; give it at least one"),
        (normed(table=frozen([9])), "node 'l': table spans [9, 9], but fixed<4,2> holds [-8, 7]"),
        (normed(factor=8), "node 'l': factor is 8, but fixed<4,2> holds [-8, 7]"),
        (normed(range_power=31), "node 'l' has range_power 31; it must be 0 to 30"),
        (
            softmax(implementation=SoftmaxImplementation.LATENCY, exp_table=frozen([1] * 32)),
            "exp_table has 32 entries, but fixed<4,2>, whose top bits index it, has 4 bits; use a wider type",
        ),
        (Input(name="z", inputs=("x",), shape=(1,), result=T), "input 'z' reads other nodes"),
    ],
)
def test_contradictions_are_refused(node, said):
    with pytest.raises(GraphError) as error:
        Graph("net", (X, node), (node.name,))
    assert said in str(error.value)


def test_a_legacy_softmax_computes_its_index():
    node = softmax(implementation=SoftmaxImplementation.LEGACY, exp_table=frozen([1] * 32))
    Graph("net", (X, node), ("s",))


def test_both_binary_weights_are_one_bit():
    bit = Input(name="x", inputs=(), shape=(2, 2), result=FixedPoint.parse("ufixed<1,1>"))
    with pytest.raises(GraphError, match="a weight of product both_binary is -1 or 1"):
        Graph("net", (bit, dense(product=Product.BOTH_BINARY)), ("fc",))


def test_every_reuse_factor_of_a_saturating_accumulator_is_taken():
    for reuse_factor in (1, 2, 4, 8):
        for strategy in ("resource", "resource_unrolled", "latency"):
            node = dense(strategy=strategy, reuse_factor=reuse_factor, accumulator=SATURATING)
            Graph("net", (X, node), ("fc",))
    assert dense(strategy="resource", reuse_factor=2).order.tolist() == [0, 2, 1, 3]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("1net", (X,), ("x",)), "graph name '1net' is not an identifier"),
        (("net", (), ("x",)), "graph 'net' has no input"),
        (("net", (X,), ()), "graph 'net' has no output"),
        (("net", (X,), ("y",)), "output 'y' is not a node of graph 'net'; it has x"),
        (("net", (X,), ("x", "x")), "graph 'net' gives an output twice: x, x"),
    ],
)
def test_contradictory_graphs_are_refused(arguments, said):
    with pytest.raises(GraphError) as error:
        Graph(*arguments)
    assert said in str(error.value)


def test_unknown_name_lists_the_known():
    with pytest.raises(GraphError, match="graph 'net' has no node 'y'; it has x, a"):
        Graph("net", (X, activation()), ("a",))["y"]


def test_origin_cannot_be_changed():
    facts = {"file": "model.keras"}
    graph = Graph("net", (X,), ("x",), facts)
    facts["file"] = "other"
    assert dict(graph.origin) == {"file": "model.keras"}
    with pytest.raises(TypeError):
        graph.origin["file"] = "other"


@given(graphs())
def test_random_graphs_are_consistent(graph):
    assert [graph[node.name] for node in graph] == list(graph.nodes)
    assert [node.name for node in graph.output_nodes] == list(graph.outputs)
    assert len(graph.input_nodes) == 1
