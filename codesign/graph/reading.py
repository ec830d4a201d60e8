"""Reading an hls4ml ModelGraph into a Graph, after hls4ml's own optimizer flows have run."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from codesign.errors import GraphError, UnsupportedLayerError
from codesign.graph.convert import from_float
from codesign.graph.fixed_point import FixedPoint, Overflow, Rounding
from codesign.graph.graph import Graph
from codesign.graph.nodes import (
    Activation,
    ActivationFunction,
    Dense,
    Input,
    IntArray,
    Node,
    Normalize,
    NormalizeKind,
    Reshape,
    Softmax,
    SoftmaxImplementation,
    frozen,
)
from codesign.graph.softmax_tables import SoftmaxTypes, tables

G = TypeVar("G", bound=Graph)

_FIXED = ("FixedPrecisionType", "IntegerPrecisionType")
BINARY = FixedPoint(True, 2, 2)


def _class_names(obj: object) -> set[str]:
    return {cls.__name__ for cls in type(obj).__mro__}


def read_type(precision: Any, *, layer: str, what: str) -> FixedPoint:
    """An hls4ml precision as a FixedPoint.

    Raises:
        UnsupportedLayerError: it is none (binary, exponent, floating point, unresolved), naming the layer.
    """
    if not _class_names(precision) & set(_FIXED):
        raise UnsupportedLayerError(
            f"layer {layer!r}: {what} has type {precision} ({type(precision).__name__}); "
            "only fixed-point and integer types are supported here: state one in --precision"
        )
    rounding = str(getattr(precision, "rounding_mode", None) or "TRN").split(".")[-1].removeprefix("AP_")
    if "IntegerPrecisionType" in _class_names(precision):
        rounding = "TRN_ZERO"  # whatever hls4ml says: ap_int takes from ap_fixed as C does (to_ap_int_base)
    overflow = str(getattr(precision, "saturation_mode", None) or "WRAP").split(".")[-1].removeprefix("AP_")
    return FixedPoint(
        bool(precision.signed),
        int(precision.width),
        int(precision.integer),
        Rounding(rounding),
        Overflow(overflow),
        int(getattr(precision, "saturation_bits", 0) or 0),
    )


def _written_floats(variable: Any) -> npt.NDArray[np.float64]:
    """A weight's numbers as hls4ml prints them into C++: its own decimal text, read back."""
    values = np.array([float(text) for text in variable], dtype=np.float64)
    return np.reshape(values, np.shape(variable.data))


def read_weight(node: Any, key: str) -> tuple[IntArray, FixedPoint]:
    """A weight's integers and type; binary weights (0 for minus one) come out as -1 and 1.

    Raises:
        UnsupportedLayerError: its type is none that we carry.
    """
    variable = node.weights[key]
    precision = variable.type.precision
    values = _written_floats(variable)
    if "XnorPrecisionType" in _class_names(precision):
        return frozen(np.where(values > 0, 1, -1)), BINARY
    type_ = read_type(precision, layer=node.name, what=key)
    integers = frozen(from_float(values, type_))
    if "IntegerPrecisionType" in _class_names(precision) and type_.signed and type_.width == 2 and -2 in integers:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: {key} holds -2 in {precision}, which hls4ml's ternary product takes for 1; "
            "state fixed<2,2> for it"
        )
    return integers, type_


def _types(node: Any) -> Mapping[str, Any]:
    return {key: value.precision for key, value in node.types.items()}


def _type_of(node: Any, key: str) -> FixedPoint:
    found = _types(node).get(f"{key}_t")
    if found is None:
        raise GraphError(f"layer {node.name!r} has no type {key!r}; it has {', '.join(_types(node))}")
    return read_type(found, layer=node.name, what=key)


def _common(node: Any, sources: Mapping[str, str]) -> dict[str, Any]:
    variable = node.get_output_variable()
    inputs = () if _is_input(node) else tuple(node.get_input_node(name).name for name in node.inputs)
    return {
        "name": node.name,
        "inputs": inputs,
        "shape": tuple(int(axis) for axis in variable.shape),
        "result": read_type(variable.type.precision, layer=node.name, what="result"),
        "source": sources.get(node.name, ""),
    }


def _is_input(node: Any) -> bool:
    return node.class_name in ("Input", "InputLayer")


def _read_input(node: Any, common: dict[str, Any]) -> Node:
    return Input(**common)


def _read_dense(node: Any, common: dict[str, Any]) -> Node:
    weight, weight_type = read_weight(node, "weight")
    bias, bias_type = read_weight(node, "bias")
    source = read_type(node.get_input_variable().type.precision, layer=node.name, what="input")
    if source.width == 1 and source.integer == 1 and not source.signed and weight_type == BINARY:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: binary inputs with binary weights (xnor) are not carried; "
            "use ternary or quantized_bits activations before it"
        )
    strategy = str(node.get_attr("strategy") or "latency").lower()
    if strategy not in ("latency", "resource"):
        raise UnsupportedLayerError(f"layer {node.name!r} has strategy {strategy!r}; choose latency or resource")
    n_in, n_out = int(node.get_attr("n_in")), int(node.get_attr("n_out"))
    if weight.size != n_in * n_out:
        raise GraphError(f"layer {node.name!r}: {weight.size} weights for {n_in} x {n_out}")
    if node.get_attr("_weights_transposed", False):
        weight = frozen(weight.reshape(n_out, n_in).T)
    return Dense(
        **common,
        weight=weight,
        weight_type=weight_type,
        bias=bias,
        bias_type=bias_type,
        accumulator=_type_of(node, "accum"),
        reuse_factor=int(node.get_attr("reuse_factor") or 1),
        strategy=strategy,
    )


def _normalize(kind: NormalizeKind) -> Callable[[Any, dict[str, Any]], Node]:
    def read(node: Any, common: dict[str, Any]) -> Node:
        scale, scale_type = read_weight(node, "scale")
        bias, bias_type = read_weight(node, "bias")
        size = math.prod(common["shape"])
        channels = int(node.get_attr("n_filt") or -1)
        count = size if channels in (-1, 0) else channels
        return Normalize(
            **common,
            kind=kind,
            scale=frozen(np.broadcast_to(scale.ravel(), (count,))),
            scale_type=scale_type,
            bias=frozen(np.broadcast_to(bias.ravel(), (count,))),
            bias_type=bias_type,
        )

    return read


def _read_activation(node: Any, common: dict[str, Any]) -> Node:
    name = str(node.get_attr("activation")).lower()
    try:
        function = ActivationFunction(name)
    except ValueError:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: activation {name!r} is not supported; "
            f"use {' or '.join(item.value for item in ActivationFunction)} (also quantized_relu, quantized_bits)"
        ) from None
    return Activation(**common, function=function)


def _read_reshape(node: Any, common: dict[str, Any]) -> Node:
    return Reshape(**common)


def _read_softmax(node: Any, common: dict[str, Any]) -> Node:
    implementation = SoftmaxImplementation(str(node.get_attr("implementation") or "stable").lower())
    if int(node.get_attr("n_inner") or 1) != 1:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: softmax over an axis that is not the last; permute the model so that it is"
        )
    size, outer = math.prod(common["shape"]), int(node.get_attr("n_outer") or 1)
    if size // outer != common["shape"][-1]:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: hls4ml takes this softmax over all {size} values, "
            f"not over the last axis of {common['shape']}; flatten before it"
        )
    if implementation is SoftmaxImplementation.ARGMAX:
        return Softmax(**common, implementation=implementation)
    source = read_type(node.get_input_variable().type.precision, layer=node.name, what="input")
    types = _softmax_types(node, implementation, source)
    entries = int(node.get_attr("table_size"))
    exp_size = int(node.get_attr("exp_table_size") or entries)
    inv_size = int(node.get_attr("inv_table_size") or entries)
    if implementation is SoftmaxImplementation.STABLE and "inp_norm_t" not in node.types and source.signed:
        exp_size = min(inv_size, 1 << types.norm.width)  # as the config template shrinks it
    exp_table, inv_table = tables(implementation, source, types, exp_size, inv_size)
    return Softmax(
        **common,
        implementation=implementation,
        exp_table=exp_table,
        exp_type=types.exp,
        inv_table=inv_table,
        inv_type=types.inv,
        norm=types.norm,
        accumulator=types.accumulator,
        inv_input=types.inv_input,
    )


def _softmax_types(node: Any, implementation: SoftmaxImplementation, source: FixedPoint) -> SoftmaxTypes:
    """The internal types, as hls4ml's config template picks them."""
    if implementation is SoftmaxImplementation.LEGACY:
        return SoftmaxTypes(*[_type_of(node, "table")] * 5)
    exp = _type_of(node, "exp_table")
    default_sum = node.types["inv_inp_t"].name == "model_default_t"
    if implementation is SoftmaxImplementation.LATENCY:
        norm = source
    elif "inp_norm_t" in node.types:
        norm = _type_of(node, "inp_norm")
    else:
        sign = int(source.signed)
        norm = FixedPoint(False, source.width - sign, source.integer - sign)
    return SoftmaxTypes(
        exp,
        _type_of(node, "inv_table"),
        norm,
        _type_of(node, "accum"),
        exp if default_sum else _type_of(node, "inv_inp"),
    )


_READERS: Mapping[str, Callable[[Any, dict[str, Any]], Node]] = {
    "Input": _read_input,
    "InputLayer": _read_input,
    "Dense": _read_dense,
    "BatchNormalization": _normalize(NormalizeKind.BATCH_NORMALIZATION),
    "ApplyAlpha": _normalize(NormalizeKind.APPLY_ALPHA),
    "Activation": _read_activation,
    "Reshape": _read_reshape,
    "Repack": _read_reshape,
    "Softmax": _read_softmax,
}


def check_layers(model_graph: Any) -> None:
    """Refuse a ModelGraph that holds layers we do not carry, all of them in one message.

    Raises:
        UnsupportedLayerError: naming each layer and its class.
    """
    refused = [
        f"{node.name!r} ({node.class_name})" for node in model_graph.get_layers() if node.class_name not in _READERS
    ]
    if refused:
        raise UnsupportedLayerError(
            f"unsupported layers: {', '.join(refused)}; supported are Input, Dense, BatchNormalization, "
            "linear and relu activations (with their QKeras forms), Flatten, Reshape and Softmax: "
            "replace these layers or leave them outside the converted model"
        )


def read_model_graph(
    model_graph: Any,
    *,
    name: str = "design",
    sources: Mapping[str, str] | None = None,
    origin: Mapping[str, str] | None = None,
    cls: type[G] = Graph,  # type: ignore[assignment]
) -> G:
    """The Graph of an hls4ml ModelGraph.

    Args:
        model_graph: an `hls4ml.model.graph.ModelGraph` on which its backend's flows have run.
        name: of the design.
        sources: for hls4ml's layer names, the layers of the user's model.
        origin: facts to keep with the Graph.
        cls: the class to build.

    Raises:
        UnsupportedLayerError: a layer, option or type is not carried.
        GraphError: the ModelGraph contradicts itself.
    """
    check_layers(model_graph)
    by_output: dict[str, str] = {}
    nodes = []
    for node in model_graph.get_layers():
        nodes.append(_READERS[node.class_name](node, _common(node, sources or {})))
        by_output.update(dict.fromkeys(node.outputs, node.name))
        if _is_input(node):
            by_output[node.name] = node.name
    outputs = tuple(by_output[output] for output in model_graph.outputs)
    return cls(name, tuple(nodes), outputs, origin or {})
