"""Layers that read several results, or hand one on to several."""

from __future__ import annotations

from typing import Any

from codesign.errors import UnsupportedLayerError
from codesign.graph.nodes import Activation, ActivationFunction, Broadcast, Concatenate, Merge, MergeOperation, Node
from codesign.graph.reading.precision import input_type, read_type
from codesign.graph.reading.registry import Read, reads

_MAX_CONCATENATED_AXES = 3


@reads("Merge")
def read_merge(node: Any, common: dict[str, Any]) -> Node:
    """Two results, number by number."""
    operation = str(node.get_attr("op")).lower()
    try:
        return Merge(**common, operation=MergeOperation(operation))
    except ValueError:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: hls4ml's C++ has no merge {operation!r}; "
            f"use {', '.join(item.value for item in MergeOperation)}"
        ) from None


@reads("Broadcast")
def read_broadcast(node: Any, common: dict[str, Any]) -> Node:
    """What a stream is repeated by before it is merged with a longer one."""
    return Broadcast(**common)


@reads("Concatenate")
def read_concatenate(node: Any, common: dict[str, Any]) -> Node:
    """One result after the other."""
    axis, axes = int(node.get_attr("axis")), len(common["shape"])
    if axes > _MAX_CONCATENATED_AXES:
        raise UnsupportedLayerError(
            f"layer {node.name!r} concatenates results of {axes} axes, for which hls4ml has no C++; "
            f"it has some for up to {_MAX_CONCATENATED_AXES}: reshape before and after it"
        )
    # Keras counts the batch axis; the last axis comes as -1 or counted, any other number is the first axis or an error.
    return Concatenate(**common, axis=axis - 1 if axis > 0 else axis + axes)


@reads("Clone")
def read_clone(node: Any, common: dict[str, Any]) -> Read:
    """A stream that several layers read; it computes nothing, unless its copies have another type."""
    source = common["inputs"][0]
    copies = {
        read_type(node.get_output_variable(name).type.precision, layer=node.name, what="result")
        for name in node.outputs
    }
    if copies == {input_type(node)}:
        return Read((), dict.fromkeys((*node.outputs, node.name), source))
    copy = Activation(**common, function=ActivationFunction.LINEAR)
    return Read((copy,), dict.fromkeys((*node.outputs, node.name), copy.name))
