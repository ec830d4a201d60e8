"""The Keras models that vendor hardware was made of, read by our front end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codesign.graph import Dense
from codesign.graph.cast import cast
from codesign.simulate import execute
from tests.simulate.golden import Graph

pytest.importorskip("qkeras")
pytest.importorskip("hls4ml")

from codesign.frontend.convert import convert
from codesign.frontend.loading import load_model
from codesign.frontend.options import ConvertOptions


def read(path: Path) -> Graph:
    if not path.exists():
        pytest.skip(f"no model at {path}")
    return convert(load_model(path), ConvertOptions()).graph


def test_its_dense_layers_have_the_hardware_s_weights(golden: Path) -> None:
    """Weight by weight, cast as the hardware's types say."""
    ours = [node for node in read(golden / "breast_cancer" / "keras_model.h5") if isinstance(node, Dense)]
    for design in sorted((golden / "breast_cancer").glob("*.json")):
        theirs = [node for node in Graph.from_golden(design) if isinstance(node, Dense)]
        for mine, other in zip(ours, theirs, strict=True):
            weight = cast(mine.weight, mine.weight_type.fraction, other.weight_type)
            np.testing.assert_array_equal(weight, other.weight, f"{design}: {other.name}")


def test_a_model_that_is_not_its_neighbour_s_is_read(golden: Path) -> None:
    """The jet tagger beside the answers has a wider third layer than the hardware; it is a model all the same."""
    graph = read(golden / "jet_tagging" / "keras_model.h5")
    assert [node.shape for node in graph if isinstance(node, Dense)] == [(64,), (32,), (42,), (5,)]
    values = np.random.default_rng(1).integers(-32768, 32768, (50, 16))
    answers = execute(graph, {graph.input_nodes[0].name: values})[graph.outputs[0]]
    assert len(np.unique(answers.argmax(axis=1))) > 1
