"""Refusing layers whose floating-point types are not carried, before anything of them is read."""

from __future__ import annotations

from typing import Any

from codesign.errors import UnsupportedLayerError
from codesign.graph.nodes.floats import POSSIBLE
from codesign.graph.reading.precision import class_names, is_integer

_CARRIED = frozenset(
    {
        "Activation",
        "BatchNormalization",
        "Broadcast",
        "Clone",
        "Concatenate",
        "Conv1D",
        "Conv2D",
        "Cropping1D",
        "Cropping2D",
        "Dense",
        "DepthwiseConv1D",
        "DepthwiseConv2D",
        "GlobalPooling1D",
        "GlobalPooling2D",
        "Input",
        "InputLayer",
        "Merge",
        "PointwiseConv1D",
        "PointwiseConv2D",
        "Pooling1D",
        "Pooling2D",
        "Repack",
        "Reshape",
        "Resize",
        "Transpose",
        "ZeroPadding1D",
        "ZeroPadding2D",
    }
)


def _is_float(precision: Any) -> bool:
    return "StandardFloatPrecisionType" in class_names(precision)


def check_floats(layer: Any) -> None:
    """Refuse a layer that has to do with floats, where that is not carried.

    Raises:
        UnsupportedLayerError: naming the layer.
    """
    types = {key: named.precision for key, named in layer.types.items()}
    results = [variable.type.precision for variable in layer.get_variables()]
    variables = [layer.get_input_variable(name) for name in layer.inputs or ()]  # a port reads none
    reads = [variable.type.precision for variable in variables if variable is not None]
    weights = [weight.type.precision for weight in layer.weights.values()]
    if not any(map(_is_float, (*types.values(), *results, *reads, *weights))):
        return
    if layer.class_name not in _CARRIED:
        raise UnsupportedLayerError(
            f"layer {layer.name!r} ({layer.class_name}) has to do with a floating-point type; {POSSIBLE}: state "
            "fixed-point types"
        )
    stream = layer.model.config.get_config_value("IOType") == "io_stream"
    if layer.class_name in ("Pooling1D", "Pooling2D") and not stream and any(map(_is_float, reads)):
        raise UnsupportedLayerError(
            f"layer {layer.name!r} pools floats, for which hls4ml's C++ for io_parallel does not compile "
            "(nnet_pooling.h, pad_val); use io_stream, or state a fixed-point type for what it reads"
        )
    last = [types["accum_t"]] if "accum_t" in types else reads
    if any(map(_is_float, last)) and any(map(is_integer, results)):
        raise UnsupportedLayerError(
            f"layer {layer.name!r} makes {results[0]} of floats, which `ap_int` takes in another way than `ap_fixed`; "
            "state fixed<W,W>"
        )
