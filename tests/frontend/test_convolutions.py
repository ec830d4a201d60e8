"""Convolutions of Keras and QKeras, those among them that hls4ml cannot write: equal to what Keras computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from codesign.errors import UnsupportedLayerError
from codesign.frontend.options import ConvertOptions, IoType, Strategy
from codesign.graph import Convolution, DepthwiseConvolution, FixedPoint
from codesign.graph.convert import to_floats
from codesign.simulate import execute
from codesign.verify.stimulus import random_inputs

keras = pytest.importorskip("keras")
qkeras = pytest.importorskip("qkeras")
pytest.importorskip("hls4ml")

from codesign.frontend.convert import convert  # noqa: E402

LINE, PLANE = (9, 3), (6, 5, 2)
INPUT = FixedPoint(True, 6, 3)


def q(bits: int = 5, integer: int = 1, alpha: Any = 1) -> Any:
    return qkeras.quantized_bits(bits, integer, alpha=alpha)


def plain(kind: str, *given: Any, **options: Any) -> Callable[[], Any]:
    return lambda: getattr(keras.layers, kind)(*given, name="conv", **options)


def quantized(kind: str, *given: Any, **options: Any) -> Callable[[], Any]:
    """A layer of QKeras, its weights quantized by `q` where the options do not say otherwise."""
    keys = ("depthwise", "pointwise") if "Separable" in kind else ("depthwise",) if "Depthwise" in kind else ("kernel",)
    quantizers = {f"{key}_quantizer": q() for key in (*keys, "bias")}
    return lambda: getattr(qkeras, kind)(*given, name="conv", **{**quantizers, **options})


LINES = {
    "plain": plain("Conv1D", 4, 3),
    "causal": plain("Conv1D", 4, 3, padding="causal", strides=2),
    "dilated": plain("Conv1D", 4, 3, dilation_rate=2),
    "dilated same": plain("Conv1D", 4, 3, dilation_rate=2, padding="same", activation="relu"),
    "dilated causal": plain("Conv1D", 4, 3, dilation_rate=3, padding="causal", use_bias=False),
    "depthwise": plain("DepthwiseConv1D", 3),
    "depthwise several": plain("DepthwiseConv1D", 3, depth_multiplier=2, strides=2),
    "depthwise dilated": plain("DepthwiseConv1D", 3, dilation_rate=2),
    "separable": plain("SeparableConv1D", 4, 3, strides=2),
    "separable dilated": plain("SeparableConv1D", 4, 3, dilation_rate=2, depth_multiplier=2),
    "quantized": quantized("QConv1D", 4, 3),
    "quantized dilated": quantized("QConv1D", 4, 3, dilation_rate=2),
    "quantized separable": quantized("QSeparableConv1D", 4, 3),
}
PLANES = {
    "plain": plain("Conv2D", 4, (2, 3), strides=(2, 1), padding="same"),
    "dilated": plain("Conv2D", 4, (2, 3), dilation_rate=(2, 1), padding="same"),
    "depthwise": plain("DepthwiseConv2D", 3, padding="same", activation="relu"),
    "depthwise several": plain("DepthwiseConv2D", 3, depth_multiplier=5, activation="relu"),
    "separable": plain("SeparableConv2D", 4, 3, padding="same", activation="relu"),
    "separable several": plain("SeparableConv2D", 4, 3, depth_multiplier=2, padding="same", strides=2),
    "quantized": quantized("QConv2D", 4, 3, padding="same", activation="quantized_relu(5,2)"),
    "quantized dilated": quantized("QConv2D", 4, 3, dilation_rate=2, activation="quantized_relu(5,2)"),
    "binary": quantized("QConv2D", 4, 3, kernel_quantizer="binary(alpha=1)"),
    "binary dilated": quantized("QConv2D", 4, 2, kernel_quantizer="binary(alpha=1)", dilation_rate=2),
    "ternary": quantized("QConv2D", 4, 3, kernel_quantizer="ternary(alpha=1)"),
    "powers of two": quantized("QConv2D", 4, 3, kernel_quantizer="quantized_po2(4)"),
    "scales above 1": quantized("QConv2D", 4, 3, kernel_quantizer="quantized_bits(4,0,alpha='auto_po2')"),
    "quantized depthwise": quantized("QDepthwiseConv2D", 3),
    "quantized depthwise several": quantized("QDepthwiseConv2D", 3, depth_multiplier=5),
    "quantized separable": quantized("QSeparableConv2D", 4, 3, padding="same"),
    "quantized separable several": quantized("QSeparableConv2D", 4, 3, depth_multiplier=2),
    "folded": quantized(
        "QConv2DBatchnorm",
        4,
        3,
        kernel_quantizer="quantized_bits(16,6,alpha=1)",
        bias_quantizer="quantized_bits(16,6,alpha=1)",
    ),
    "folded without bias": quantized("QConv2DBatchnorm", 4, 3, use_bias=False, padding="same"),
    "folded scales above 1": quantized(
        "QConv2DBatchnorm", 4, 3, kernel_quantizer="quantized_bits(6,0,alpha='auto_po2')"
    ),
}
CASES = [*((LINE, name) for name in LINES), *((PLANE, name) for name in PLANES)]


def model_of(make: Callable[[], Any], shape: tuple[int, ...], seed: int = 1) -> Any:
    """A model of one layer, its weights on a grid of 1/16 and so large that float32 still holds every sum."""
    given = keras.layers.Input(shape, name="x")
    model = keras.Model(given, make()(given))
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        values = []
        for variable, old in zip(layer.weights, layer.get_weights(), strict=True):
            if "iteration" in variable.path:
                values.append(old)
            elif "variance" in variable.path or "gamma" in variable.path:
                values.append(rng.uniform(0.5, 2, old.shape))
            else:
                values.append(rng.integers(-20, 21, old.shape) / 16)
        layer.set_weights(values)
    return model


def assert_equals_keras(model: Any, options: ConvertOptions) -> Any:
    graph = convert(model, options).graph
    inputs = random_inputs(graph, 60, 2)
    (name,) = graph.outputs
    ours = to_floats(execute(graph, inputs)[name], graph[name].result)
    theirs = model.predict(to_floats(inputs["x"], INPUT).astype(np.float32), verbose=0)
    np.testing.assert_array_equal(ours, theirs.astype(np.float64))
    return graph


@pytest.mark.parametrize("io_type", IoType)
@pytest.mark.parametrize(("shape", "name"), CASES, ids=lambda item: str(item).replace(" ", "_"))
def test_every_convolution_equals_keras(shape, name, io_type):
    made = {LINE: LINES, PLANE: PLANES}[shape][name]
    assert_equals_keras(model_of(made, shape), ConvertOptions(input_type=INPUT, io_type=io_type))


def test_strategy_and_reuse_change_no_number():
    options = ConvertOptions(input_type=INPUT, strategy=Strategy.RESOURCE, reuse_factor=3)
    graph = assert_equals_keras(model_of(LINES["quantized"], LINE), options)
    assert graph["conv"].strategy == "resource"
    assert graph["conv"].reuse_factor == 3


def test_what_is_lowered_and_what_is_not():
    options = ConvertOptions(input_type=INPUT)
    (several,) = convert(model_of(PLANES["depthwise several"], PLANE), options).graph.nodes[1:2]
    assert isinstance(several, Convolution)
    assert several.weight.shape == (3, 3, 2, 10)
    assert np.count_nonzero(several.weight) <= 3 * 3 * 10
    (one,) = convert(model_of(PLANES["quantized depthwise"], PLANE), options).graph.nodes[1:]
    assert isinstance(one, DepthwiseConvolution)
    names = [node.name for node in convert(model_of(LINES["separable dilated"], LINE), options).graph]
    assert names == ["x", "conv_depthwise", "conv_pointwise"]


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (
            plain("Conv2D", 4, 2, dilation_rate=2, data_format="channels_first", padding="same"),
            "has its channels first",
        ),
        (quantized("QConv2DBatchnorm", 4, 2, dilation_rate=2), r"has dilation rate \(2, 2\), .* QBatchNormalization"),
    ],
)
def test_what_cannot_be_lowered_is_refused(made, message):
    given = keras.layers.Input(PLANE, name="x")
    model = keras.Model(given, made()(given))
    with pytest.raises(UnsupportedLayerError, match=f"layer 'conv'.* {message}"):
        convert(model, ConvertOptions(input_type=INPUT))
