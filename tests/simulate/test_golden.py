"""The simulator against real hardware: RTL that Vitis HLS made, simulated clock by clock."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codesign.graph.convert import to_integers
from codesign.simulate import execute
from tests.simulate.golden import from_golden, old_softmax, type_of

pytestmark = pytest.mark.golden


def test_every_answer_of_every_design(golden: Path) -> None:
    designs = sorted(golden.glob("*/*.json"))
    assert designs, f"{golden} holds no designs"
    for path in designs:
        graph, softmax, arrays = from_golden(path)
        given = to_integers(arrays["x"], graph.input_nodes[0].result)
        assert (given.rounded, given.overflowed) == (0, 0)
        values = execute(graph, {"x": given.values})[graph.outputs[0]]
        result = graph.output_nodes[0].result
        if softmax:
            values, result = old_softmax(softmax, arrays, values), type_of(softmax["result"])
        expected = to_integers(arrays["y"], result)
        assert (expected.rounded, expected.overflowed) == (0, 0)
        np.testing.assert_array_equal(values, expected.values, str(path))
