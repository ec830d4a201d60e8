"""Tables that follow from a node's types, made again where these have changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import singledispatch
from typing import Any, TypeVar

import numpy as np

from codesign.errors import PrecisionError
from codesign.graph import (
    Elu,
    FixedPoint,
    GarNet,
    GarNetReference,
    IntArray,
    LayerNormalization,
    Node,
    Recurrent,
    Selu,
    Softmax,
    SoftmaxImplementation,
    TableActivation,
)
from codesign.graph.activation_tables import TableFunction, span, table
from codesign.graph.gate_tables import gate_table
from codesign.graph.reading.garnet import edge_table
from codesign.graph.root_tables import inverse_roots, mean_factor
from codesign.graph.softmax_tables import internal_types, tables

N = TypeVar("N", bound=Node)
_EPSILON_POWERS = range(-2, 13)


def _foreign(node: Node, what: str) -> PrecisionError:
    return PrecisionError(
        f"layer {node.name!r}: its {what} is none that hls4ml's C++ makes of its types, so that it is not known for "
        "others; keep the types that it depends on, or convert the model again with --precision"
    )


@singledispatch
def with_tables(node: Node, old: Node, source: FixedPoint, old_source: FixedPoint) -> Node:
    """A node whose tables follow from its types, as hls4ml's C++ makes them.

    Args:
        node: with new types, and the tables of the old ones.
        old: the same node with its old types.
        source: the type of what it reads.
        old_source: what that was.

    Raises:
        PrecisionError: a table has to change, and the old one is not what hls4ml's C++ makes of the old types.
    """
    return node


def _softmax_tables(node: Softmax, source: FixedPoint, sizes: tuple[int, int]) -> tuple[IntArray, IntArray]:
    return tables(node.implementation, source, internal_types(node), *sizes, difference=node.difference)


def _sizes(node: Softmax, old: Softmax, source: FixedPoint, old_source: FixedPoint) -> tuple[int, int]:
    """Entries of both tables: hls4ml shortens them to what the bits of input and inverse tell apart."""
    sizes = old.exp_table.size, old.inv_table.size
    if node.inv_type is None or old.inv_type is None or sizes[0] != sizes[1]:
        return sizes
    bits, old_bits = min(source.width, node.inv_type.width), min(old_source.width, old.inv_type.width)
    return sizes if bits == old_bits else (min(sizes[0], 1 << bits), min(sizes[1], 1 << bits))


def _check_index(node: Node, name: str, entries: int, index: FixedPoint | None) -> None:
    if index is not None and entries > 1 << index.width:
        raise PrecisionError(
            f"layer {node.name!r}: {name} has {entries} entries, but {index}, whose top bits index it, has "
            f"{index.width} bits; state a type of at least {entries.bit_length() - 1}"
        )


@with_tables.register
def _softmax(node: Softmax, old: Softmax, source: FixedPoint, old_source: FixedPoint) -> Node:
    if node.implementation is SoftmaxImplementation.ARGMAX:
        return node
    latency = node.implementation is SoftmaxImplementation.LATENCY
    if latency and old.norm == old_source:  # not used: its exponentials are of what it reads
        node = replace(node, norm=source)
    index, old_index = (source, old_source) if latency else (node.norm, old.norm)
    if node.implementation is SoftmaxImplementation.LEGACY:
        return node
    old_sizes, sizes = (old.exp_table.size, old.inv_table.size), _sizes(node, old, source, old_source)
    changed = {
        "exp_table": (node.exp_type, index, sizes[0]) != (old.exp_type, old_index, old_sizes[0]),
        "inv_table": (node.inv_type, node.inv_input, sizes[1]) != (old.inv_type, old.inv_input, old_sizes[1]),
    }
    if not any(changed.values()):
        return node
    _check_index(node, "exp_table", sizes[0], index)
    _check_index(node, "inv_table", sizes[1], node.inv_input)
    made: dict[str, Any] = {}
    before, after = _softmax_tables(old, old_source, old_sizes), _softmax_tables(node, source, sizes)
    for name, was, now in zip(changed, before, after, strict=True):
        if not changed[name]:
            continue
        if not np.array_equal(was, getattr(old, name)):
            raise _foreign(node, name)
        made[name] = now
    return replace(node, **made)


def _with(node: N, **changed: Any) -> N:
    return replace(node, **changed)


def _only(node: Node, what: str, found: Sequence[IntArray]) -> IntArray:
    """The one table that all candidates agree on; in a coarse type, several functions may have had the old one."""
    if not found or any(not np.array_equal(found[0], other) for other in found[1:]):
        raise _foreign(node, what)
    return found[0]


def _looked_up(node: N, old: Node, legal: tuple[TableFunction, ...]) -> N:
    was: FixedPoint = old.table_type  # type: ignore[attr-defined]
    now: FixedPoint = node.table_type  # type: ignore[attr-defined]
    values: IntArray = old.table  # type: ignore[attr-defined]
    if was == now:
        return node
    found = [
        table(function, values.size, now)
        for function in legal
        if any(np.array_equal(values, table(function, values.size, was, ap_int=ap_int)) for ap_int in (False, True))
    ]
    return _with(node, table=_only(node, "table", found))


@with_tables.register
def _activation(node: TableActivation, old: TableActivation, source: FixedPoint, old_source: FixedPoint) -> Node:
    symmetric = (TableFunction.SIGMOID, TableFunction.TANH, TableFunction.SOFTPLUS, TableFunction.SOFTSIGN)
    return _looked_up(node, old, tuple(function for function in symmetric if span(function) == node.span))


@with_tables.register
def _elu(node: Elu, old: Elu, source: FixedPoint, old_source: FixedPoint) -> Node:
    return _looked_up(node, old, (TableFunction.ELU,))


@with_tables.register
def _selu(node: Selu, old: Selu, source: FixedPoint, old_source: FixedPoint) -> Node:
    return _looked_up(node, old, (TableFunction.SELU,))


@with_tables.register
def _recurrent(node: Recurrent, old: Recurrent, source: FixedPoint, old_source: FixedPoint) -> Node:
    if node.table_type == old.table_type or node.table_type is None or old.table_type is None:
        return node
    made: dict[str, Any] = {}
    for name, function in (("table", node.activation), ("recurrent_table", node.recurrent_activation)):
        was: IntArray = getattr(old, name)
        known = (gate_table(function, was.size, old.table_type, ap_int=ap_int) for ap_int in (False, True))
        if not any(np.array_equal(was, values) for values in known):
            raise _foreign(node, name)
        made[name] = gate_table(function, was.size, node.table_type)
    return replace(node, **made)


@with_tables.register
def _layer_normalization(
    node: LayerNormalization, old: LayerNormalization, source: FixedPoint, old_source: FixedPoint
) -> Node:
    if node.accumulator != old.accumulator:
        length = node.scale.size
        if (old.factor, old.factor_type) != (mean_factor(length, old.accumulator), old.accumulator):
            raise _foreign(node, "factor of means")
        node = replace(node, factor=mean_factor(length, node.accumulator), factor_type=node.accumulator)
    if node.table_type == old.table_type:
        return node
    entries, reach = old.table.size, old.range_power
    found = [
        inverse_roots(power, reach, entries, node.table_type)
        for power in _EPSILON_POWERS
        if np.array_equal(old.table, inverse_roots(power, reach, entries, old.table_type))
    ]
    return replace(node, table=_only(node, "table", found))


def _edges(node: N, old: Node) -> N:
    was: FixedPoint = old.table_type  # type: ignore[attr-defined]
    now: FixedPoint = node.table_type  # type: ignore[attr-defined]
    if was == now:
        return node
    if not np.array_equal(old.table, edge_table(was)):  # type: ignore[attr-defined]
        raise _foreign(node, "table of edges' weights")
    return _with(node, table=edge_table(now))


@with_tables.register
def _garnet(node: GarNet, old: GarNet, source: FixedPoint, old_source: FixedPoint) -> Node:
    return _edges(node, old)


@with_tables.register
def _garnet_reference(node: GarNetReference, old: GarNetReference, source: FixedPoint, old_source: FixedPoint) -> Node:
    return _edges(node, old)
