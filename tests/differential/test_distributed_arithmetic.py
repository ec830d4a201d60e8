"""Layers of strategy distributed_arithmetic against the compiled C++: equal integers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.differential.running import compare

keras = pytest.importorskip("keras")
pytest.importorskip("hls4ml")
pytest.importorskip("da4ml")  # hls4ml's extra `da`

from tests.hls.designs import convert, fill, layers  # noqa: E402

pytestmark = pytest.mark.tools

DISTRIBUTED = {"Strategy": "distributed_arithmetic"}
WEIGHTS = {"weight": "fixed<8,3>", "bias": "fixed<8,3>", "accum": "fixed<14,6>"}


@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_dense_layers_and_convolutions(tmp_path, io_type):
    """Their sums are exact, whatever the accumulator; one layer's weights are raw floats, others hold only zeros."""
    given, outputs, types, settings = [], [], {}, {}
    made = {
        "causal": (layers().Conv1D(3, 2, padding="same", name="causal"), (5, 2), "fixed<7,3>", "fixed<10,4,RND,SAT>"),
        "image": (layers().Conv2D(3, (2, 3), strides=2, name="image"), (5, 6, 2), "ufixed<7,3>", "fixed<10,4>"),
        "pointwise": (layers().Conv2D(3, 1, name="pointwise"), (3, 4, 2), "fixed<7,3>", "fixed<10,4>"),
        "axes": (layers().Dense(3, name="axes"), (4, 2), "fixed<7,3>", "fixed<10,4>"),
    }
    sources = ("fixed<7,3>", "ufixed<6,-1>", "fixed<5,8>")
    results = ("fixed<10,4,RND,SAT>", "fixed<40,20>", "ufixed<6,3>")
    for index, (source, result) in enumerate(itertools.product(sources, results)):
        made[f"fc{index}"] = (layers().Dense(4, name=f"fc{index}"), (6,), source, result)
    for name, (layer, shape, source, result) in made.items():
        given.append(layers().Input(shape, name=f"in_{name}"))
        outputs.append(layer(given[-1]))
        types[f"in_{name}"], types[name] = {"result": source}, {**WEIGHTS, "result": result}
        settings[name] = DISTRIBUTED
    model = fill(keras.Model(given, outputs), 3)
    kernel, bias = model.get_layer("fc1").get_weights()
    kernel[:, :2], bias[0] = 0, 0
    model.get_layer("fc1").set_weights([kernel, bias])
    model.get_layer("fc2").set_weights([np.random.default_rng(0).normal(size=kernel.shape), bias])
    model.get_layer("fc3").set_weights([-np.abs(kernel) - 0.5, bias * 0])
    design = convert(model, types, settings=settings, io_type=io_type)
    assert {design.graph[name].strategy for name in made} == {"distributed_arithmetic"}
    compare(design, tmp_path, 300)
