"""Element-wise functions with parameters."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from codesign.errors import UnsupportedLayerError
from codesign.graph.activation_tables import TableFunction
from codesign.graph.nodes import Elu, HardActivation, HardFunction, Node, PRelu, ThresholdedRelu, UnaryTable, frozen
from codesign.graph.reading.activation import build_table
from codesign.graph.reading.precision import read_number, read_weight, types
from codesign.graph.reading.registry import reads


def _parameter(node: Any, name: str) -> dict[str, Any]:
    """The fields of a parameter that hls4ml writes into the call as a number."""
    given = node.get_attr("activ_param", 1.0)
    value, type_ = read_number(given, types(node)["param_t"], layer=node.name, what="param")
    return {name: value, f"{name}_type": type_}


def _leaky(node: Any, common: dict[str, Any]) -> Node:
    return PRelu(**common, **_parameter(node, "alpha"))


def _thresholded(node: Any, common: dict[str, Any]) -> Node:
    return ThresholdedRelu(**common, **_parameter(node, "theta"))


def _elu(node: Any, common: dict[str, Any]) -> Node:
    return Elu(**common, **build_table(node, TableFunction.ELU), **_parameter(node, "alpha"))


_FUNCTIONS: dict[str, Callable[[Any, dict[str, Any]], Node]] = {
    "leakyrelu": _leaky,
    "leaky_relu": _leaky,
    "thresholdedrelu": _thresholded,
    "thresholded_relu": _thresholded,
    "elu": _elu,
}


@reads("ParametrizedActivation")
def read_parametrized(node: Any, common: dict[str, Any]) -> Node:
    """A function with one parameter for all values."""
    name = str(node.get_attr("activation")).lower()
    read = _FUNCTIONS.get(name)
    if read is None:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: hls4ml has no C++ for activation {name!r} with a parameter; "
            f"use one of {', '.join(_FUNCTIONS)}"
        )
    return read(node, common)


@reads("PReLU")
def read_prelu(node: Any, common: dict[str, Any]) -> Node:
    """A leaky rectifier with a slope for each value."""
    alpha, type_ = read_weight(node, "param")
    size = math.prod(common["shape"])
    if alpha.size < size:
        raise UnsupportedLayerError(
            f"layer {node.name!r} shares {alpha.size} slopes among {size} values, and hls4ml's C++ reads past their "
            "end; give PReLU no shared_axes"
        )
    return PRelu(**common, alpha=frozen(alpha.ravel()[:size]), alpha_type=type_)


@reads("HardActivation")
def read_hard(node: Any, common: dict[str, Any]) -> Node:
    """Hard sigmoid or hard tanh."""
    name = str(node.get_attr("activation")).lower()
    legal = [function.value for function in HardFunction]
    if name not in legal:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: hls4ml has no C++ for hard activation {name!r}; use {' or '.join(legal)}"
        )
    slope, slope_type = read_number(node.get_attr("slope"), types(node)["slope_t"], layer=node.name, what="slope")
    shift, shift_type = read_number(node.get_attr("shift"), types(node)["shift_t"], layer=node.name, what="shift")
    return HardActivation(
        **common,
        function=HardFunction(name),
        slope=slope,
        slope_type=slope_type,
        shift=shift,
        shift_type=shift_type,
    )


@reads("UnaryLUT")
def read_unary_table(node: Any, common: dict[str, Any]) -> Node:
    """A function whose table the model gives."""
    table, type_ = read_weight(node, "table")
    return UnaryTable(**common, table=frozen(table.ravel()), table_type=type_)
