"""Softmax and its tables."""

from __future__ import annotations

import math
from typing import Any

from codesign.errors import UnsupportedLayerError
from codesign.graph.fixed_point import FixedPoint
from codesign.graph.nodes import Node, Softmax, SoftmaxImplementation
from codesign.graph.reading.precision import input_type, type_of
from codesign.graph.reading.registry import reads
from codesign.graph.softmax_tables import SoftmaxTypes, tables


@reads("Softmax")
def read_softmax(node: Any, common: dict[str, Any]) -> Node:
    """A softmax."""
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
    source = input_type(node)
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
        return SoftmaxTypes(*[type_of(node, "table")] * 5)
    exp = type_of(node, "exp_table")
    default_sum = node.types["inv_inp_t"].name == "model_default_t"
    if implementation is SoftmaxImplementation.LATENCY:
        norm = source
    elif "inp_norm_t" in node.types:
        norm = type_of(node, "inp_norm")
    else:
        sign = int(source.signed)
        norm = FixedPoint(False, source.width - sign, source.integer - sign)
    return SoftmaxTypes(
        exp,
        type_of(node, "inv_table"),
        norm,
        type_of(node, "accum"),
        exp if default_sum else type_of(node, "inv_inp"),
    )
