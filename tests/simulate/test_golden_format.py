"""Designs of every operation and mode in the format of the hardware's answers, though no hardware answered for them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from codesign.graph import Dense, Normalize, Overflow, Rounding, Softmax, SoftmaxDifference, SoftmaxImplementation
from codesign.simulate import execute
from tests.simulate.golden import Graph


def record(width, integer, signed=True, rounding="TRN", overflow="WRAP"):
    return {"signed": signed, "width": width, "integer": integer, "rounding": rounding, "overflow": overflow}


WORD, BYTE = record(16, 4), record(8, 2, rounding="RND_ZERO", overflow="SAT_SYM")


def written(place, layers, arrays, result=WORD):
    document = {"input": record(8, 2), "result": result, "layers": layers, "tool": "none"}
    (place / "design.json").write_text(json.dumps(document))
    np.savez(place / "design.npz", x=np.zeros((3, 4)), y=np.zeros((3, 2)), **arrays)
    return Graph.from_golden(place / "design.json")


def test_every_operation_and_a_cast_where_types_differ(tmp_path):
    arrays = {"d.weight": np.ones((4, 2), int), "d.bias": np.ones(2, int), "n.scale": [1, 2], "n.bias": [0, 1]}
    dense = {"op": "dense", "name": "d", "input": BYTE, "result": WORD, "accum": record(20, 8), "reuse_factor": 100}
    dense.update(weight=record(4, 2), bias=record(4, 2), strategy="nnet::latency")
    elementwise = {"input": WORD, "result": WORD, "table_size": 1024}
    operations = ("relu", "linear", "sigmoid", "tanh", "flatten")
    layers = [dense, *({"op": op, "name": f"a_{op}", **elementwise} for op in operations)]
    layers.append({"op": "normalize", "name": "n", "input": WORD, "result": WORD, "scale": BYTE, "bias": BYTE})
    graph = written(tmp_path, layers, arrays, result=BYTE)
    assert [node.name for node in graph][:3] == ["x", "d_input", "d"]
    assert (graph["d_input"].result.rounding, graph["d_input"].result.overflow) == (Rounding.RND_ZERO, Overflow.SAT_SYM)
    assert isinstance(graph["d"], Dense)
    assert graph["d"].reuse_factor == 100
    assert isinstance(graph["n"], Normalize)
    assert graph.output_nodes[0].result == graph["d_input"].result
    assert execute(graph, {"x": np.zeros((5, 4), dtype=np.int64)})[graph.outputs[0]].shape == (5, 2)


@pytest.mark.parametrize("implementation", ["", "stable", "latency", "legacy", "argmax"])
def test_every_softmax(tmp_path, implementation):
    layer = {"op": "softmax", "name": "s", "input": WORD, "result": WORD, "implementation": implementation}
    layer.update(exp_table=record(18, 8), inv_table=record(18, 4), table_size=1024)
    graph = written(tmp_path, [layer], {})
    node = graph["s"]
    assert isinstance(node, Softmax)
    assert node.implementation is SoftmaxImplementation(implementation or "stable")
    older = node.implementation is SoftmaxImplementation.STABLE
    assert (node.difference is SoftmaxDifference.X_MINUS_MAX) == older
    answer = execute(graph, {"x": np.array([[-100, 120, -90, -128]])})["s"]
    assert answer.argmax() == 1


def test_words_of_tables_are_raw_bits(tmp_path):
    layer = {"op": "softmax", "name": "s", "input": WORD, "result": WORD, "implementation": "stable", "table_size": 4}
    layer.update(exp_table=record(4, 2), inv_table=record(4, 2))
    graph = written(tmp_path, [layer], {"s.exp_table": [0, 7, 8, 15], "s.invert_table": [1, 2, 3, 4]})
    assert graph["s"].exp_table.tolist() == [0, 7, -8, -1]


def test_an_operation_that_is_new_is_named(tmp_path):
    with pytest.raises(AssertionError, match="layer 'c': operation 'conv3d' is none of dense"):
        written(tmp_path, [{"op": "conv3d", "name": "c", "input": WORD, "result": WORD}], {})
