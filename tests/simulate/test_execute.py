"""The simulator's own checks, and its two ways of summing against each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import InputDataError
from codesign.graph import Dense, FixedPoint, Graph, Input, Overflow, Rounding, frozen
from codesign.graph.cast import cast
from codesign.simulate import execute
from codesign.verify.stimulus import random_inputs
from tests.graph.strategies import graphs


def dense(accumulator: FixedPoint, n_in: int, n_out: int, seed: int) -> Graph:
    rng = np.random.default_rng(seed)
    x = Input(name="x", inputs=(), shape=(n_in,), result=FixedPoint(True, 7, 3))
    fc = Dense(
        name="fc",
        inputs=("x",),
        shape=(n_out,),
        result=FixedPoint(True, 40, 20),
        weight=frozen(rng.integers(-32, 32, (n_in, n_out))),
        weight_type=FixedPoint(True, 6, 1),
        bias=frozen(rng.integers(-32, 32, n_out)),
        bias_type=FixedPoint(True, 6, 1),
        accumulator=accumulator,
    )
    return Graph("d", (x, fc), ("fc",))


def one_by_one(graph: Graph, x: np.ndarray) -> np.ndarray:
    """The sums as C++ does them: each product cast, then added, one after another, in Python integers."""
    fc = graph["fc"]
    assert isinstance(fc, Dense)
    fraction = graph["x"].result.fraction + fc.weight_type.fraction
    acc = fc.accumulator
    rows = []
    for sample in x:
        totals = [int(v) for v in cast(fc.bias, fc.bias_type.fraction, acc)]
        for value, weights in zip(sample, fc.weight, strict=True):
            for j, weight in enumerate(weights):
                product = cast(np.array([int(value) * int(weight)], dtype=object), fraction, acc)
                totals[j] = int(cast(np.array([totals[j] + int(product[0])], dtype=object), acc.fraction, acc)[0])
        rows.append([int(v) for v in cast(np.array(totals, dtype=object), acc.fraction, fc.result)])
    return np.array(rows)


@given(
    st.integers(4, 24), st.integers(1, 10), st.sampled_from(Rounding), st.sampled_from(Overflow), st.integers(0, 2**16)
)
def test_dense_sums_in_the_order_of_the_c_code(
    width: int, integer: int, rounding: Rounding, overflow: Overflow, seed: int
) -> None:
    graph = dense(FixedPoint(True, width, min(integer, width), rounding, overflow), 5, 3, seed)
    x = random_inputs(graph, 12, seed)["x"]
    np.testing.assert_array_equal(execute(graph, {"x": x})["fc"], one_by_one(graph, x))


@given(graphs(), st.integers(0, 100))
def test_every_result_is_one_of_its_type(graph: Graph, seed: int) -> None:
    values = execute(graph, random_inputs(graph, 9, seed))
    for node in graph:
        assert values[node.name].shape == (9 * graph.runs(node), *node.shape)
        assert int(values[node.name].min()) >= node.result.min_int
        assert int(values[node.name].max()) <= node.result.max_int


@given(graphs(), st.integers(0, 100))
def test_a_sample_does_not_depend_on_its_batch(graph: Graph, seed: int) -> None:
    inputs = random_inputs(graph, 5, seed)
    whole = execute(graph, inputs)
    for i in range(5):
        one = execute(graph, {name: values[i : i + 1] for name, values in inputs.items()})
        for name, values in one.items():
            runs = graph.runs(graph[name])
            np.testing.assert_array_equal(values, whole[name][i * runs : (i + 1) * runs])


def test_inputs_that_do_not_fit() -> None:
    graph = dense(FixedPoint(True, 20, 10), 3, 2, 0)
    good = np.zeros((2, 3), dtype=np.int64)
    for inputs, said in (
        ({"y": good}, r"named \['y'\], but the design's ports are \['x'\]"),
        ({"x": good[:, :2]}, r"shape \(2, 2\), expected \(samples, 3\)"),
        ({"x": good.astype(float)}, "dtype float64, expected integers"),
        ({"x": good + 64}, r"integers \[64, 64\], but fixed<7,3> holds \[-64, 63\]"),
    ):
        with pytest.raises(InputDataError, match=said):
            execute(graph, inputs)
