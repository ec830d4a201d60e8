"""Inputs."""

from __future__ import annotations

from typing import Any

from codesign.graph.nodes import Input, Node
from codesign.graph.reading.registry import reads


@reads("Input", "InputLayer")
def read_input(node: Any, common: dict[str, Any]) -> Node:
    """An input."""
    return Input(**common)
