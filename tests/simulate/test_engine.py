"""The fast engine against the readable reference: the same integers for every Graph, batch and number of threads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.graph import Graph
from codesign.simulate import execute, predict
from codesign.verify.stimulus import random_inputs
from tests.graph.strategies import graphs


def assert_same(graph: Graph, inputs: dict[str, np.ndarray], threads: int = 1) -> None:
    expected = execute(graph, inputs)
    found = predict(graph, inputs, threads=threads)
    assert list(found) == list(graph.outputs)
    for name in graph.outputs:
        assert found[name].dtype in (np.int64, object)
        np.testing.assert_array_equal(found[name], expected[name], str(graph[name]))


@settings(max_examples=400, deadline=None)
@given(graphs(), st.integers(0, 100), st.sampled_from([1, 5, 40]))
def test_engine_gives_what_the_reference_gives(graph: Graph, seed: int, samples: int) -> None:
    assert_same(graph, random_inputs(graph, samples, seed))
