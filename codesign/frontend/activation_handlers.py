"""hls4ml handlers for element-wise and normalizing layers of Keras that hls4ml's own misread or refuse."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from hls4ml.converters.keras_v3.core import ReLUHandler

from codesign.errors import UnsupportedLayerError

LayerConfig = dict[str, Any]

_RELU6 = 6.0


def _config(layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any], **own: Any) -> tuple[LayerConfig, ...]:
    return (
        {
            "name": layer.name,
            "n_in": math.prod(int(axis) for axis in in_tensors[0].shape[1:]),
            "input_keras_tensor_names": [tensor.name for tensor in in_tensors],
            "output_keras_tensor_names": [tensor.name for tensor in out_tensors],
            **own,
        },
    )


def relu(layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> tuple[LayerConfig, ...]:
    """A rectifier; hls4ml's own handler makes one with a threshold of every plain one, and has no upper end."""
    limit = None if layer.max_value in (None, math.inf) else float(layer.max_value)
    plain = not layer.negative_slope and not layer.threshold
    if limit not in (None, _RELU6) or (limit == _RELU6 and not plain):
        raise UnsupportedLayerError(
            f"layer {layer.name!r} is a ReLU up to {layer.max_value:g}; hls4ml's C++ has one up to 6 without slope and "
            "threshold only: use that, or quantized_relu of QKeras"
        )
    if plain:
        function = "relu" if limit is None else "relu6"
        return _config(layer, in_tensors, out_tensors, class_name="Activation", activation=function)
    given: tuple[LayerConfig, ...] = ReLUHandler()(layer, in_tensors, out_tensors)
    return given


def prelu(layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> tuple[LayerConfig, ...]:
    """A rectifier with learned slopes: one for each number, because hls4ml's C++ shares none."""
    slopes = np.broadcast_to(keras.ops.convert_to_numpy(layer.alpha), tuple(in_tensors[0].shape[1:]))
    return _config(
        layer, in_tensors, out_tensors, class_name="PReLU", activation="prelu", param_data=np.ascontiguousarray(slopes)
    )


def softmax(layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> tuple[LayerConfig, ...]:
    """A softmax over one axis, the last of which hls4ml knows as -1 alone."""
    shape = tuple(int(axis) for axis in in_tensors[0].shape[1:])
    (axis,) = _axes(layer, len(shape))
    if len(in_tensors) > 1:
        raise UnsupportedLayerError(f"layer {layer.name!r} is a softmax with a mask, which hls4ml lacks; use none")
    return _config(
        layer,
        in_tensors,
        out_tensors,
        class_name="Softmax",
        activation="softmax",
        axis=-1 if axis == len(shape) else axis,
        n_outer=math.prod(shape[: axis - 1]),
        n_inner=math.prod(shape[axis:]),
    )


def _axes(layer: Any, rank: int) -> list[int]:
    """A layer's one axis, counted from the batch."""
    given = [layer.axis] if isinstance(layer.axis, int) else [int(axis) for axis in layer.axis]
    axes = sorted({axis % (rank + 1) for axis in given})
    if len(axes) != 1:
        raise UnsupportedLayerError(f"layer {layer.name!r} works over axes {given}; hls4ml's C++ takes one: use one")
    return axes


def layer_normalization(layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> tuple[LayerConfig, ...]:
    """A normalization over the last of two axes."""
    shape = tuple(int(axis) for axis in in_tensors[0].shape[1:])
    if len(shape) != 2 or _axes(layer, 2) != [2]:
        raise UnsupportedLayerError(
            f"layer {layer.name!r} normalizes axis {layer.axis} of {shape}; hls4ml's C++ normalizes the last of two "
            "axes (steps, channels): reshape to them"
        )
    if getattr(layer, "rms_scaling", False):
        raise UnsupportedLayerError(f"layer {layer.name!r} has rms_scaling, which hls4ml's C++ lacks; leave it out")
    power = -round(math.log10(layer.epsilon)) if layer.epsilon > 0 else 0
    if power <= 0 or not math.isclose(layer.epsilon, 10.0**-power):
        raise UnsupportedLayerError(
            f"layer {layer.name!r} has epsilon {layer.epsilon:g}; hls4ml's C++ knows powers of ten below 1: use 0.001"
        )
    gamma, beta = layer.gamma, layer.beta
    return _config(
        layer,
        in_tensors,
        out_tensors,
        class_name="LayerNormalization",
        seq_len=shape[0],
        axis=2,
        epsilon_power_of_10=power,
        gamma_data=np.ones(shape[1]) if gamma is None else keras.ops.convert_to_numpy(gamma),
        beta_data=np.zeros(shape[1]) if beta is None else keras.ops.convert_to_numpy(beta),
    )


def softmax_over_last_axis(model_graph: Any) -> None:
    """Say of each softmax that is the activation of a layer that it is over the last axis, as Keras has it.

    hls4ml leaves that out, and its C++ of io_parallel then takes all numbers as one slice.
    """
    for node in model_graph.get_layers():
        last = node.class_name == "Softmax" and node.get_attr("axis", -1) == -1
        if last and node.get_attr("n_outer", 1) == node.get_attr("n_inner", 1) == 1:
            *outer, _ = node.get_output_variable().shape
            node.set_attr("n_outer", math.prod(int(axis) for axis in outer))
            node.set_attr("n_inner", 1)
