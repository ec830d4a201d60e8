"""What the RTL flow cannot build exactly, refused by the layer's name before any work is done."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from codesign.errors import ToolMissingError
from codesign.graph import Graph
from codesign.rtl.family import Family, cut_for

if TYPE_CHECKING:  # it needs alkaid
    from codesign.rtl.units import Options


def require_alkaid() -> None:
    """Refuse early where alkaid is not installed.

    Raises:
        ToolMissingError: saying how to install it.
    """
    if importlib.util.find_spec("alkaid") is None:
        raise ToolMissingError("alkaid, which makes the RTL, is not installed: pip install 'codesign[rtl]'")


_ANY = Family.XILINX_7SERIES


def check_supported(graph: Graph, options: Options | None = None) -> None:
    """Refuse a Graph that the RTL flow cannot build exactly.

    Args:
        graph: the design.
        options: that it is built for; some whose family and clock do not matter where None.

    Raises:
        UnsupportedLayerError: names the layer, what is too wide, and what to do.
        ToolMissingError: alkaid is not installed.
    """
    require_alkaid()
    from codesign.rtl.network import plan_units
    from codesign.rtl.units import Options

    plan_units(graph, options or Options(_ANY, 10.0, cut_for(_ANY, 10.0)))
