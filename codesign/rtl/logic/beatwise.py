"""Nodes that treat every beat of a tensor alike, so that the logic of one beat serves for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import singledispatch
from typing import Any, TypeVar

import numpy as np

from codesign.graph import (
    Activation,
    BinaryThreshold,
    ClippedRelu,
    Concatenate,
    Dense,
    EinsumDense,
    Elu,
    Embedding,
    HardActivation,
    Input,
    IntArray,
    LayerNormalization,
    Merge,
    Node,
    Normalize,
    PRelu,
    Quantizer,
    ReadTimeStep,
    Reshape,
    Selu,
    Softmax,
    TableActivation,
    TernaryTanh,
    TernaryThreshold,
    ThresholdedRelu,
    UnaryTable,
    WriteTimeStep,
)
from codesign.rtl.stream import Layout

N = TypeVar("N", bound=Node)


@dataclass(frozen=True)
class Beat:
    """The computation of one beat.

    Attributes:
        node: as if a beat were the whole tensor; its numbers, flattened, are the lanes.
        sources: what it reads, likewise.
        inputs: the layouts in which it reads them; as many beats of each as of the result.
        output: the layout of the result.
    """

    node: Node
    sources: tuple[Node, ...]
    inputs: tuple[Layout, ...]
    output: Layout


def beat_node(node: Node, sources: Sequence[Node], layouts: Sequence[Layout]) -> Beat | None:
    """One beat's computation, where it is the same for all beats; None elsewhere.

    Beats are those that the sources come in, or else, where these cannot be had, one for each place.

    Args:
        node: the operation.
        sources: the nodes that it reads.
        layouts: in which their results come.
    """
    given = {layout.beats for layout in layouts}
    lanes = [node.size // beats for beats in given if len(given) == 1 and node.size % beats == 0]
    for each in (*lanes, node.shape[-1] if node.shape else 1):
        found = of_beat(node, sources, each)
        if found is not None:
            return _beat(node, sources, found)
    return None


def _beat(node: Node, sources: Sequence[Node], found: OneBeat) -> Beat | None:
    beats = node.size // found.node.size
    if any(port.size * beats != source.size for port, source in zip(found.sources, sources, strict=True)):
        return None
    inputs = tuple(Layout(port.size, beats) for port in found.sources)
    return Beat(found.node, found.sources, inputs, Layout(found.node.size, beats))


@dataclass(frozen=True)
class OneBeat:
    """A beat's node and what it reads."""

    node: Node
    sources: tuple[Node, ...]


def _port(source: Node, lanes: int) -> Node:
    return Input(name=source.name, inputs=(), shape=(lanes,), result=source.result)


@singledispatch
def of_beat(node: Node, sources: Sequence[Node], lanes: int) -> OneBeat | None:
    """A node as if a beat of `lanes` numbers were its whole result, and what that reads; None where beats differ."""
    return None


def _single(node: N, sources: Sequence[Node], lanes: int) -> OneBeat:
    """A beat of the same lanes read and given."""
    return OneBeat(replace(node, shape=(lanes,)), tuple(_port(source, lanes) for source in sources))


@of_beat.register(Activation)
@of_beat.register(ClippedRelu)
@of_beat.register(Elu)
@of_beat.register(HardActivation)
@of_beat.register(Selu)
@of_beat.register(TableActivation)
@of_beat.register(TernaryTanh)
@of_beat.register(ThresholdedRelu)
@of_beat.register(UnaryTable)
def _(node: Node, sources: Sequence[Node], lanes: int) -> OneBeat | None:
    return _single(node, sources, lanes)


@of_beat.register(Input)
@of_beat.register(ReadTimeStep)
@of_beat.register(Reshape)
@of_beat.register(WriteTimeStep)
def _(node: Node, sources: Sequence[Node], lanes: int) -> OneBeat | None:
    ports = tuple(_port(source, lanes) for source in sources or (node,))
    return OneBeat(Reshape(name=node.name, inputs=(ports[0].name,), shape=(lanes,), result=node.result), ports)


def _repeating(values: IntArray, lanes: int) -> IntArray | None:
    """Parameters that repeat along the flattened result, for one beat of it; None where beats need different ones."""
    if lanes % values.size == 0:
        return values
    if values.size % lanes:
        return None
    rows = values.reshape(-1, lanes)
    return rows[0] if np.array_equal(rows, np.broadcast_to(rows[0], rows.shape)) else None


def _with_parameters(node: N, sources: Sequence[Node], lanes: int, *names: str) -> OneBeat | None:
    found: dict[str, Any] = {}
    for name in names:
        values = _repeating(getattr(node, name), lanes)
        if values is None:
            return None
        found[name] = values
    return _single(replace(node, **found), sources, lanes)


@of_beat.register
def _(node: Normalize, sources: Sequence[Node], lanes: int) -> OneBeat | None:
    if node.scale.size != node.bias.size:
        return None
    return _with_parameters(node, sources, lanes, "scale", "bias")


@of_beat.register
def _(node: PRelu, sources: Sequence[Node], lanes: int) -> OneBeat | None:
    return _with_parameters(node, sources, lanes, "alpha")


@of_beat.register
def _(node: BinaryThreshold, sources: Sequence[Node], lanes: int) -> OneBeat | None:
    return _with_parameters(node, sources, lanes, "threshold")


@of_beat.register
def _(node: TernaryThreshold, sources: Sequence[Node], lanes: int) -> OneBeat | None:
    return _with_parameters(node, sources, lanes, "high", "low")


@of_beat.register
def _(node: LayerNormalization, sources: Sequence[Node], lanes: int) -> OneBeat | None:
    return None if lanes % node.scale.size else _single(node, sources, lanes)


@of_beat.register
def _(node: Quantizer, sources: Sequence[Node], lanes: int) -> OneBeat | None:
    if node.size % lanes:
        return None
    return _with_parameters(node, sources, lanes, "signed", "width", "integer")


@of_beat.register
def _(node: Softmax, sources: Sequence[Node], lanes: int) -> OneBeat | None:
    if lanes % (node.slice_length * node.n_inner):
        return None
    return _single(replace(node, n_slice=node.slice_length), sources, lanes)


@of_beat.register
def _(node: Merge, sources: Sequence[Node], lanes: int) -> OneBeat | None:
    if any(source.size != node.size for source in sources):
        return None
    return _single(node, sources, lanes)


@of_beat.register
def _(node: Concatenate, sources: Sequence[Node], lanes: int) -> OneBeat | None:
    if node.axis != len(node.shape) - 1 or lanes != node.shape[-1]:
        return None
    ports = tuple(_port(source, source.shape[-1]) for source in sources)
    return OneBeat(replace(node, shape=(lanes,), axis=0), ports)


@of_beat.register
def _(node: Embedding, sources: Sequence[Node], lanes: int) -> OneBeat | None:
    columns = node.table.shape[1]
    if columns == 0 or lanes % columns:
        return None
    rows = lanes // columns
    return OneBeat(replace(node, shape=(rows, columns)), tuple(_port(source, rows) for source in sources))


@of_beat.register
def _(node: EinsumDense, sources: Sequence[Node], lanes: int) -> OneBeat | None:
    (source,) = sources
    places, contracted, filters = node.weight.shape
    ordered = node.source_axes == tuple(range(len(source.shape)))
    kept = node.result_axes == tuple(range(len(node.interim_shape)))
    same = bool(np.all(node.bias == node.bias[:1, :1]))
    if places != 1 or lanes != filters or not (ordered and kept and same):
        return None
    dense = Dense(
        name=node.name,
        inputs=node.inputs,
        shape=(lanes,),
        result=node.result,
        weight=node.weight[0],
        weight_type=node.weight_type,
        bias=node.bias[0, 0],
        bias_type=node.bias_type,
        accumulator=node.accumulator,
        product=node.product,
        exponent_width=node.exponent_width,
        counts_agreement=node.counts_agreement,
    )
    return OneBeat(dense, (_port(source, contracted),))
