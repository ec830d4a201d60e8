"""What `trace` counts, against counting by hand in Python integers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.graph import Dense, FixedPoint, Graph, Input, Overflow, frozen
from codesign.simulate import execute
from codesign.simulate.trace import trace
from codesign.verify.stimulus import random_inputs
from tests.graph.strategies import graphs


@given(graphs(), st.integers(0, 100))
def test_its_integers_are_those_of_execute(graph: Graph, seed: int) -> None:
    inputs = random_inputs(graph, 6, seed)
    expected = execute(graph, inputs)
    for layer in trace(graph, inputs):
        np.testing.assert_array_equal(layer.values, expected[layer.node])
        assert (layer.low, layer.high) == (int(layer.values.min()), int(layer.values.max()))


@pytest.mark.parametrize("overflow", list(Overflow))
def test_what_wraps_and_what_saturates_is_counted_apart(overflow: Overflow) -> None:
    rng = np.random.default_rng(4)
    x = Input(name="x", inputs=(), shape=(3,), result=FixedPoint(True, 6, 3))
    result, accumulator = FixedPoint(True, 5, 3, overflow=overflow), FixedPoint(True, 9, 4)
    weight, bias = rng.integers(-8, 8, (3, 2)), rng.integers(-8, 8, 2)
    fc = Dense(
        name="fc",
        inputs=("x",),
        shape=(2,),
        result=result,
        weight=frozen(weight),
        weight_type=FixedPoint(True, 4, 2),
        bias=frozen(bias),
        bias_type=FixedPoint(True, 4, 2),
        accumulator=accumulator,
    )
    inputs = random_inputs(Graph("d", (x, fc), ("fc",)), 200, 1)
    layer = trace(Graph("d", (x, fc), ("fc",)), inputs)[1]
    outside_sum = outside_result = off_grid = 0
    for sample in inputs["x"]:
        for j in range(2):
            terms = (int(a) * int(w) for a, w in zip(sample, weight[:, j], strict=True))
            held = sum(terms, start=int(bias[j]) * 8)  # in steps of the accumulator, 1/32
            outside_sum += not -256 <= held < 256
            wrapped = (held + 256) % 512 - 256
            off_grid += wrapped % 8 != 0
            low = -15 if overflow is Overflow.SAT_SYM else -16
            outside_result += not low <= wrapped // 8 <= 15
    assert outside_sum > 0
    assert outside_result > 0
    assert layer.accumulator_overflowed == outside_sum
    assert layer.rounded == off_grid
    wraps = overflow in (Overflow.WRAP, Overflow.WRAP_SM)
    assert (layer.wrapped, layer.saturated) == ((outside_result, 0) if wraps else (0, outside_result))
    assert layer.overflowed == outside_result


def test_bits_that_no_sample_uses() -> None:
    x = Input(name="x", inputs=(), shape=(2,), result=FixedPoint(True, 12, 6))
    (layer,) = trace(Graph("d", (x,), ("x",)), {"x": np.array([[8, -24], [0, 40]])})
    assert (layer.headroom, layer.dead_bits) == (12 - 1 - 6, 3)  # 40 takes six bits; all are multiples of eight
    (layer,) = trace(Graph("d", (x,), ("x",)), {"x": np.zeros((3, 2), dtype=np.int64)})
    assert (layer.headroom, layer.dead_bits) == (11, None)
