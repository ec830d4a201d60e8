"""Published vendor reports of single layers and small designs, and a Graph that matches each.

The numbers are in codesign/estimate/data/hls4ml_baselines.json with where they come from. Weights are not published:
they are drawn here from the distribution that the design's initialiser has, with a fixed seed, since it matters how
many of them are zero or a power of two.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.estimate import Conditions, Flow, IoType, part_target
from codesign.graph import (
    Activation,
    ActivationFunction,
    Concatenate,
    Convolution,
    Dense,
    DepthwiseConvolution,
    Elu,
    FixedPoint,
    Graph,
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

REPORTS = Path(__file__).parents[1] / "codesign" / "estimate" / "data" / "hls4ml_baselines.json"
_SEED = 1
_TABLE_TYPE = FixedPoint(True, 18, 8, Rounding.RND, Overflow.SAT)
_ENTRIES = 1024
Record = Mapping[str, Any]
Draw = Callable[[np.random.Generator, tuple[int, ...]], npt.NDArray[np.float64]]


class Scope(str, Enum):
    """What a report is of."""

    DESIGN = "design"
    """A whole design; of several layers, it is no measure of one."""
    LAST = "last"
    """A whole design; another report tells what it takes without its last layer."""
    LAYER = "layer"
    """One module."""
    AROUND_MATRIX = "around_matrix"
    """One module without its product of windows and weights, which has a row of its own."""


@dataclass(frozen=True)
class LayerReport:
    """A report and the Graph that it is of.

    Attributes:
        name: of the report.
        tool: that wrote it.
        scope: what it is of.
        graph: the design; its last node is the layer that the report is about.
        conditions: part, clock and io_type.
        reported: `latency`, `interval`, `bram18`, `dsp`, `ff`, `lut`, as far as they are stated.
        matrix_latency: clocks of the product that was taken off, as reported; None elsewhere.
        less: name of the report of the same design without logic in its last layer, in scope `LAST`; else ''.
        older_templates: hls4ml's C++ was another one then, so the models are not fitted to it.
    """

    name: str
    tool: str
    scope: Scope
    graph: Graph
    conditions: Conditions
    reported: Mapping[str, int]
    matrix_latency: int | None
    less: str
    older_templates: bool

    @property
    def layer(self) -> Node:
        """The node that the report is about."""
        return self.graph.nodes[-1]

    @property
    def modern(self) -> bool:
        """Whether it is of Vitis HLS and today's templates, which the models are fitted to."""
        return self.tool.startswith("Vitis") and not self.older_templates


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


_BUILDERS: Mapping[str, Callable[[Record, str], tuple[Node, ...]]] = {
    "dense_activation": _dense_activation,
    "table": _table,
    "pooling": _pooling,
    "convolution": _convolution,
    "depthwise_convolution": _depthwise,
    "zero_padding": _padding,
    "concatenate": _concatenate,
    "gru": _gru,
    "layer_normalization": _layer_normalization,
}


def read(path: Path = REPORTS) -> tuple[LayerReport, ...]:
    """Every published report with its Graph."""
    return tuple(_report(record) for record in json.loads(path.read_text(encoding="utf-8"))["reports"])


def _report(record: Record) -> LayerReport:
    nodes = _BUILDERS[record["kind"]](record, record["name"])
    conditions = Conditions(
        Flow.VITIS,
        part_target(record["part"], uncalibrated=True),
        record["clock_ns"],
        io_type=IoType(record["io_type"]),
    )
    graph = Graph("design", nodes, (nodes[-1].name,))
    return LayerReport(
        record["name"],
        record["tool"],
        Scope(record["scope"]),
        graph,
        conditions,
        record["reported"],
        record.get("matrix_latency"),
        record.get("less", ""),
        record.get("older_templates", False),
    )
