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

# The config of a softmax in C++ leaves these two of `activ_config` as they are, whatever the layer says.
_LEGACY_TYPE = FixedPoint(True, 18, 8)
_LEGACY_STREAM_ENTRIES = 1024


@reads("Softmax")
def read_softmax(node: Any, common: dict[str, Any]) -> Node:
    """A softmax."""
    implementation = SoftmaxImplementation(str(node.get_attr("implementation") or "stable").lower())
    common = {**common, **slices(node, common["shape"]), "implementation": implementation}
    if implementation is SoftmaxImplementation.ARGMAX:
        return Softmax(**common)
    source = input_type(node)
    types = _softmax_types(node, implementation, source)
    exp_size, inv_size = _table_sizes(node, implementation, source, types)
    scale = float(node.get_attr("exp_scale", 1.0))
    exp_table, inv_table = tables(implementation, source, types, exp_size, inv_size, scale=scale)
    return Softmax(
        **common,
        exp_table=exp_table,
        exp_type=types.exp,
        inv_table=inv_table,
        inv_type=types.inv,
        norm=types.norm,
        accumulator=types.accumulator,
        inv_input=types.inv_input,
    )


def _streams(node: Any) -> bool:
    return str(node.model.config.get_config_value("IOType")) == "io_stream"


def slices(node: Any, shape: tuple[int, ...]) -> dict[str, int]:
    """Which numbers a slice has: as the layer says, but always the last axis where numbers are streamed.

    Raises:
        UnsupportedLayerError: hls4ml's C++ streams the last axis alone.
    """
    size, outer, inner = math.prod(shape), int(node.get_attr("n_outer", 1)), int(node.get_attr("n_inner", 1))
    if not _streams(node):
        return {"n_slice": size // inner // outer, "n_inner": inner}
    axis = int(node.get_attr("axis", -1))
    if axis != -1:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: softmax over axis {axis} in io_stream, which hls4ml's C++ stops at (assert axis == "
            "-1); write axis=-1, permute the model so that it is the last, or use io_parallel"
        )
    return {"n_slice": shape[-1], "n_inner": 1}


def _table_sizes(
    node: Any, implementation: SoftmaxImplementation, source: FixedPoint, types: SoftmaxTypes
) -> tuple[int, int]:
    """Entries of the exponential and the inverse table, as hls4ml's config template picks them.

    Raises:
        UnsupportedLayerError: the C++ would read outside a table, or outside a word.
    """
    if implementation is SoftmaxImplementation.LEGACY and _streams(node):
        return _LEGACY_STREAM_ENTRIES, _LEGACY_STREAM_ENTRIES
    entries = int(node.get_attr("table_size"))
    exp_size = int(node.get_attr("exp_table_size") or entries)
    inv_size = int(node.get_attr("inv_table_size") or entries)
    if implementation is SoftmaxImplementation.LEGACY:
        return exp_size, inv_size
    if implementation is SoftmaxImplementation.STABLE and "inp_norm_t" not in node.types and source.signed:
        exp_size = min(inv_size, 1 << types.norm.width)
    index = types.norm if implementation is SoftmaxImplementation.STABLE else source
    for name, size, type_ in (("exponential", exp_size, index), ("inverse", inv_size, types.inv_input)):
        if size < 2 or size & (size - 1) or size > 1 << type_.width:
            raise UnsupportedLayerError(
                f"layer {node.name!r}: a table of {size} entries for the {name}, indexed by the top bits of {type_}: "
                f"hls4ml's C++ reads outside it unless it has a power of two of entries, from 2 to {1 << type_.width}; "
                "state such a table_size"
            )
    return exp_size, inv_size


def _softmax_types(node: Any, implementation: SoftmaxImplementation, source: FixedPoint) -> SoftmaxTypes:
    """The internal types, as hls4ml's config template picks them.

    Raises:
        UnsupportedLayerError: the C++ would need a type without bits.
    """
    if implementation is SoftmaxImplementation.LEGACY:
        return SoftmaxTypes(*[_LEGACY_TYPE] * 5)
    exp = type_of(node, "exp_table")
    default_sum = node.types["inv_inp_t"].name == "model_default_t"
    if implementation is SoftmaxImplementation.LATENCY:
        norm = source
    elif "inp_norm_t" in node.types:
        norm = type_of(node, "inp_norm")
    else:
        sign = int(source.signed)
        if source.width == sign:
            raise UnsupportedLayerError(
                f"layer {node.name!r}: softmax of {source}, for which hls4ml writes an ap_ufixed of no bits; "
                "state a wider type for what it reads"
            )
        norm = FixedPoint(False, source.width - sign, source.integer - sign)
    return SoftmaxTypes(
        exp,
        type_of(node, "inv_table"),
        norm,
        type_of(node, "accum"),
        exp if default_sum else type_of(node, "inv_inp"),
    )
