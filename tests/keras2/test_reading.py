"""Graphs read from the hls4ml of a Keras 2 environment: `make test-keras2` makes one and runs this there."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codesign import Graph
from codesign.graph.convert import to_floats
from codesign.simulate import execute
from codesign.verify.stimulus import random_inputs

keras = pytest.importorskip("keras")
if not keras.__version__.startswith("2."):
    pytest.skip("needs a Keras 2 environment: `make test-keras2`", allow_module_level=True)

import hls4ml  # noqa: E402
import qkeras  # noqa: E402
from qkeras import quantized_bits, quantized_relu  # noqa: E402

SAMPLES = 300


def q(bits: int = 6) -> Any:
    return quantized_bits(bits, 1, alpha=1)


def mlp() -> list[Any]:
    return [
        keras.layers.Input((16,), name="x"),
        qkeras.QDense(12, kernel_quantizer=q(), bias_quantizer=q(), name="fc1"),
        qkeras.QActivation(quantized_relu(6, 2), name="relu1"),
        qkeras.QDense(8, kernel_quantizer=quantized_bits(4, 0, alpha="auto_po2"), name="fc2"),
        qkeras.QBatchNormalization(name="norm"),
        keras.layers.Activation("tanh", name="tanh"),
        qkeras.QDense(5, kernel_quantizer=qkeras.ternary(alpha=1), bias_quantizer=q(), name="fc3"),
        keras.layers.Activation("softmax", name="softmax"),
    ]


def cnn() -> list[Any]:
    return [
        keras.layers.Input((9, 8, 2), name="x"),
        qkeras.QConv2D(4, 3, padding="same", strides=2, kernel_quantizer=q(), bias_quantizer=q(), name="conv1"),
        qkeras.QActivation(quantized_relu(6, 2), name="relu1"),
        qkeras.QDepthwiseConv2D(2, depthwise_quantizer=q(), bias_quantizer=q(), name="conv2"),
        keras.layers.MaxPooling2D(2, name="pool"),
        keras.layers.Flatten(name="flat"),
        qkeras.QDense(5, kernel_quantizer=q(), bias_quantizer=q(), name="fc"),
    ]


def rnn() -> list[Any]:
    return [
        keras.layers.Input((6, 3), name="x"),
        keras.layers.LSTM(4, return_sequences=True, name="lstm"),
        keras.layers.GRU(3, name="gru"),
        qkeras.QDense(2, kernel_quantizer=q(), bias_quantizer=q(), name="fc"),
    ]


def converted(build: Callable[[], list[Any]], io_type: str, folder: Path) -> Any:
    keras.utils.set_random_seed(7)
    model = keras.Sequential(build())
    with contextlib.redirect_stdout(io.StringIO()):
        config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend="Vitis")
        # hls4ml's C++ of an LSTM compiles only where what it reads has the type of its accumulator.
        config["LayerName"]["x"]["Precision"]["result"] = "fixed<16,6>" if build is rnn else "fixed<9,3>"
        made = hls4ml.converters.convert_from_keras_model(
            model, hls_config=config, backend="Vitis", io_type=io_type, output_dir=str(folder)
        )
        made.compile()
    return made


@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
@pytest.mark.parametrize("build", [mlp, cnn, rnn])
def test_the_graph_equals_the_compiled_model(build: Callable[[], list[Any]], io_type: str, tmp_path: Path) -> None:
    model_graph = converted(build, io_type, tmp_path / "project")
    graph = Graph.from_hls4ml(model_graph)
    graph.save(tmp_path)
    inputs = random_inputs(Graph.load(tmp_path), SAMPLES, 3)
    (port,) = graph.input_nodes
    given = np.ascontiguousarray(to_floats(inputs[port.name], port.result), dtype=np.float32)
    expected = model_graph.predict(given).reshape(SAMPLES, -1)
    (output,) = graph.output_nodes
    found = to_floats(execute(graph, inputs)[output.name], output.result).reshape(SAMPLES, -1)
    np.testing.assert_array_equal(found, expected)
