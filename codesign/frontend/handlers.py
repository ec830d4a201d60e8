"""hls4ml handlers for the layers of qkeras-v3, where the installed hls4ml has none of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from hls4ml.converters.keras_v2_to_hls import layer_handlers as keras2_handlers
from hls4ml.converters.keras_v3._base import KerasV3LayerHandler, registry

from codesign.errors import UnsupportedLayerError
from codesign.frontend import activation_handlers, recurrent_handlers
from codesign.frontend.convolutions import PLAIN_LAYERS, LayerConfig, is_lowered, lowered

_Handler = Callable[[Any, Sequence[Any], Sequence[Any]], tuple[LayerConfig, ...]]

# The module of each layer that hls4ml's Keras 2 front end has a handler for and its Keras 3 one may lack.
LACKING_LAYERS: Mapping[str, str] = {
    "QDense": "qkeras.qlayers",
    "QActivation": "qkeras.qlayers",
    "QConv1D": "qkeras.qconvolutional",
    "QConv2D": "qkeras.qconvolutional",
    "QDepthwiseConv2D": "qkeras.qconvolutional",
    "QSeparableConv1D": "qkeras.qconvolutional",
    "QSeparableConv2D": "qkeras.qconvolutional",
    "QConv2DBatchnorm": "qkeras.qconv2d_batchnorm",
    "QBatchNormalization": "qkeras.qnormalization",
    "QSimpleRNN": "qkeras.qrecurrent",
    "QLSTM": "qkeras.qrecurrent",
    "QGRU": "qkeras.qrecurrent",
    "QBidirectional": "qkeras.qrecurrent",
    "TimeDistributed": "keras.src.layers.rnn.time_distributed",
    # hls4ml 1.3.0 has no Keras 3 handler for it, and hands it to whatever fallback is installed.
    "BatchNormalization": "keras.src.layers.normalization.batch_normalization",
}


class _WeightReader:
    """What hls4ml's Keras 2 handlers read weights through, over one Keras 3 layer."""

    def __init__(self, layer: Any) -> None:
        self._layer = layer

    def get_weights_data(self, layer_name: str, var_name: str) -> Any:
        """The layer's variable whose last name part is `var_name`; None where it has none."""
        for weight in self._layer.weights:
            if weight.name.split("/")[-1].split(":")[0] == var_name:
                return keras.ops.convert_to_numpy(weight)
        return None


def _quantizer_config(quantizer: Any) -> LayerConfig:
    return {"class_name": type(quantizer).__name__, "config": quantizer.get_config()}


def _keras2_config(layer: Any) -> LayerConfig:
    """The layer's configuration as Keras 2 would give it: quantizers as plain dictionaries."""
    config = dict(layer.get_config())
    for key in list(config):
        if key.endswith("_quantizer"):
            quantizer = getattr(layer, f"{key}_internal", None)
            config[key] = None if quantizer is None else _quantizer_config(quantizer)
    return {"class_name": type(layer).__name__, "config": config}


def _tensor_names(tensors: Sequence[Any]) -> list[str]:
    return [tensor.name for tensor in tensors]


def _keras2_layer(layer: Any, keras_layer: LayerConfig, in_tensors: Sequence[Any]) -> LayerConfig:
    handler = keras2_handlers[keras_layer["class_name"]]
    shapes = [list(tensor.shape) for tensor in in_tensors]
    parsed, _ = handler(keras_layer, _tensor_names(in_tensors), shapes, _WeightReader(layer))
    return dict(parsed)


def _activation_quantizer(layer: Any) -> Any | None:
    """The quantizer object that a layer has as its activation; None for a plain function or none at all."""
    activation = getattr(layer, "activation", None)
    return activation if hasattr(activation, "get_config") and callable(activation) else None


def _quantized_activation(name: str, quantizer: Any, keras_layer: LayerConfig) -> LayerConfig:
    handler = keras2_handlers["QActivation"]
    act = {"class_name": "QActivation", "config": {"name": name, "activation": _quantizer_config(quantizer)}}
    try:
        parsed, _ = handler(act, None, [keras_layer.get("shape", [None])], None)
    except Exception as error:  # hls4ml raises bare Exception here
        raise UnsupportedLayerError(
            f"layer {name!r}: hls4ml has no hardware for activation {type(quantizer).__name__} ({error}); "
            "use quantized_relu or quantized_bits"
        ) from error
    return dict(parsed)


def _with_activation(layer: Any, main: LayerConfig, out_tensors: Sequence[Any]) -> tuple[LayerConfig, ...]:
    """A layer's configuration, and that of its activation where it has one."""
    outputs = _tensor_names(out_tensors)
    quantizer = _activation_quantizer(layer)
    if quantizer is not None:
        between = f"{outputs[0]}_activation"
        act = _quantized_activation(f"{layer.name}_{type(quantizer).__name__}", quantizer, main)
        act["input_keras_tensor_names"], act["output_keras_tensor_names"] = [between], outputs
        main["output_keras_tensor_names"] = [between]
        return main, act
    plain, tensor = KerasV3LayerHandler().maybe_get_activation_config(layer, out_tensors)
    if plain is None:
        return (main,)
    main["output_keras_tensor_names"] = [tensor]
    return main, plain


def _weighted(layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> tuple[LayerConfig, ...]:
    keras_layer = _keras2_config(layer)
    keras_layer["config"].pop("activation", None)
    main = _keras2_layer(layer, keras_layer, in_tensors)
    main["input_keras_tensor_names"] = _tensor_names(in_tensors)
    main["output_keras_tensor_names"] = _tensor_names(out_tensors)
    return _with_activation(layer, main, out_tensors)


def _activation(layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> tuple[LayerConfig, ...]:
    quantizer = _activation_quantizer(layer)
    if quantizer is not None:
        parsed = _quantized_activation(layer.name, quantizer, {})
    else:
        plain, _ = KerasV3LayerHandler().maybe_get_activation_config(layer, out_tensors)
        parsed = dict(plain or {"class_name": "Activation", "activation": "linear"})
        parsed["name"] = layer.name
    parsed["input_keras_tensor_names"] = _tensor_names(in_tensors)
    parsed["output_keras_tensor_names"] = _tensor_names(out_tensors)
    return (parsed,)


def _maybe_quantized(layer: Any, weight: str) -> Any:
    """One of a batch normalization's four variables after its quantizer; None where the layer lacks it."""
    variable = getattr(layer, f"moving_{weight}" if weight in ("mean", "variance") else weight, None)
    if variable is None:
        return None
    quantizer = getattr(layer, f"{weight}_quantizer_internal", None)
    value = quantizer(variable) if quantizer is not None else variable
    return np.asarray(keras.ops.convert_to_numpy(value), dtype=np.float32)


def folded_normalization(layer: Any) -> tuple[Any, Any]:
    """(scale, bias) that a QBatchNormalization applies at inference, in the float32 that QKeras computes them in.

    hls4ml's own handler drops the four quantizers; what the model promises is with them.
    """
    gamma, beta, mean, variance = (_maybe_quantized(layer, key) for key in ("gamma", "beta", "mean", "variance"))
    scale = np.float32(1) / np.sqrt(variance + np.float32(layer.epsilon))
    if gamma is not None:
        scale = scale * gamma
    inverse = getattr(layer, "inverse_quantizer_internal", None)
    if inverse is not None:
        scale = np.asarray(keras.ops.convert_to_numpy(inverse(scale)), dtype=np.float32)
    bias = -mean * scale if beta is None else beta - mean * scale
    return scale, bias


def _normalization(layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> tuple[LayerConfig, ...]:
    shape = [int(axis) for axis in in_tensors[0].shape[1:]]
    axis = layer.axis if isinstance(layer.axis, int) else layer.axis[0]
    if axis not in (-1, len(shape)):
        raise UnsupportedLayerError(
            f"layer {layer.name!r} normalizes axis {axis}; hls4ml normalizes the last axis only: put channels last"
        )
    scale, bias = folded_normalization(layer)
    return (
        {
            "name": layer.name,
            "class_name": "BatchNormalization",
            "n_in": int(np.prod(shape)),
            "n_filt": shape[-1] if len(shape) > 1 else -1,
            "scale_data": scale,
            "bias_data": bias,
            "use_gamma": True,
            "use_beta": True,
            "input_keras_tensor_names": _tensor_names(in_tensors),
            "output_keras_tensor_names": _tensor_names(out_tensors),
        },
    )


@dataclass(frozen=True)
class _Lowering:
    """Lowers the convolutions that hls4ml cannot write, and leaves all others to the handler before it.

    Attributes:
        before: the handler that stood in its place.
    """

    before: _Handler

    def __call__(self, layer: Any, in_tensors: Sequence[Any], out_tensors: Sequence[Any]) -> tuple[LayerConfig, ...]:
        if not is_lowered(layer):
            return self.before(layer, in_tensors, out_tensors)
        *first, last = lowered(layer, in_tensors, out_tensors)
        return (*first, *_with_activation(layer, last, out_tensors))


_HANDLERS: Mapping[str, _Handler] = {
    **dict.fromkeys(LACKING_LAYERS, _weighted),
    "QActivation": _activation,
    "QBatchNormalization": _normalization,
    "BatchNormalization": _normalization,
    **dict.fromkeys(("QSimpleRNN", "QLSTM", "QGRU"), recurrent_handlers.recurrent),
    "QBidirectional": recurrent_handlers.bidirectional,
    "TimeDistributed": recurrent_handlers.time_distributed,
}

# Handlers that take the place of hls4ml's own, which misread the layer.
_REPLACED: Mapping[str, _Handler] = {
    "keras.src.layers.rnn.bidirectional.Bidirectional": recurrent_handlers.bidirectional,
    "keras.src.layers.activations.relu.ReLU": activation_handlers.relu,
    "keras.src.layers.activations.prelu.PReLU": activation_handlers.prelu,
    "keras.src.layers.activations.softmax.Softmax": activation_handlers.softmax,
    "keras.src.layers.normalization.layer_normalization.LayerNormalization": activation_handlers.layer_normalization,
}


def carried() -> frozenset[str]:
    """Names of the Keras and QKeras layers that hls4ml reads, with our handlers."""
    version3 = {key.rsplit(".", 1)[-1] for key in registry if not key.startswith("hgq.")}
    return frozenset({*version3, *keras2_handlers, *LACKING_LAYERS})


def register() -> tuple[str, ...]:
    """Give hls4ml the handlers that it lacks; names of the layers registered now.

    Stands aside for each layer that the installed hls4ml handles itself, but for the convolutions that it would write
    wrongly and the bidirectional layers that it misreads. Safe to call again.
    """
    registry.update(_REPLACED)
    added = []
    for name, module in LACKING_LAYERS.items():
        key = f"{module}.{name}"
        if key not in registry and name not in registry:
            registry[key] = _HANDLERS[name]
            added.append(name)
    for name, module in {**PLAIN_LAYERS, **LACKING_LAYERS}.items():
        for key in (f"{module}.{name}", name):
            if "Conv" in name and key in registry and not isinstance(registry[key], _Lowering):
                registry[key] = _Lowering(registry[key])
    return tuple(added)


@contextlib.contextmanager
def registered() -> Iterator[None]:
    """Have hls4ml use our handlers while the block runs; afterwards it is as it was for everyone else."""
    before = dict(registry)
    register()
    try:
        yield
    finally:
        registry.clear()
        registry.update(before)
