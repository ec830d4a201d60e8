"""hls4ml's precisions and weights as FixedPoint types and integers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.errors import GraphError, UnsupportedLayerError
from codesign.graph.convert import ap_int_from_float, from_float
from codesign.graph.fixed_point import DOUBLE, FLOAT, FixedPoint, Overflow, Rounding
from codesign.graph.floating import parse, to_bits
from codesign.graph.nodes import IntArray, frozen

_FIXED = ("FixedPrecisionType", "IntegerPrecisionType", "XnorPrecisionType")
_INTEGERS = {"IntegerPrecisionType", "XnorPrecisionType"}
_FLOATS = {str(type_): type_ for type_ in (FLOAT, DOUBLE)}
BINARY = FixedPoint(True, 2, 2)


def class_names(obj: object) -> set[str]:
    """Names of an object's classes; hls4ml makes subclasses at run time, so names tell more than types."""
    return {cls.__name__ for cls in type(obj).__mro__}


def is_integer(precision: Any) -> bool:
    """Whether hls4ml writes a precision as an `ap_int`; an `ap_fixed` of no fraction computes otherwise."""
    return bool(class_names(precision) & _INTEGERS)


def read_type(precision: Any, *, layer: str, what: str) -> FixedPoint:
    """An hls4ml precision as a FixedPoint.

    Raises:
        UnsupportedLayerError: it is none (exponent, floating point but for `float` and `double`, unresolved), or has
            saturation bits; naming the layer.
    """
    if "StandardFloatPrecisionType" in class_names(precision) and str(precision) in _FLOATS:
        return _FLOATS[str(precision)]
    if not class_names(precision) & set(_FIXED):
        raise UnsupportedLayerError(
            f"layer {layer!r}: {what} has type {precision} ({type(precision).__name__}); "
            "only fixed-point and integer types, float and double are supported here: state one in --precision"
        )
    rounding = str(getattr(precision, "rounding_mode", None) or "TRN").split(".")[-1].removeprefix("AP_")
    if is_integer(precision):
        rounding = "TRN_ZERO"  # whatever hls4ml says: ap_int takes from ap_fixed as C does (to_ap_int_base)
    overflow = str(getattr(precision, "saturation_mode", None) or "WRAP").split(".")[-1].removeprefix("AP_")
    if getattr(precision, "saturation_bits", 0):
        raise UnsupportedLayerError(
            f"layer {layer!r}: {what} has type {precision}, whose fifth parameter is its saturation bits; "
            "state it without them in --precision"
        )
    return FixedPoint(
        bool(precision.signed),
        int(precision.width),
        int(precision.integer),
        Rounding(rounding),
        Overflow(overflow),
    )


def is_ap_int(precision: Any) -> bool:
    """Whether a precision is written as `ap_int` or `ap_uint`."""
    return bool(class_names(precision) & _INTEGERS)


def read_number(value: Any, precision: Any, *, layer: str, what: str) -> tuple[IntArray, FixedPoint]:
    """A number that hls4ml writes into C++ in passing, as the one integer of its type.

    Raises:
        UnsupportedLayerError: its type is none that we carry.
    """
    type_ = read_type(precision, layer=layer, what=what)
    written = np.array([float(f"{value}")], dtype=np.float64)
    return frozen((ap_int_from_float if is_ap_int(precision) else from_float)(written, type_)), type_


def written_floats(variable: Any) -> npt.NDArray[np.float64]:
    """A weight's numbers as hls4ml prints them into C++: its own decimal text, read back."""
    type_ = _FLOATS.get(str(variable.type.precision))
    values = np.array([float(text) if type_ is None else parse(text, type_) for text in variable], dtype=np.float64)
    return np.reshape(values, np.shape(variable.data))


def read_weight(node: Any, key: str) -> tuple[IntArray, FixedPoint]:
    """A weight's integers and type, as they are written; `products.read_products` tells what they stand for.

    Those of a floating-point type are the bits of doubles.

    Raises:
        UnsupportedLayerError: its type is none that we carry.
    """
    variable = node.weights[key]
    type_ = read_type(variable.type.precision, layer=node.name, what=key)
    if type_.significant is not None:
        return frozen(to_bits(written_floats(variable))), type_
    return frozen(from_float(written_floats(variable), type_)), type_


def types(node: Any) -> Mapping[str, Any]:
    """A layer's precisions by hls4ml's own keys, such as `accum_t`."""
    return {key: value.precision for key, value in node.types.items()}


def type_of(node: Any, key: str) -> FixedPoint:
    """A layer's type by its key without the `_t`, such as `accum`.

    Raises:
        GraphError: the layer has no such type.
        UnsupportedLayerError: it is none that we carry.
    """
    found = types(node).get(f"{key}_t")
    if found is None:
        raise GraphError(f"layer {node.name!r} has no type {key!r}; it has {', '.join(types(node))}")
    return read_type(found, layer=node.name, what=key)


def input_type(node: Any, index: int = 0) -> FixedPoint:
    """The type of a layer's input.

    Raises:
        UnsupportedLayerError: it is none that we carry.
    """
    return read_type(input_precision(node, index), layer=node.name, what="input")


def input_precision(node: Any, index: int = 0) -> Any:
    """hls4ml's own precision of a layer's input."""
    return node.get_input_variable(node.inputs[index]).type.precision
