"""Operands under the shapes by which hls4ml's C++ of a layer reads them, where these are not their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from codesign.graph.nodes import Node, Reshape
from codesign.graph.reading.precision import input_type


def free_name(node: Any, suffix: str) -> str:
    """A name for a part of a layer that no layer has."""
    taken = {layer.name for layer in node.model.get_layers()}
    name = f"{node.name}_{suffix}"
    while name in taken:
        name += "_"
    return name


def reshaped(
    node: Any, common: Mapping[str, Any], shapes: Mapping[int, tuple[int, ...]]
) -> tuple[tuple[Node, ...], dict[str, Any]]:
    """Nodes that show operands under other shapes, and a layer's common fields with these among its inputs.

    Args:
        node: hls4ml's layer.
        common: its fields that every node has.
        shapes: by index of an operand, the shape that its layer takes it for.
    """
    views: list[Node] = []
    inputs = list(common["inputs"])
    for index, shape in shapes.items():
        own = tuple(int(axis) for axis in node.get_input_variable(node.inputs[index]).shape)
        if own != shape:
            fields = {"shape": shape, "result": input_type(node, index), "source": common["source"]}
            views.append(Reshape(name=free_name(node, f"operand{index}"), inputs=(inputs[index],), **fields))
            inputs[index] = views[-1].name
    return tuple(views), {**common, "inputs": tuple(inputs)}
