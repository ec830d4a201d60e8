"""Layers of every family through the front end: where float32 holds every sum, the Graph is what the model computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras")
pytest.importorskip("hls4ml")

from codesign.frontend.convert import convert  # noqa: E402
from codesign.frontend.options import ConvertOptions  # noqa: E402
from codesign.graph import FixedPoint  # noqa: E402
from codesign.graph.convert import to_floats  # noqa: E402
from codesign.simulate import predict  # noqa: E402
from codesign.verify.float_reference import float32_approximations  # noqa: E402
from codesign.verify.stimulus import random_inputs  # noqa: E402
from tests.frontend.models import fill  # noqa: E402

INPUT = FixedPoint(True, 7, 3)


def q(bits: int = 5) -> Any:
    from qkeras import quantized_bits

    return quantized_bits(bits, 0, alpha=1)


def both() -> dict[str, Any]:
    return {"kernel_quantizer": q(), "bias_quantizer": q()}


def narrow(name: str, bits: int = 6) -> Any:
    from qkeras import QActivation, quantized_bits

    return QActivation(quantized_bits(bits, 2, alpha=1), name=name)


def image() -> Any:
    from qkeras import QConv2D, QDepthwiseConv2D

    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((8, 9, 2)),
            layers.ZeroPadding2D(((1, 0), (2, 1)), name="pad"),
            QConv2D(4, (3, 2), strides=2, padding="same", **both(), name="conv"),
            narrow("a1"),
            QDepthwiseConv2D(2, depthwise_quantizer=q(), bias_quantizer=q(), name="depthwise"),
            narrow("a2"),
            layers.MaxPooling2D(2, name="max"),
            layers.UpSampling2D(2, name="up"),
            layers.AveragePooling2D(2, name="mean"),
            QConv2D(3, 1, **both(), name="pointwise"),
            layers.GlobalMaxPooling2D(name="largest"),
        ]
    )


def sequence() -> Any:
    from qkeras import QConv1D

    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((10, 3)),
            QConv1D(4, 3, padding="same", **both(), name="conv"),
            layers.ReLU(name="relu"),
            narrow("a1"),
            layers.Cropping1D((1, 0), name="crop"),
            layers.MaxPooling1D(3, name="max"),
            layers.Permute((2, 1), name="turn"),
            layers.Flatten(name="flat"),
            layers.Dropout(0.5, name="drop"),
            narrow("a2", 5),
        ]
    )


def branches() -> Any:
    from qkeras import QDense

    layers = keras.layers
    first, second = layers.Input((6,), name="left"), layers.Input((6,), name="right")
    a = narrow("a1")(QDense(6, **both(), name="d1")(first))
    b = layers.Maximum(name="larger")([a, second])
    c = layers.Subtract(name="less")([b, first])
    d = layers.Average(name="middle")([c, a])
    e = layers.Multiply(name="times")([narrow("a2")(d), a])
    f = layers.Concatenate(name="both")([e, layers.Minimum(name="smaller")([b, first])])
    return keras.Model([first, second], [f, layers.Add(name="sum")([d, b])])


@pytest.mark.parametrize("build", [image, sequence, branches])
def test_the_graph_is_what_the_model_computes(build: Callable[[], Any]) -> None:
    model = fill(build())
    graph = convert(model, ConvertOptions(input_type=INPUT)).graph
    assert float32_approximations(graph) == {}
    inputs = random_inputs(graph, 200, 1)
    given = [to_floats(inputs[node.name], node.result).astype(np.float32) for node in graph.input_nodes]
    expected = model.predict(given if len(given) > 1 else given[0], verbose=0)
    found = predict(graph, inputs)
    for node, values in zip(graph.output_nodes, expected if isinstance(expected, list) else [expected], strict=True):
        np.testing.assert_array_equal(to_floats(found[node.name], node.result), values, node.name)
