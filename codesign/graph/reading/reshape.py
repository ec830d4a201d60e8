"""Flatten and reshape."""

from __future__ import annotations

from typing import Any

from codesign.errors import UnsupportedLayerError
from codesign.graph.nodes import Activation, ActivationFunction, Node, Reshape
from codesign.graph.reading.precision import input_type
from codesign.graph.reading.registry import reads
from codesign.graph.reading.streams import pack


@reads("Reshape")
def read_reshape(node: Any, common: dict[str, Any]) -> Node:
    """The same numbers under another shape; nothing is computed."""
    return Reshape(**common)


@reads("Repack")
def read_repack(node: Any, common: dict[str, Any]) -> Node:
    """A stream cut into packs of another size, each number assigned to the result's type."""
    read, written = (pack(variable) for variable in (node.get_input_variable(), node.get_output_variable()))
    if max(read, written) % min(read, written):
        raise UnsupportedLayerError(
            f"layer {node.name!r} cuts a stream of packs of {read} numbers into packs of {written}, where hls4ml's "
            "C++ loses numbers; reshape so that one last axis divides the other, or use io_parallel"
        )
    if common["result"] != input_type(node):
        return Activation(**common, function=ActivationFunction.LINEAR)
    return Reshape(**common)
