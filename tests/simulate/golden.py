"""Graphs of the designs that real vendor hardware answered for, read from their JSON and npz."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from codesign.graph import (
    Activation,
    ActivationFunction,
    Dense,
    FixedPoint,
    Graph,
    Input,
    Node,
    Normalize,
    NormalizeKind,
    Overflow,
    Rounding,

)
Arrays = Mapping[str, np.ndarray]
from codesign.graph import Graph as AnyGraph
from codesign.graph.activation_tables import TableFunction, span, table
from codesign.graph.softmax_tables import SoftmaxTypes, tables
    frozen,
Record = Mapping[str, Any]
    Softmax,
    SoftmaxDifference,
    SoftmaxImplementation,
    TableActivation,


def type_of(record: dict[str, Any]) -> FixedPoint:
    return FixedPoint(
        record["signed"],
        record["width"],
        record["integer"],
        Rounding(record["rounding"]),
        Overflow(record["overflow"]),
    )


def from_golden(path: Path) -> tuple[Graph, dict[str, Any], dict[str, np.ndarray]]:
    """(Graph up to the softmax, the softmax's record or {}, the arrays) of one design."""
    document = json.loads(path.read_text())
    with np.load(path.with_suffix(".npz"), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    nodes: list[Node] = [Input(name="x", inputs=(), shape=(arrays["x"].shape[1],), result=type_of(document["input"]))]
    softmax: dict[str, Any] = {}
    for layer in document["layers"]:
        source = nodes[-1]
        if not type_of(layer["input"]).same_grid(source.result):
            raise AssertionError(f"{path}: {layer['name']} casts its input, which no Graph node does")
        if layer["op"] == "softmax":
            softmax = layer
            continue
        common = {"name": layer["name"], "inputs": (source.name,), "result": type_of(layer["result"])}
        name = layer["name"]
        if layer["op"] == "dense":
            nodes.append(
                Dense(
                    **common,
                    shape=(layer["n_out"],),
                    weight=frozen(arrays[f"{name}.weight"]),
                    weight_type=type_of(layer["weight"]),
                    bias=frozen(arrays[f"{name}.bias"]),
                    bias_type=type_of(layer["bias"]),
                    accumulator=type_of(layer["accum"]),
                    reuse_factor=layer["reuse_factor"],
                )
            )
        elif layer["op"] == "normalize":
            nodes.append(
                Normalize(
                    **common,
                    shape=source.shape,
                    kind=NormalizeKind.APPLY_ALPHA,
                    scale=frozen(arrays[f"{name}.scale"]),
                    scale_type=type_of(layer["scale"]),
                    bias=frozen(arrays[f"{name}.bias"]),
                    bias_type=type_of(layer["bias"]),
                )
            )
        elif layer["op"] == "relu":
            nodes.append(Activation(**common, shape=source.shape, function=ActivationFunction.RELU))
        else:
            raise AssertionError(f"{path}: operation {layer['op']!r} is new")
    return Graph("golden", tuple(nodes), (nodes[-1].name,)), softmax, arrays


def old_softmax(layer: dict[str, Any], arrays: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """The softmax of the hls4ml that made these designs: `x` and the answer are integers.

    It differs from today's: the argument is `x - max`, cast by RND and SAT into the input's own type.
    """
    from codesign.graph.cast import cast
    from codesign.simulate.kernels.softmax import top_bits

    source = type_of(layer["input"])
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
    argument = source.with_modes(Rounding.RND, Overflow.SAT)
    distance = cast(x - x.max(axis=1, keepdims=True), source.fraction, argument)
    exp_table, inv_table = arrays[f"{layer['name']}.exp_table"], arrays[f"{layer['name']}.invert_table"]
    exponentials = signed(exp_table[top_bits(distance, source, layer["table_size"])], exp)
    total = cast(exponentials.sum(axis=1), exp.fraction, exp)
    inverse = signed(inv_table[top_bits(total, exp, layer["table_size"])], inv)
    return cast(exponentials * inverse[:, None], exp.fraction + inv.fraction, type_of(layer["result"]))


        ("normalize", "batchnorm", "batch_norm", "batch_normalization", "batchnormalization", "apply_alpha"), _normalize
    ),
    **dict.fromkeys(
    **dict.fromkeys(("flatten", "reshape"), _reshape),
    **dict.fromkeys(("linear", "cast", "quantized_bits"), _function("linear")),
    **dict.fromkeys(("relu", "quantized_relu"), _function("relu")),
    **{name: _looked_up(name) for name in ("sigmoid", "tanh", "softplus", "softsign")},
def signed(words: np.ndarray, type_: FixedPoint) -> np.ndarray:
    "dense": _dense,
Maker = Callable[[Record, dict[str, Any], Arrays, Node], Node]
MAKERS: dict[str, Maker] = {
    return np.where(words > type_.max_int, words - (1 << type_.width), words)
    "softmax": _softmax,
    """Unsigned raw bits as integers of a type."""
}
