"""TimeDistributed, which hls4ml writes as two layers: one before and one after the layers that it wraps."""

from __future__ import annotations

from typing import Any

from codesign.errors import UnsupportedLayerError
from codesign.graph.nodes import Node, ReadTimeStep, WriteTimeStep
from codesign.graph.reading.precision import class_names, input_type
from codesign.graph.reading.registry import reads

_FEWEST_AXES, _MOST_AXES = 2, 4  # read_time_step_2d to read_time_step_4d


@reads("TimeDistributed")
def read_time_distributed(node: Any, common: dict[str, Any]) -> Node:
    """The beginning or the end of a loop over time steps."""
    if node.model.config.get_config_value("IOType") == "io_stream":
        raise UnsupportedLayerError(
            f"layer {node.name!r}: hls4ml's C++ for TimeDistributed takes arrays only and would not compile with "
            "io_stream; use io_parallel"
        )
    begins = node.get_attr("wrapped_layer").name == f"{node.name}_end"
    axes = len(common["shape"]) + int(begins)
    if not _FEWEST_AXES <= axes <= _MOST_AXES:
        raise UnsupportedLayerError(
            f"layer {node.name!r} goes through time steps of {axes - 1} axes; hls4ml's C++ has 1 to {_MOST_AXES - 1}"
        )
    source = node.get_input_variable().type.precision
    result = node.get_output_variable().type.precision
    if input_type(node) != common["result"] or _integer(source) != _integer(result):
        raise UnsupportedLayerError(
            f"layer {node.name!r} reads {source} and gives {result}; hls4ml's C++ for TimeDistributed compiles only "
            "where both have the very same type: state it for both in --precision"
        )
    if begins:
        return ReadTimeStep(**common, n_time_steps=int(node.get_input_variable().shape[0]))
    return WriteTimeStep(**common)


def _integer(precision: Any) -> bool:
    return "IntegerPrecisionType" in class_names(precision)
