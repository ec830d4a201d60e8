"""Dense layers whose products are each rounded share their adders, and still answer as hls4ml's C++ adds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.graph import Overflow, Rounding
from codesign.rtl.logic import node_logic
from codesign.rtl.logic.floored import shares_adders
from codesign.simulate import Operand, run_node
from tests.rtl.designs import P, dense, port

ADDS_AND_DROPS = (Rounding.TRN, Rounding.RND, Rounding.RND_MIN_INF)


@given(
    st.sampled_from(ADDS_AND_DROPS),
    st.integers(2, 14),
    st.integers(-3, 9),
    st.booleans(),
    st.integers(2, 9),
    st.integers(0, 999),
)
@settings(max_examples=15)
def test_it_equals_the_sum_product_by_product(rounding, width, integer, signed, bits, seed):
    accumulator = P(f"{'' if signed else 'u'}fixed<{width},{integer},{rounding.value},WRAP>")
    source = port("x", (5,), f"fixed<{bits},2>")
    node = dense("d", "x", 5, 3, weight="fixed<8,1>", accumulator=str(accumulator), result="fixed<20,9>", seed=seed)
    assert shares_adders(accumulator)
    rng = np.random.default_rng(seed)
    x = rng.integers(source.result.min_int, source.result.max_int, (200, 5), endpoint=True)
    x[0], x[1] = source.result.min_int, source.result.max_int
    found = node_logic(node, [source], ternary_adders=False).predict(x.astype(np.float64), n_threads=1)
    np.testing.assert_array_equal(found, run_node(node, [Operand(x, source.result)]).astype(np.float64))


@pytest.mark.parametrize("overflow", Overflow)
@pytest.mark.parametrize("rounding", Rounding)
def test_other_modes_are_left_alone(rounding, overflow):
    expected = rounding in ADDS_AND_DROPS and overflow is Overflow.WRAP
    assert shares_adders(P(f"fixed<8,4,{rounding.value},{overflow.value}>")) == expected


def test_a_layer_takes_half_the_depth_and_fewer_adders():
    """The first layer of the breast cancer classifier's types: 13 fraction bits of a product, 12 of the accumulator."""
    source = port("x", (10,), "fixed<8,2>")
    common = {"weight": "fixed<8,1>", "result": "fixed<16,4>", "seed": 3}
    rounded = dense("d", "x", 10, 5, accumulator="fixed<16,4>", **common)
    exact = dense("d", "x", 10, 5, accumulator="fixed<17,4>", **common)
    ours, product = (node_logic(node, [source], ternary_adders=False) for node in (rounded, exact))
    assert ours.cost < 1.2 * product.cost
    assert max(op.latency for op in ours.ops) < 1.5 * max(op.latency for op in product.ops)
