"""Random samples: corners first, the same for a seed, and only words that the design has an answer to."""

from __future__ import annotations

import numpy as np

from codesign.graph import Embedding, FixedPoint, Graph, Input, Reshape, frozen
from codesign.simulate import execute
from codesign.verify.stimulus import random_inputs

P = FixedPoint.parse


def embedding(index="ufixed<8,8>"):
    table = frozen(np.arange(15).reshape(5, 3))
    rows = {"table": table, "table_type": P("fixed<6,6>"), "result": P("fixed<6,6>")}
    return Graph(
        "rows",
        (
            Input(name="x", inputs=(), shape=(2, 2), result=P(index)),
            Reshape(name="flat", inputs=("x",), shape=(4,), result=P(index)),
            Embedding(name="row", inputs=("flat",), shape=(4, 3), **rows),
        ),
        ("row",),
    )


def test_rows_that_a_table_lacks_are_not_asked_for():
    for index in ("ufixed<8,8>", "fixed<6,4>", "ufixed<2,2>"):
        graph = embedding(index)
        inputs = random_inputs(graph, 300, 0)
        execute(graph, inputs)
        assert set(np.unique(inputs["x"] >> graph["x"].result.fraction)) == set(
            range(min(5, graph["x"].result.max_int + 1))
        )


def test_the_same_seed_gives_the_same_samples():
    graph = embedding()
    first, again, other = (random_inputs(graph, 50, seed)["x"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
