"""What the RTL flow cannot build exactly, refused by the layer's name before any work is done."""

from __future__ import annotations

import importlib.util

from codesign.errors import ToolMissingError
from codesign.graph import Graph


def require_alkaid() -> None:
    """Refuse early where alkaid is not installed.

    Raises:
        ToolMissingError: saying how to install it.
    """
    if importlib.util.find_spec("alkaid") is None:
        raise ToolMissingError("alkaid, which makes the RTL, is not installed: pip install 'codesign[rtl]'")


def check_supported(graph: Graph) -> None:
    """Refuse a Graph that the RTL flow cannot build exactly.

    Raises:
        UnsupportedLayerError: names the layer, what is too wide, and what to do.
        ToolMissingError: alkaid is not installed.
    """
    require_alkaid()
    from codesign.rtl.logic import check_logic_exists

    for node in graph:
        check_logic_exists(node, [source.result for source in graph.sources(node) or (node,)])
