"""Convolutions that hls4ml cannot write, as plain ones that it can: the same numbers from other weights.

hls4ml 1.3.0 leaves dilation out without a word, computes depthwise convolutions with one filter a channel only, and
fails on Keras 3's separable ones. A dilated kernel is a larger one with zeros in it; a depthwise convolution with
several filters a channel is a convolution with zeros for the other channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from hls4ml.converters.keras_v3.conv import gen_conv_config

from codesign.errors import UnsupportedLayerError

LayerConfig = dict[str, Any]  # hls4ml's own currency between front end and ModelGraph
_Floats = npt.NDArray[np.float32]

# The module of each layer of Keras that can be lowered.
PLAIN_LAYERS = {
    "Conv1D": "keras.src.layers.convolutional.conv1d",
    "Conv2D": "keras.src.layers.convolutional.conv2d",
    "DepthwiseConv1D": "keras.src.layers.convolutional.depthwise_conv1d",
    "DepthwiseConv2D": "keras.src.layers.convolutional.depthwise_conv2d",
    "SeparableConv1D": "keras.src.layers.convolutional.separable_conv1d",
    "SeparableConv2D": "keras.src.layers.convolutional.separable_conv2d",
}


def is_lowered(layer: Any) -> bool:
    """Whether a layer is a convolution that hls4ml cannot write as it is."""
    kind = type(layer).__name__
    if kind.removeprefix("Q").removesuffix("Batchnorm") not in PLAIN_LAYERS:
        return False
    return kind.startswith("Separable") or max(layer.dilation_rate) > 1 or getattr(layer, "depth_multiplier", 1) > 1


def lowered(layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> tuple[LayerConfig, ...]:
    """A convolution's configuration for hls4ml, without its activation: one layer, or two for a separable one.

    Its weights are the quantized ones; no quantizer is left.

    Raises:
        UnsupportedLayerError: channels come first, or batch normalization is folded into it.
    """
    name, kind = layer.name, type(layer).__name__
    if layer.data_format != "channels_last":
        raise UnsupportedLayerError(f"layer {name!r} has its channels first; put channels last")
    if kind.endswith("Batchnorm"):
        raise UnsupportedLayerError(
            f"layer {name!r} ({kind}) has dilation rate {layer.dilation_rate}, which hls4ml leaves out; "
            "use a QConv2D and a QBatchNormalization"
        )
    source, target = in_tensors[0], out_tensors[0]
    bias = _weight(layer, "bias") if layer.use_bias else None
    if "Separable" not in kind:
        depthwise = "Depthwise" in kind
        kernel = _weight(layer, "depthwise", "kernel") if depthwise else _weight(layer, "kernel")
        window = _spread(kernel) if depthwise else kernel
        return (_plain(layer, name, window, bias, source.shape, target.shape, source.name, target.name),)
    window, point = _spread(_weight(layer, "depthwise")), _weight(layer, "pointwise")
    between = (*target.shape[:-1], window.shape[-1])
    middle = f"{target.name}_depthwise"
    first = _plain(layer, f"{name}_depthwise", window, None, source.shape, between, source.name, middle)
    second = _plain(layer, f"{name}_pointwise", point, bias, between, target.shape, middle, target.name, point=True)
    return first, second


def _weight(layer: Any, key: str, *others: str) -> _Floats:
    """A layer's weight after its quantizer."""
    names = (key, f"{key}_kernel", *others)
    value = next(getattr(layer, name) for name in names if getattr(layer, name, None) is not None)
    quantizer = getattr(layer, f"{key}_quantizer_internal", None)
    return np.asarray(keras.ops.convert_to_numpy(value if quantizer is None else quantizer(value)), dtype=np.float32)


def _spread(kernel: _Floats) -> _Floats:
    """The weights (*kernel, channels, multiplier) of a depthwise convolution as (*kernel, channels, filters)."""
    channels, multiplier = kernel.shape[-2:]
    full = np.zeros((*kernel.shape[:-1], channels, multiplier), dtype=np.float32)
    places = np.arange(channels)
    full[..., places, places, :] = kernel
    return full.reshape(*kernel.shape[:-1], channels * multiplier)


def _dilated(kernel: _Floats, rates: Sequence[int]) -> _Floats:
    """The weights with zeros between them, where a dilated window leaves out numbers."""
    lengths = [(length - 1) * rate + 1 for length, rate in zip(kernel.shape, rates, strict=False)]
    full = np.zeros((*lengths, *kernel.shape[-2:]), dtype=np.float32)
    full[tuple(slice(None, None, rate) for rate in rates)] = kernel
    return full


def _plain(
    layer: Any,
    name: str,
    kernel: _Floats,
    bias: _Floats | None,
    source: Sequence[int],
    target: Sequence[int],
    reads: str,
    gives: str,
    *,
    point: bool = False,
) -> LayerConfig:
    """A plain convolution; a `point` one has neither strides, nor dilation, nor padding."""
    axes = kernel.ndim - 2
    window = kernel if point else _dilated(kernel, layer.dilation_rate)
    return {
        "name": name,
        "class_name": f"Conv{axes}D",
        **gen_conv_config(
            in_shape=tuple(source[1:]),
            out_shape=tuple(target[1:]),
            ker_px_shape=window.shape[:-2],
            strides=(1,) * axes if point else tuple(layer.strides),
            padding="valid" if point else layer.padding,
            data_format="channels_last",
            name=name,
        ),
        "data_format": "channels_last",
        "use_bias": bias is not None,
        "weight_data": window,
        "bias_data": bias,
        "input_keras_tensor_names": [reads],
        "output_keras_tensor_names": [gives],
    }
