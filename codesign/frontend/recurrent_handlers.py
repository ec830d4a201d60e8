"""hls4ml handlers for recurrent layers of qkeras-v3, and for wrappers that hls4ml's own Keras 3 front end misreads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from hls4ml.converters.keras_v3._base import registry

from codesign.errors import UnsupportedLayerError

LayerConfig = dict[str, Any]

_FUNCTIONS = ("sigmoid", "tanh", "relu")
_CELLS = {keras.layers.LSTMCell: "LSTM", keras.layers.GRUCell: "GRU"}
# QKeras' quantizers that round what a function gives, and the condition under which they do.
_ROUNDED: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "quantized_relu": ("relu", lambda quantizer: not getattr(quantizer, "negative_slope", 0)),
    "quantized_tanh": ("tanh", lambda quantizer: bool(quantizer.use_real_tanh)),
    "quantized_sigmoid": ("sigmoid", lambda quantizer: bool(quantizer.use_real_sigmoid)),
}


def _tensors(in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> LayerConfig:
    return {
        "input_keras_tensor_names": [tensor.name for tensor in in_tensors],
        "output_keras_tensor_names": [tensor.name for tensor in out_tensors],
    }


def _cell_class(layer: Any) -> str:
    for cls, name in _CELLS.items():
        if isinstance(layer.cell, cls):
            return name
    raise UnsupportedLayerError(
        f"layer {layer.name!r} is a {type(layer).__name__}; hls4ml's Vitis and Vivado backends have C++ for "
        f"{' and '.join(_CELLS.values())} only: use one of these"
    )


def _function(layer: Any, key: str) -> str:
    """The function behind an activation of a cell; hls4ml rounds it as its table and accumulator do, not as QKeras."""
    activation = getattr(layer.cell, key)
    name = getattr(activation, "__name__", type(activation).__name__)
    if name in _ROUNDED:
        function, plain = _ROUNDED[name]
        if plain(activation):
            return function
    if name in _FUNCTIONS and not hasattr(activation, "get_config"):
        return str(name)
    raise UnsupportedLayerError(
        f"layer {layer.name!r} has {key} {name!r}; hls4ml's C++ for recurrent layers has {', '.join(_FUNCTIONS)} only "
        "(of QKeras quantized_relu without a slope, quantized_tanh with use_real_tanh and quantized_sigmoid with "
        "use_real_sigmoid): use one of these"
    )


def _weight(cell: Any, variable: str, quantizer: str) -> Any:
    """A cell's variable after its quantizer, in float32."""
    value = getattr(cell, variable)
    function = getattr(cell, f"{quantizer}_quantizer_internal", None)
    return np.asarray(keras.ops.convert_to_numpy(value if function is None else function(value)), dtype=np.float32)


def check(layer: Any, *, backwards: bool = False) -> None:
    """Refuse what hls4ml leaves out of a recurrent layer without a word; other layers pass.

    Args:
        layer: of a Keras model.
        backwards: it is the backward layer of a bidirectional one.

    Raises:
        UnsupportedLayerError: naming the layer and the option.
    """
    if not isinstance(layer, keras.layers.RNN):
        return
    _cell_class(layer)
    for option, given in (
        ("go_backwards=True", layer.go_backwards and not backwards),
        ("stateful=True", layer.stateful),
        ("return_state=True", layer.return_state),
        ("reset_after=False", not getattr(layer.cell, "reset_after", True)),
    ):
        if given:
            raise UnsupportedLayerError(
                f"layer {layer.name!r} has {option}, which hls4ml's C++ does not have; build the layer without it"
            )
    if any(len(node.arguments.keras_tensors) > 1 for node in layer._inbound_nodes):
        raise UnsupportedLayerError(
            f"layer {layer.name!r} is given an initial state, which hls4ml leaves out; let it start from zero"
        )


def _cell_config(layer: Any, prefix: str = "") -> LayerConfig:
    """A cell's weights and functions under hls4ml's names."""
    cell = layer.cell
    kernel, recurrent = _weight(cell, "kernel", "kernel"), _weight(cell, "recurrent_kernel", "recurrent")
    bias = _weight(cell, "bias", "bias") if cell.use_bias else np.zeros(kernel.shape[1], dtype=np.float32)
    config: LayerConfig = {"weight_data": kernel, "recurrent_weight_data": recurrent, "bias_data": bias}
    if _cell_class(layer) == "GRU":
        both = bias if cell.use_bias else np.stack([bias, bias])
        config.update(bias_data=both[0], recurrent_bias_data=both[1], apply_reset_gate="after")
    for key in ("activation", "recurrent_activation"):
        config[key] = _function(layer, key)
    return {f"{prefix}{key}": value for key, value in config.items()}


def _steps(in_tensors: Sequence[Any]) -> LayerConfig:
    return {"n_timesteps": in_tensors[0].shape[1], "n_in": in_tensors[0].shape[2]}


def recurrent(layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> tuple[LayerConfig, ...]:
    """A QLSTM or QGRU."""
    check(layer)
    return (
        {
            "name": layer.name,
            "class_name": _cell_class(layer),
            "direction": "forward",
            "return_sequences": layer.return_sequences,
            "return_state": False,
            "time_major": False,
            "n_out": layer.cell.units,
            **_steps(in_tensors),
            **_cell_config(layer),
            **_tensors(in_tensors, out_tensors),
        },
    )


def bidirectional(layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> tuple[LayerConfig, ...]:
    """A Bidirectional or QBidirectional; hls4ml's own handler takes the biases of a GRU apart wrongly."""
    if layer.merge_mode != "concat":
        raise UnsupportedLayerError(
            f"layer {layer.name!r} has merge_mode {layer.merge_mode!r}, hls4ml's C++ has 'concat' only; "
            "use it, and a layer that merges the two halves"
        )
    if layer.forward_layer.go_backwards or not layer.backward_layer.go_backwards:
        raise UnsupportedLayerError(
            f"layer {layer.name!r} goes backwards in its forward layer or forwards in its backward layer; swap them"
        )
    directions = (("forward", layer.forward_layer), ("backward", layer.backward_layer))
    config: LayerConfig = {
        "name": layer.name,
        "class_name": "Bidirectional",
        "direction": "bidirectional",
        "return_sequences": layer.return_sequences,
        "return_state": False,
        "time_major": False,
        "merge_mode": "concat",
        "n_out": sum(inner.cell.units for _, inner in directions),
        **_steps(in_tensors),
        **_tensors(in_tensors, out_tensors),
    }
    for direction, inner in directions:
        check(inner, backwards=direction == "backward")
        config[f"{direction}_name"] = inner.name
        config[f"{direction}_class_name"] = _cell_class(inner)
        config[f"{direction}_n_states"] = inner.cell.units
        config.update(_cell_config(inner, f"{direction}_"))
    return (config,)


def time_distributed(layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> tuple[LayerConfig, ...]:
    """A TimeDistributed layer around a single layer; hls4ml's Keras 3 front end has no handler for it."""
    inner = layer.layer
    check(inner)
    steps = [
        [keras.KerasTensor((tensor.shape[0], *tensor.shape[2:]), name=f"{layer.name}_{part}") for tensor in tensors]
        for part, tensors in (("step", in_tensors), ("result", out_tensors))
    ]
    handler = registry.get(f"{type(inner).__module__}.{type(inner).__name__}") or registry.get(type(inner).__name__)
    configs: Sequence[LayerConfig] = () if handler is None else handler(inner, *steps)
    if len(configs) != 1:
        raise UnsupportedLayerError(
            f"layer {layer.name!r} wraps {inner.name!r} ({type(inner).__name__}); inside a TimeDistributed hls4ml "
            "takes single layers: give activations a layer of their own, and wrap each layer on its own"
        )
    wrapped = dict(configs[0])
    wrapped.update(inputs=[layer.name], outputs=[wrapped["name"]])
    return (
        {
            "name": layer.name,
            "class_name": "TimeDistributed",
            "wrapped_layer": wrapped,
            "n_time_steps": in_tensors[0].shape[1],
            "output_shape": list(out_tensors[0].shape[1:]),
            **_tensors(in_tensors, out_tensors),
        },
    )
