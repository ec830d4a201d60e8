"""Which function reads which of hls4ml's layer classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from codesign.graph.nodes import Node


@dataclass(frozen=True)
class Read:
    """What became of an hls4ml layer that is not exactly one node with one result.

    Attributes:
        nodes: in order; none where the layer only hands on what it reads.
        outputs: for each of the layer's output variables, the node whose result it is.
    """

    nodes: tuple[Node, ...]
    outputs: Mapping[str, str]


# From an hls4ml layer and the fields that every node has (`name`, `inputs`, `shape`, `result`, `source`) to our node.
Reader = Callable[[Any, dict[str, Any]], Node | Read]

READERS: dict[str, Reader] = {}


def reads(*class_names: str) -> Callable[[Reader], Reader]:
    """Register a reader for hls4ml layers of these class names.

    Raises:
        ValueError: at import, where a class has a reader already.
    """

    def add(reader: Reader) -> Reader:
        for name in class_names:
            if name in READERS:
                raise ValueError(f"hls4ml's {name} has two readers")
            READERS[name] = reader
        return reader

    return add
