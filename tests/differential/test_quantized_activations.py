"""QKeras' functions, scales and thresholds through the front end, against the compiled C++: equal integers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from codesign.graph import FixedPoint
from tests.differential.running import compare

keras = pytest.importorskip("keras")
qkeras = pytest.importorskip("qkeras")
pytest.importorskip("hls4ml")

from codesign.frontend.convert import convert  # noqa: E402
from codesign.frontend.options import ConvertOptions, IoType  # noqa: E402
from tests.hls.designs import Pair  # noqa: E402

pytestmark = pytest.mark.tools

HALVES = (
    ("tanh", "real_tanh", "sigmoid", "real_sigmoid", "leaky", "alpha"),
    ("binary", "ternary", "selu", "elu", "power", "norm"),
)


def layer(kind: str) -> Any:
    bits = qkeras.quantized_bits(6, 1, alpha=1)
    if kind in ("alpha", "power"):
        scaled = qkeras.quantized_bits(4, 0, alpha={"alpha": "auto", "power": "auto_po2"}[kind])
        return qkeras.QDense(3, kernel_quantizer=scaled, bias_quantizer=bits, name=kind)
    if kind in ("selu", "elu"):
        return keras.layers.Activation(kind, name=kind)
    if kind == "norm":
        return qkeras.QBatchNormalization(
            gamma_quantizer=bits, beta_quantizer=bits, mean_quantizer=bits, variance_quantizer=bits, name=kind
        )
    quantizer = {
        "tanh": lambda: qkeras.quantized_tanh(6),
        "real_tanh": lambda: qkeras.quantized_tanh(6, use_real_tanh=True),
        "sigmoid": lambda: qkeras.quantized_sigmoid(6),
        "real_sigmoid": lambda: qkeras.quantized_sigmoid(6, use_real_sigmoid=True),
        "leaky": lambda: qkeras.quantized_relu(6, 2, negative_slope=0.25),
        "binary": lambda: qkeras.binary(alpha=1),
        "ternary": lambda: qkeras.ternary(alpha=1, threshold=0.4),
    }[kind]()
    return qkeras.QActivation(quantizer, name=kind)


@pytest.mark.parametrize("io_type", [pytest.param(IoType.PARALLEL, marks=pytest.mark.slow), IoType.STREAM])
@pytest.mark.parametrize("kinds", HALVES)
def test_quantized_functions(tmp_path, kinds, io_type):
    given = keras.layers.Input((4,), name="x")
    shared = qkeras.QActivation(qkeras.quantized_bits(8, 3, alpha=1), name="shared")(given)
    model = keras.Model(given, [layer(kind)(shared) for kind in kinds])
    rng = np.random.default_rng(8)
    for item in model.layers:
        weights = [rng.integers(-60, 61, weight.shape) / 64 for weight in item.get_weights()]
        if item.name == "norm":
            weights[3] = np.abs(weights[3]) + 0.5
        item.set_weights(weights)
    converted = convert(model, ConvertOptions(input_type=FixedPoint.parse("fixed<10,4>"), io_type=io_type))
    compare(Pair(converted.model_graph, converted.graph), tmp_path, 400)
