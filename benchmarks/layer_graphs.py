"""Graphs that match published reports of layers and small designs, as each record states them.

Weights are not published: they are drawn here from the distribution that the design's initialiser has, with a fixed
seed, since it matters how many of them are zero or a power of two.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.estimate import IoType
from codesign.graph import (
    Activation,
    ActivationFunction,
    Concatenate,
    Convolution,
    Dense,
    DepthwiseConvolution,
    Elu,
    FixedPoint,
    Gru,
    Input,
    IntArray,
    LayerNormalization,
    Node,
    Overflow,
    Pooling,
    PoolingArithmetic,
    PoolingKind,
    PRelu,
    Reshape,
    Rounding,
    TableActivation,
    ZeroPadding,
    frozen,
)
from codesign.graph.activation_tables import TableFunction, span, table
from codesign.graph.gate_tables import gate_table
from codesign.graph.nodes import GateFunction

_SEED = 1
_TABLE_TYPE = FixedPoint(True, 18, 8, Rounding.RND, Overflow.SAT)
_ENTRIES = 1024
Record = Mapping[str, Any]
Draw = Callable[[np.random.Generator, tuple[int, ...]], npt.NDArray[np.float64]]


def _fans(shape: tuple[int, ...]) -> tuple[int, int]:
    receptive = math.prod(shape[:-2])
    return shape[-2] * receptive, shape[-1] * receptive


def _lecun_uniform(random: np.random.Generator, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    limit = math.sqrt(3 / _fans(shape)[0])
    return random.uniform(-limit, limit, shape)


def _glorot_uniform(random: np.random.Generator, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    limit = math.sqrt(6 / sum(_fans(shape)))
    return random.uniform(-limit, limit, shape)


_INITIALIZERS: Mapping[str, Draw] = {
    "lecun_uniform": _lecun_uniform,
    "glorot_uniform": _glorot_uniform,
    "normal_0.05": lambda random, shape: random.normal(0.0, 0.05, shape),
    "uniform_1_10": lambda random, shape: random.uniform(1.0, 10.0, shape),
}


def _weights(record: Record, shape: tuple[int, ...], type_: FixedPoint, name: str) -> IntArray:
    random = np.random.default_rng([_SEED, *name.encode()])
    drawn = _INITIALIZERS[record["initializer"]](random, shape)
    return frozen(np.clip(np.floor(drawn * 2.0**type_.fraction), type_.min_int, type_.max_int).astype(np.int64))


def _input(shape: tuple[int, ...], type_: FixedPoint) -> Input:
    return Input(name="x", inputs=(), shape=shape, result=type_)


def _activation(function: str, source: Node) -> Node:
    common: dict[str, Any] = {"name": "act", "inputs": (source.name,), "shape": source.shape, "result": source.result}
    type_ = source.result
    if function == "relu":
        return Activation(**common, function=ActivationFunction.RELU)
    if function in ("prelu", "leaky_relu"):
        slope = 0 if function == "prelu" else 1 << type_.fraction
        return PRelu(**common, alpha=frozen([slope]), alpha_type=type_)
    if function == "elu":
        entries = table(TableFunction.ELU, _ENTRIES, _TABLE_TYPE)
        return Elu(
            **common, table=entries, table_type=_TABLE_TYPE, alpha=frozen([1 << type_.fraction]), alpha_type=type_
        )
    kind = TableFunction(function)
    return TableActivation(
        **common, table=table(kind, _ENTRIES, _TABLE_TYPE), table_type=_TABLE_TYPE, span=int(span(kind))
    )


def _dense_activation(record: Record, name: str) -> tuple[Node, ...]:
    type_ = FixedPoint.parse(record["type"])
    source, units = _input((1,), type_), int(record["units"])
    dense = Dense(
        name="dense",
        inputs=("x",),
        shape=(units,),
        result=type_,
        weight=_weights(record, (1, units), type_, name),
        weight_type=type_,
        bias=frozen(np.zeros(units, dtype=np.int64)),
        bias_type=type_,
        accumulator=type_,
    )
    return source, dense, _activation(record["activation"], dense)


def _table(record: Record, name: str) -> tuple[Node, ...]:
    source = _input(tuple(record["shape"]), FixedPoint.parse(record["type"]))
    return source, _activation(record["activation"], source)


def _pooling(record: Record, name: str) -> tuple[Node, ...]:
    type_, shape = FixedPoint.parse(record["type"]), tuple(record["shape"])
    result = FixedPoint.parse(record.get("result", record["type"]))
    axes = len(shape) - 1
    lengths = np.array(shape[:-1])
    same = record["padding"] == "same"
    counts = -(-lengths // 2) if same else lengths // 2
    after = tuple((counts * 2 - lengths).tolist()) if same else (0,) * axes
    stream = record["io_type"] == IoType.STREAM.value
    pooling = Pooling(
        name="pool",
        inputs=("x",),
        shape=(*counts.tolist(), shape[-1]),
        result=result,
        kind=PoolingKind(record["pooling"]),
        arithmetic=PoolingArithmetic.STREAM if stream else PoolingArithmetic.PARALLEL,
        window=(2,) * axes,
        stride=(2,) * axes,
        before=(0,) * axes,
        after=after,
        count_padding=False,
        accumulator=type_.with_modes(Rounding.TRN, Overflow.WRAP),
    )
    return _input(shape, type_), pooling


def _windows(record: Record, name: str) -> tuple[Node, dict[str, Any]]:
    """A convolution's source, and what both kinds of convolutions share."""
    type_, shape = FixedPoint.parse(record["type"]), tuple(record["shape"])
    accumulator = FixedPoint.parse(record["accumulator"])
    kernel, strides = tuple(record["kernel"]), tuple(record["strides"])
    depthwise = record["kind"] == "depthwise_convolution"
    filters = shape[-1] if depthwise else int(record["filters"])
    # Keras draws a depthwise kernel as (*kernel, channels, 1).
    weights = _weights(record, (*kernel, shape[-1], 1 if depthwise else filters), type_, name)
    lengths = (np.array(shape[:-1]) - kernel) // strides + 1
    return _input(shape, type_), {
        "name": "conv",
        "inputs": ("x",),
        "shape": (*lengths.tolist(), filters),
        "result": accumulator,
        "weight": frozen(weights[..., 0] if depthwise else weights),
        "weight_type": type_,
        "bias": frozen(np.zeros(filters, dtype=np.int64)),
        "bias_type": type_,
        "accumulator": accumulator,
        "strides": strides,
        "padding_before": (0,) * len(kernel),
        "padding_after": (0,) * len(kernel),
        "strategy": record["strategy"],
    }


def _convolution(record: Record, name: str) -> tuple[Node, ...]:
    source, fields = _windows(record, name)
    return source, Convolution(**fields)


def _depthwise(record: Record, name: str) -> tuple[Node, ...]:
    source, fields = _windows(record, name)
    return source, DepthwiseConvolution(**fields)


def _padding(record: Record, name: str) -> tuple[Node, ...]:
    source = _input(tuple(record["shape"]), FixedPoint.parse(record["type"]))
    before, after = (*record["before"], 0), (*record["after"], 0)
    shape = tuple(np.add(np.add(source.shape, before), after).tolist())
    return source, ZeroPadding(name="pad", inputs=("x",), shape=shape, result=source.result, before=before, after=after)


def _concatenate(record: Record, name: str) -> tuple[Node, ...]:
    """Streams that are put side by side; the first comes in pieces, so it is a flattened tensor."""
    type_ = FixedPoint.parse(record["type"])
    pieces = record["pieces"]
    sizes = [math.prod(shape) for shape in record["shapes"]]
    sources = tuple(
        Input(name=f"x{index}", inputs=(), shape=(count, size // count), result=type_)
        for index, (size, count) in enumerate(zip(sizes, pieces, strict=True))
    )
    flat = tuple(_flattened(f"flat{index}", source) for index, source in enumerate(sources))
    return (
        *sources,
        *flat,
        Concatenate(name="concat", inputs=tuple(node.name for node in flat), shape=(sum(sizes),), result=type_, axis=0),
    )


def _flattened(name: str, source: Node) -> Node:
    return Reshape(name=name, inputs=(source.name,), shape=(source.size,), result=source.result)


def _gru(record: Record, name: str) -> tuple[Node, ...]:
    type_, steps, inputs, units = (
        FixedPoint.parse(record["type"]),
        int(record["steps"]),
        int(record["inputs"]),
        int(record["units"]),
    )
    zeros = frozen(np.zeros(3 * units, dtype=np.int64))
    return _input((steps, inputs), type_), Gru(
        name="gru",
        inputs=("x",),
        shape=(units,),
        result=type_,
        weight=_weights(record, (inputs, 3 * units), type_, name),
        weight_type=type_,
        bias=zeros,
        bias_type=type_,
        recurrent_weight=_weights(record, (units, 3 * units), type_, name + "_recurrent"),
        recurrent_weight_type=type_,
        recurrent_bias=zeros,
        recurrent_bias_type=type_,
        accumulator=type_,
        activation=GateFunction.TANH,
        recurrent_activation=GateFunction.SIGMOID,
        table=gate_table(GateFunction.TANH, _ENTRIES, _TABLE_TYPE),
        recurrent_table=gate_table(GateFunction.SIGMOID, _ENTRIES, _TABLE_TYPE),
        table_type=_TABLE_TYPE,
        strategy=record["strategy"],
    )


def _small_cnn(record: Record, name: str) -> tuple[Node, ...]:
    """A convolution, pooling and two dense layers, each but the last with a rectifier."""
    type_ = FixedPoint.parse(record["type"])
    windows = {**record, "kind": "convolution", "shape": [8, 8, 1], "kernel": [3, 3], "strides": [1, 1], "filters": 4}
    source, fields = _windows({**windows, "accumulator": record["type"], "strategy": "latency"}, name)
    fields["result"] = FixedPoint.parse("fixed<37,17>")
    conv = Convolution(**fields)

    def relu(layer: Node, relu_name: str) -> Node:
        return Activation(
            name=relu_name,
            inputs=(layer.name,),
            shape=layer.shape,
            result=type_,
            function=ActivationFunction.RELU,
        )

    def dense(read_from: Node, dense_name: str, n_out: int, result: str) -> Node:
        return Dense(
            name=dense_name,
            inputs=(read_from.name,),
            shape=(n_out,),
            result=FixedPoint.parse(result),
            weight=_weights(record, (read_from.size, n_out), type_, name + dense_name),
            weight_type=type_,
            bias=frozen([0] * n_out),
            bias_type=type_,
            accumulator=type_,
        )

    first = relu(conv, "relu1")
    pool = Pooling(
        name="pool",
        inputs=("relu1",),
        shape=(3, 3, 4),
        result=type_,
        kind=PoolingKind.MAX,
        arithmetic=PoolingArithmetic.STREAM,
        window=(2, 2),
        stride=(2, 2),
        before=(0, 0),
        after=(0, 0),
        count_padding=False,
        accumulator=type_,
    )
    flat = _flattened("flat", pool)
    middle = dense(flat, "fc1", 8, "fixed<39,19>")
    second = relu(middle, "relu2")
    return source, conv, first, pool, flat, middle, second, dense(second, "out", 2, "fixed<36,16>")


def _layer_normalization(record: Record, name: str) -> tuple[Node, ...]:
    type_, accumulator = FixedPoint.parse(record["type"]), FixedPoint.parse(record["accumulator"])
    shape, entries = tuple(record["shape"]), int(record["table_size"])
    n = shape[-1]
    roots = 1 / np.sqrt(float(record["epsilon"]) + np.arange(entries) / entries)
    most = (1 << int(record["table_bits"])) - 1 if "table_bits" in record else type_.max_int  # as far as it is stated
    return _input(shape, type_), LayerNormalization(
        name="norm",
        inputs=("x",),
        shape=shape,
        result=FixedPoint.parse(record["result"]),
        scale=frozen([1 << type_.fraction] * n),
        scale_type=type_,
        bias=frozen([0] * n),
        bias_type=type_,
        accumulator=accumulator,
        factor=round(2.0**accumulator.fraction / n),
        factor_type=accumulator,
        table=frozen(np.minimum(np.floor(roots * 2.0**type_.fraction), most).astype(np.int64)),
        table_type=type_,
    )


BUILDERS: Mapping[str, Callable[[Record, str], tuple[Node, ...]]] = {
    "dense_activation": _dense_activation,
    "table": _table,
    "pooling": _pooling,
    "convolution": _convolution,
    "depthwise_convolution": _depthwise,
    "zero_padding": _padding,
    "concatenate": _concatenate,
    "gru": _gru,
    "small_cnn": _small_cnn,
    "layer_normalization": _layer_normalization,
}
"""By a record's kind, the nodes of its design; of their own weights by the record's name."""
