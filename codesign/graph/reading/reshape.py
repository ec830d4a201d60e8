"""Flatten and reshape."""

from __future__ import annotations

from typing import Any

from codesign.graph.nodes import Node, Reshape
from codesign.graph.reading.registry import reads


@reads("Reshape", "Repack")
def read_reshape(node: Any, common: dict[str, Any]) -> Node:
    """The same numbers under another shape."""
    return Reshape(**common)
