"""Element-wise functions without a parameter (nnet_activation.h, nnet_activation_stream.h)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from codesign.errors import UnsupportedLayerError
from codesign.graph.activation_tables import TableFunction, span, table
from codesign.graph.convert import from_float
from codesign.graph.fixed_point import FixedPoint
from codesign.graph.nodes import (
    Activation,
    ActivationFunction,
    BinaryThreshold,
    ClippedRelu,
    Elu,
    Node,
    Overflown,
    Selu,
    TableActivation,
    TernaryTanh,
    frozen,
)
from codesign.graph.reading.precision import input_precision, is_ap_int, read_number, type_of, types
from codesign.graph.reading.products import is_ap_uint1
from codesign.graph.reading.registry import reads

_BIT = FixedPoint(False, 1, 1)
_LAMBDA_TYPE = FixedPoint(False, 16, 1)  # selu_const_t
_LAMBDA, _LAMBDA_STREAM = 1.0507009873554805, 1.0507009873554804934193349852946


def is_stream(node: Any) -> bool:
    """Whether a layer reads and writes streams, which hls4ml has other C++ for."""
    return bool(node.model.config.get_config_value("IOType") == "io_stream")


def build_table(node: Any, function: TableFunction) -> dict[str, Any]:
    """The fields `table` and `table_type` of a layer's table."""
    type_, entries = type_of(node, "table"), int(node.get_attr("table_size"))
    if entries < 1:
        raise UnsupportedLayerError(f"layer {node.name!r} has a table of {entries} entries; state a TableSize")
    integers = is_ap_int(types(node)["table_t"])
    return {"table": table(function, entries, type_, ap_int=integers), "table_type": type_}


def _plain(function: ActivationFunction) -> Callable[[Any, dict[str, Any]], Node]:
    return lambda node, common: Activation(**common, function=function)


def _looked_up(function: TableFunction) -> Callable[[Any, dict[str, Any]], Node]:
    return lambda node, common: TableActivation(**common, **build_table(node, function), span=span(function))


def _clipped(maximum: int) -> Callable[[Any, dict[str, Any]], Node]:
    def read(node: Any, common: dict[str, Any]) -> Node:
        if is_stream(node):
            raise UnsupportedLayerError(
                f"layer {node.name!r}: hls4ml has no C++ for relu{maximum} on streams; use io_parallel, "
                "or a relu with a result type that saturates"
            )
        return ClippedRelu(**common, maximum=maximum)

    return read


def _elu(node: Any, common: dict[str, Any]) -> Node:
    return Elu(**common, **build_table(node, TableFunction.ELU), alpha=frozen([1]), alpha_type=_BIT)


def _selu(node: Any, common: dict[str, Any]) -> Node:
    if is_stream(node):
        # Here the constant has the type of the data, and nothing limits the index from below.
        gain, gain_type = read_number(_LAMBDA_STREAM, input_precision(node), layer=node.name, what="input")
    else:
        gain, gain_type = frozen(from_float(np.array([_LAMBDA]), _LAMBDA_TYPE)), _LAMBDA_TYPE
    return Selu(
        **common,
        **build_table(node, TableFunction.SELU),
        gain=gain,
        gain_type=gain_type,
        overflown=Overflown.LAST if is_stream(node) else Overflown.FIRST,
    )


def _binary_tanh(node: Any, common: dict[str, Any]) -> Node:
    below = 0 if is_ap_uint1(node.get_output_variable().type.precision) else -1
    return BinaryThreshold(**common, threshold=frozen([0]), threshold_type=_BIT, below=below)


def _ternary_tanh(node: Any, common: dict[str, Any]) -> Node:
    return TernaryTanh(**common, doubled=not is_stream(node))  # the C++ for streams forgets to


_FUNCTIONS: dict[str, Callable[[Any, dict[str, Any]], Node]] = {
    "linear": _plain(ActivationFunction.LINEAR),
    "relu": _plain(ActivationFunction.RELU),
    "relu1": _clipped(1),
    "relu6": _clipped(6),
    "sigmoid": _looked_up(TableFunction.SIGMOID),
    "tanh": _looked_up(TableFunction.TANH),
    "softplus": _looked_up(TableFunction.SOFTPLUS),
    "softsign": _looked_up(TableFunction.SOFTSIGN),
    "elu": _elu,
    "selu": _selu,
    "binary_tanh": _binary_tanh,
    "ternary_tanh": _ternary_tanh,
}


@reads("Activation")
def read_activation(node: Any, common: dict[str, Any]) -> Node:
    """An element-wise function."""
    name = str(node.get_attr("activation")).lower()
    read = _FUNCTIONS.get(name)
    if read is None:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: hls4ml has no C++ for activation {name!r}; use one of {', '.join(_FUNCTIONS)}"
        )
    return read(node, common)
