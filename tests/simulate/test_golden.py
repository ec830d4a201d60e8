"""The simulator against real hardware: RTL that Vitis HLS made, simulated clock by clock."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from codesign.graph import FixedPoint, load, save
from codesign.graph.convert import to_integers
from codesign.simulate import execute
from tests.conftest import CHECKOUT
from tests.simulate.golden import Graph, arrays_of

pytestmark = pytest.mark.golden

FOLDER = Path(os.environ.get("CODESIGN_VITIS_GOLDEN", CHECKOUT.parent / "shared" / "vitis_golden"))
DESIGNS = sorted(FOLDER.glob("*/*.json"))


def exactly(values: np.ndarray, type_: FixedPoint) -> np.ndarray:
    """Numbers that are all of a type, as its integers."""
    found = to_integers(values, type_)
    assert (found.rounded, found.overflowed) == (0, 0)
    return found.values


def named(path: Path) -> str:
    return str(path.relative_to(FOLDER).with_suffix(""))


def test_the_folder_holds_designs(golden: Path) -> None:
    assert DESIGNS, f"{golden} holds no designs"


@pytest.mark.parametrize("path", DESIGNS, ids=named)
def test_every_answer_equals_the_hardware_s(path: Path) -> None:
    graph, arrays = Graph.from_golden(path), arrays_of(path)
    port, answer = graph.input_nodes[0], graph.output_nodes[0]
    results = execute(graph, {port.name: exactly(arrays["x"], port.result)})
    np.testing.assert_array_equal(results[answer.name], exactly(arrays["y"], answer.result))
    for node in graph:  # and what came out of its layers, where the answers hold it
        for key in (f"{node.name}.y", f"{node.name}.result", f"{node.name}.output"):
            if key in arrays:
                np.testing.assert_array_equal(results[node.name], exactly(arrays[key], node.result), key)


@pytest.mark.parametrize("path", DESIGNS[:1] + DESIGNS[-1:], ids=named)
def test_a_saved_design_answers_the_same(path: Path, tmp_path: Path) -> None:
    graph, arrays = Graph.from_golden(path), arrays_of(path)
    save(graph, tmp_path)
    port = graph.input_nodes[0]
    results = execute(load(tmp_path, Graph), {port.name: exactly(arrays["x"], port.result)})
    np.testing.assert_array_equal(results[graph.outputs[0]], exactly(arrays["y"], graph.output_nodes[0].result))
