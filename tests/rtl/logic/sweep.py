"""Logic held against the simulator, for any node and samples of all its words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st

from codesign.errors import UnsupportedLayerError
from codesign.graph import FixedPoint, Input
from codesign.rtl.logic import WIDEST, check_logic_exists, node_logic, widest_number
from codesign.simulate import Operand, run_node
from codesign.simulate.legal import legal
from tests.graph.strategies import fixed_points

# Classes that are built in other ways.
WITHOUT_LOGIC = {"_recurrent"}


def draw_sources(draw, count=2):
    """Ports of one shape, of any type of few bits."""
    shape = draw(st.sampled_from([(1,), (4,), (6,), (2, 3), (2, 2, 2)]))
    types = st.one_of(fixed_points(10), fixed_points(10), st.just(FixedPoint(False, 1, 1)))
    return [Input(name=f"x{index}", inputs=(), shape=shape, result=draw(types)) for index in range(count)]


def check(node, sources, samples=60, ternary_adders=False):
    """Whether the node has logic; that it gives what the simulator gives."""
    node.check(tuple(sources))
    if widest_number(node, sources) > WIDEST:
        with pytest.raises(UnsupportedLayerError, match="exact up to"):
            check_logic_exists(node, sources)
        return False
    check_logic_exists(node, sources)
    logic = node_logic(node, sources, ternary_adders=ternary_adders)
    rng = np.random.default_rng(0)
    values = []
    for source in sources:
        low, high = source.result.min_int, source.result.max_int
        x = rng.integers(low, high, size=(samples, source.size), endpoint=True)
        x[0], x[1], x[2] = low, high, np.clip(0, low, high)
        values.append(np.where(rng.random(x.shape) < 0.1, rng.choice([low, high], size=x.shape), x))
    values = legal(node, values, [source.result for source in sources])
    operands = [
        Operand(x.reshape(samples, *source.shape), source.result) for x, source in zip(values, sources, strict=True)
    ]
    expected = run_node(node, operands).reshape(samples, -1)
    found = logic.predict(np.concatenate(values, axis=1).astype(np.float64), n_threads=1)
    np.testing.assert_array_equal(found, expected.astype(np.float64))
    return True
