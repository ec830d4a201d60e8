"""Graphs of the designs that real vendor hardware answered for, read from their JSON and npz; the format is theirs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from codesign.graph import (
    Activation,
    ActivationFunction,
    Dense,
    FixedPoint,
    Input,
    IntArray,
    Node,
    Normalize,
    NormalizeKind,
    Overflow,
    Reshape,
    Rounding,
    Softmax,
    SoftmaxDifference,
    SoftmaxImplementation,
    TableActivation,
    frozen,
)
from codesign.graph import Graph as AnyGraph
from codesign.graph.activation_tables import TableFunction, span, table
from codesign.graph.softmax_tables import SoftmaxTypes, tables

Record = Mapping[str, Any]
Arrays = Mapping[str, np.ndarray]


class Graph(AnyGraph):
    """A Graph that is read from a design that hardware answered for."""

    @classmethod
    def from_golden(cls, json_path: Path | str) -> Graph:
        """The whole design, its softmax included."""
        path = Path(json_path)
        document, arrays = json.loads(path.read_text()), arrays_of(path)
        taken = {layer["name"] for layer in document["layers"]}
        port = next(name for name in ("x", "port", "data_in") if name not in taken)
        shape = arrays["x"].shape[1:]
        nodes: list[Node] = [Input(name=port, inputs=(), shape=shape, result=type_of(document["input"]))]
        for layer in document["layers"]:
            nodes += layer_nodes(layer, arrays, nodes[-1])
        if nodes[-1].result != type_of(document["result"]):
            nodes.append(cast_node("y" if "y" not in taken else "answer", nodes[-1], type_of(document["result"])))
        return cls("golden", tuple(nodes), (nodes[-1].name,), {"tool": str(document.get("tool", ""))})


def arrays_of(json_path: Path) -> dict[str, np.ndarray]:
    """What stands beside a design: `x`, `y`, weights, tables."""
    with np.load(json_path.with_suffix(".npz"), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def type_of(record: Record) -> FixedPoint:
    rounding, overflow = (str(record[key]).removeprefix("AP_") for key in ("rounding", "overflow"))
    return FixedPoint(record["signed"], record["width"], record["integer"], Rounding(rounding), Overflow(overflow))


def cast_node(name: str, source: Node, to: FixedPoint) -> Node:
    """A result cast into another type."""
    function = ActivationFunction.LINEAR
    return Activation(name=name, inputs=(source.name,), shape=source.shape, result=to, function=function)


def layer_nodes(layer: Record, arrays: Arrays, source: Node) -> list[Node]:
    """A layer's nodes; what enters it is cast into its input type first."""
    make = MAKERS.get(layer["op"])
    if make is None:
        raise AssertionError(f"layer {layer['name']!r}: operation {layer['op']!r} is none of {', '.join(MAKERS)}")
    nodes = []
    if type_of(layer["input"]) != source.result:
        nodes.append(cast_node(f"{layer['name']}_input", source, type_of(layer["input"])))
        source = nodes[-1]
    common = {"name": layer["name"], "inputs": (source.name,), "result": type_of(layer["result"])}
    return [*nodes, make(layer, common, arrays, source)]


def signed(words: np.ndarray, type_: FixedPoint) -> IntArray:
    """Raw bits, or integers already, as integers of a type."""
    words = np.asarray(words, dtype=np.int64)
    return frozen(np.where(words > type_.max_int, words - (1 << type_.width), words))


def _weights(layer: Record, arrays: Arrays, key: str) -> tuple[IntArray, FixedPoint]:
    return frozen(arrays[f"{layer['name']}.{key}"]), type_of(layer[key])


def _dense(layer: Record, common: dict[str, Any], arrays: Arrays, source: Node) -> Node:
    weight, weight_type = _weights(layer, arrays, "weight")
    if f"{layer['name']}.bias" in arrays:
        bias, bias_type = _weights(layer, arrays, "bias")
    else:
        bias, bias_type = frozen(np.zeros(weight.shape[1], dtype=np.int64)), weight_type
    return Dense(
        **common,
        shape=(weight.shape[1],),
        weight=weight,
        weight_type=weight_type,
        bias=bias,
        bias_type=bias_type,
        accumulator=type_of(layer["accum"]),
        reuse_factor=int(layer.get("reuse_factor", 1)),
        strategy=str(layer.get("strategy", "latency")).split("::")[-1].lower(),
    )


def _normalize(layer: Record, common: dict[str, Any], arrays: Arrays, source: Node) -> Node:
    scale, scale_type = _weights(layer, arrays, "scale")
    bias, bias_type = _weights(layer, arrays, "bias")
    return Normalize(
        **common,
        shape=source.shape,
        kind=NormalizeKind.APPLY_ALPHA,
        scale=frozen(scale.ravel()),
        scale_type=scale_type,
        bias=frozen(bias.ravel()),
        bias_type=bias_type,
    )


def _function(name: str) -> Callable[[Record, dict[str, Any], Arrays, Node], Node]:
    def make(layer: Record, common: dict[str, Any], arrays: Arrays, source: Node) -> Node:
        return Activation(**common, shape=source.shape, function=ActivationFunction(name))

    return make


def _looked_up(name: str) -> Callable[[Record, dict[str, Any], Arrays, Node], Node]:
    """A function by its table, which is computed where the answers do not hold it."""

    def make(layer: Record, common: dict[str, Any], arrays: Arrays, source: Node) -> Node:
        function, own = TableFunction(name), layer["name"]
        stated = layer.get("table") or layer.get(f"{name}_table")
        type_ = type_of(stated) if stated else FixedPoint(True, 18, 8)
        found = [arrays[key] for key in (f"{own}.table", f"{own}.{name}_table") if key in arrays]
        entries = signed(found[0], type_) if found else table(function, int(layer["table_size"]), type_)
        return TableActivation(**common, shape=source.shape, table=entries, table_type=type_, span=span(function))

    return make


def _reshape(layer: Record, common: dict[str, Any], arrays: Arrays, source: Node) -> Node:
    return Reshape(**common, shape=(source.size,))


def _softmax(layer: Record, common: dict[str, Any], arrays: Arrays, source: Node) -> Node:
    """As the older hls4ml had it: `x - max` cast into the input's type, sums in the type of the exponentials."""
    implementation = SoftmaxImplementation(layer.get("implementation") or "stable")
    common = {**common, "shape": source.shape, "implementation": implementation}
    if implementation is SoftmaxImplementation.ARGMAX:
        return Softmax(**common)
    exp, inv = type_of(layer["exp_table"]), type_of(layer["inv_table"])
    stable = implementation is SoftmaxImplementation.STABLE
    norm = source.result.with_modes(Rounding.RND, Overflow.SAT) if stable else source.result
    difference = SoftmaxDifference.X_MINUS_MAX if stable else SoftmaxDifference.MAX_MINUS_X
    size, name = int(layer["table_size"]), layer["name"]
    if f"{name}.exp_table" in arrays:
        exp_table, inv_table = signed(arrays[f"{name}.exp_table"], exp), signed(arrays[f"{name}.invert_table"], inv)
    else:
        types = SoftmaxTypes(exp, inv, norm, exp, exp)
        exp_table, inv_table = tables(implementation, source.result, types, size, size, difference=difference)
    return Softmax(
        **common,
        difference=difference,
        exp_table=exp_table,
        exp_type=exp,
        inv_table=inv_table,
        inv_type=inv,
        norm=norm,
        accumulator=exp,
        inv_input=exp,
    )


Maker = Callable[[Record, dict[str, Any], Arrays, Node], Node]
MAKERS: dict[str, Maker] = {
    "dense": _dense,
    "softmax": _softmax,
    **dict.fromkeys(
        ("normalize", "batchnorm", "batch_norm", "batch_normalization", "batchnormalization", "apply_alpha"), _normalize
    ),
    **dict.fromkeys(("relu", "quantized_relu"), _function("relu")),
    **dict.fromkeys(("linear", "cast", "quantized_bits"), _function("linear")),
    **{name: _looked_up(name) for name in ("sigmoid", "tanh", "softplus", "softsign")},
    **dict.fromkeys(("flatten", "reshape"), _reshape),
}
