"""Small QKeras models, built the same way each time."""

from __future__ import annotations

from typing import Any

import numpy as np


def fill(model: Any, seed: int = 0) -> Any:
    """Give every weight a random value; variances and scales stay positive."""
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        for weight in layer.weights:
            positive = any(word in weight.name for word in ("variance", "gamma"))
            low = 0.3 if positive else -1.0
            weight.assign(rng.uniform(low, 1.5 if positive else 1.0, size=weight.shape))
    return model


def mlp(**last: Any) -> Any:
    """8-6-4, 6-bit weights, relu between; exact in float32."""
    import keras
    from qkeras import QActivation, QDense, quantized_bits, quantized_relu

    def q() -> Any:
        return quantized_bits(6, 0, alpha=1)

    layers = [
        keras.layers.Input((8,)),
        QDense(6, kernel_quantizer=q(), bias_quantizer=q(), name="fc1"),
        QActivation(quantized_relu(6, 2), name="relu1"),
        QDense(4, kernel_quantizer=q(), bias_quantizer=q(), name="fc2", **last),
    ]
    return fill(keras.Sequential(layers, name="mlp"))
