"""Which types a node has, by hls4ml's own names for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from codesign.graph import (
    Activation,
    BinaryThreshold,
    Broadcast,
    ClippedRelu,
    Concatenate,
    Convolution,
    Cropping,
    Dense,
    DepthwiseConvolution,
    Dot,
    Einsum,
    EinsumDense,
    Elu,
    Embedding,
    FixedPoint,
    GarNet,
    GarNetReference,
    Gru,
    HardActivation,
    Input,
    LayerNormalization,
    Lstm,
    Merge,
    Node,
    Normalize,
    Pooling,
    PRelu,
    Quantizer,
    ReadTimeStep,
    Reshape,
    Resize,
    Selu,
    Softmax,
    SoftmaxImplementation,
    TableActivation,
    TernaryTanh,
    TernaryThreshold,
    ThresholdedRelu,
    Transpose,
    UnaryTable,
    WriteTimeStep,
    ZeroPadding,
)
from codesign.graph.nodes import OPERATIONS


class Kind(Enum):
    """What a type is of."""

    WEIGHT = "weight"
    BIAS = "bias"
    PARAMETER = "parameter"
    """Other numbers that the model gives: scales, slopes, looked up values."""
    TABLE = "table"
    """Numbers that follow from the type, by a function."""
    SUM = "sum"
    """What is computed inside the node."""
    RESULT = "result"


@dataclass(frozen=True)
class Slot:
    """One type of a node.

    Attributes:
        key: hls4ml's name of it, without the `_t`.
        kind: what it is of.
        field: of the node, that holds the type.
        array: of the node, whose integers have that type and stand for numbers that the model gives; None elsewhere.
    """

    key: str
    kind: Kind
    field: str
    array: str | None = None


def _given(kind: Kind, key: str, array: str | None = None) -> Slot:
    return Slot(key, kind, f"{array or key}_type", array or key)


_RESULT = Slot("result", Kind.RESULT, "result")
_ACCUM = Slot("accum", Kind.SUM, "accumulator")
_TABLE = Slot("table", Kind.TABLE, "table_type")
_WEIGHTED = (_given(Kind.WEIGHT, "weight"), _given(Kind.BIAS, "bias"), _ACCUM, _RESULT)
_SCALED = (_given(Kind.PARAMETER, "scale"), _given(Kind.PARAMETER, "bias"))
_RECURRENT = (
    _given(Kind.WEIGHT, "weight"),
    _given(Kind.BIAS, "bias"),
    _given(Kind.WEIGHT, "recurrent_weight"),
    _given(Kind.BIAS, "recurrent_bias"),
    _ACCUM,
    _TABLE,
    _RESULT,
)
_GARNET = (
    _given(Kind.WEIGHT, "input_transform_weights", "input_weight"),
    _given(Kind.BIAS, "input_transform_biases", "input_bias"),
    _given(Kind.WEIGHT, "aggregator_distance_weights", "distance_weight"),
    _given(Kind.BIAS, "aggregator_distance_biases", "distance_bias"),
    _given(Kind.BIAS, "output_transform_biases", "output_bias"),
    Slot("edge_weight", Kind.TABLE, "table_type"),
    Slot("aggr", Kind.SUM, "accumulator"),
    _RESULT,
)

SLOTS: Mapping[type[Node], tuple[Slot, ...]] = {
    **dict.fromkeys((Dense, Convolution, DepthwiseConvolution, EinsumDense), _WEIGHTED),
    **dict.fromkeys((Lstm, Gru), _RECURRENT),
    **dict.fromkeys((Input, Activation, ClippedRelu, Merge, Broadcast, Concatenate, Quantizer), (_RESULT,)),
    **dict.fromkeys((Transpose, ZeroPadding, Cropping), (_RESULT,)),
    **dict.fromkeys((BinaryThreshold, TernaryThreshold, TernaryTanh), (_RESULT,)),
    **dict.fromkeys((Reshape, Resize, ReadTimeStep, WriteTimeStep), ()),
    **dict.fromkeys((Dot, Einsum, Pooling), (_ACCUM, _RESULT)),
    Normalize: (*_SCALED, _RESULT),
    LayerNormalization: (*_SCALED, _ACCUM, _TABLE, _RESULT),
    Embedding: (_given(Kind.WEIGHT, "embeddings", "table"), _RESULT),
    PRelu: (_given(Kind.PARAMETER, "param", "alpha"), _RESULT),
    ThresholdedRelu: (_given(Kind.PARAMETER, "param", "theta"), _RESULT),
    Elu: (_given(Kind.PARAMETER, "param", "alpha"), _TABLE, _RESULT),
    Selu: (_TABLE, _RESULT),
    TableActivation: (_TABLE, _RESULT),
    UnaryTable: (_given(Kind.PARAMETER, "table"), _RESULT),
    HardActivation: (_given(Kind.PARAMETER, "slope"), _given(Kind.PARAMETER, "shift"), _RESULT),
    Softmax: (
        Slot("exp_table", Kind.TABLE, "exp_type"),
        Slot("inv_table", Kind.TABLE, "inv_type"),
        Slot("inp_norm", Kind.SUM, "norm"),
        _ACCUM,
        Slot("inv_inp", Kind.SUM, "inv_input"),
        _RESULT,
    ),
    GarNet: (
        *_GARNET,
        Slot("edge_weight_aggr", Kind.SUM, "weight_accumulator"),
        Slot("norm", Kind.SUM, "norm_type"),
    ),
    GarNetReference: (_given(Kind.WEIGHT, "output_transform_weights", "output_weight"), *_GARNET),
}
"""The types of every operation that may be chosen; one without any has the type of what it reads."""

if set(SLOTS) != set(OPERATIONS.values()):
    raise ImportError(f"types are not known of {set(OPERATIONS.values()) ^ set(SLOTS)}")


# What hls4ml's C++ takes no type for, though the node has one.
_UNUSED: Mapping[SoftmaxImplementation, frozenset[str]] = {
    SoftmaxImplementation.STABLE: frozenset(),
    SoftmaxImplementation.LATENCY: frozenset({"inp_norm"}),
    SoftmaxImplementation.LEGACY: frozenset({"exp_table", "inv_table", "inp_norm", "accum", "inv_inp"}),
    SoftmaxImplementation.ARGMAX: frozenset(),
}


def _fixed(node: Node) -> frozenset[str]:
    """Keys of types that nobody chooses for this node."""
    if isinstance(node, Softmax):
        return _UNUSED[node.implementation]
    # The sums of distributed arithmetic are as wide as they have to be.
    return frozenset({"accum"}) if getattr(node, "strategy", "") == "distributed_arithmetic" else frozenset()


def slots(node: Node) -> tuple[Slot, ...]:
    """The types that may be chosen for a node."""
    fixed = _fixed(node)
    return tuple(slot for slot in SLOTS[type(node)] if slot.key not in fixed and getattr(node, slot.field) is not None)


def types_of(node: Node) -> dict[str, FixedPoint]:
    """The types that may be chosen for a node, by hls4ml's names without the `_t`."""
    return {slot.key: getattr(node, slot.field) for slot in slots(node)}
