"""Functions with two or three results."""

from __future__ import annotations

import math
from typing import Any

from codesign.errors import UnsupportedLayerError
from codesign.graph.nodes import BinaryThreshold, IntArray, Node, TernaryThreshold, frozen
from codesign.graph.reading.activation import is_stream
from codesign.graph.reading.precision import input_type, read_weight
from codesign.graph.reading.registry import reads

_BINARY = 2  # hls4ml says how many results there are


@reads("TernaryTanh")
def read_ternary_tanh(node: Any, common: dict[str, Any]) -> Node:
    """hls4ml has no call for it: it is merged with the batch normalization before it, or lost.

    Raises:
        UnsupportedLayerError: always.
    """
    raise UnsupportedLayerError(
        f"layer {node.name!r}: hls4ml writes no C++ for a ternary tanh whose threshold is 0.5 and that follows no "
        "batch normalization, its results are never set; give it another threshold or a BatchNormalization before it"
    )


def _thresholds(node: Any, key: str) -> IntArray:
    """The thresholds that repeat along the last axis."""
    values, type_ = read_weight(node, key)
    source = input_type(node)
    if type_ != source:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: hls4ml wrote {key} in {type_}, and its C++ compares it with {source}, which does "
            "not compile; state the type of the layer before it"
        )
    size = math.prod(node.get_output_variable().shape)
    filters = int(node.get_attr("n_filt"))
    count = size if filters == -1 else filters
    if is_stream(node) and node.get_output_variable().type.n_elem != count:
        raise UnsupportedLayerError(
            f"layer {node.name!r} has {count} thresholds for packs of {node.get_output_variable().type.n_elem} numbers "
            "of a stream, which hls4ml's C++ does not compile with; flatten before it, or use io_parallel"
        )
    if values.size < count:
        raise UnsupportedLayerError(
            f"layer {node.name!r} has {values.size} thresholds for {count} values, and hls4ml's C++ reads past their "
            "end; normalize the last axis"
        )
    return frozen(values.ravel()[:count])


@reads("BatchNormalizationQuantizedTanh")
def read_quantized_tanh(node: Any, common: dict[str, Any]) -> Node:
    """A batch normalization and a binary or ternary tanh, as thresholds."""
    type_ = input_type(node)
    if int(node.get_attr("quantize")) == _BINARY:
        return BinaryThreshold(**common, threshold=_thresholds(node, "threshold"), threshold_type=type_, below=0)
    return TernaryThreshold(
        **common,
        high=_thresholds(node, "threshold_hi"),
        low=_thresholds(node, "threshold_lo"),
        threshold_type=type_,
    )
