"""Element-wise functions."""

from __future__ import annotations

from typing import Any

from codesign.errors import UnsupportedLayerError
from codesign.graph.nodes import Activation, ActivationFunction, Node
from codesign.graph.reading.registry import reads


@reads("Activation")
def read_activation(node: Any, common: dict[str, Any]) -> Node:
    """An element-wise function."""
    name = str(node.get_attr("activation")).lower()
    try:
        function = ActivationFunction(name)
    except ValueError:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: activation {name!r} is not supported; "
            f"use {' or '.join(item.value for item in ActivationFunction)} (also quantized_relu, quantized_bits)"
        ) from None
    return Activation(**common, function=function)
