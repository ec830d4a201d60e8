"""What the RTL flow cannot build exactly, refused by the layer's name before any work is done."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from codesign.errors import ToolMissingError
from codesign.graph import Graph
from codesign.rtl.family import Family, cut_for
from codesign.rtl.manifest import Language

if TYPE_CHECKING:  # it needs alkaid
    from codesign.rtl.network import Planned
    from codesign.rtl.units import Options


def require_alkaid() -> None:
    """Refuse early where alkaid is not installed.

    Raises:
        ToolMissingError: saying how to install it.
    """
    if importlib.util.find_spec("alkaid") is None:
        raise ToolMissingError("alkaid, which makes the RTL, is not installed: pip install 'codesign[rtl]'")


_ANY = Family.XILINX_7SERIES


def check_supported(graph: Graph, options: Options | None = None, language: Language = Language.VERILOG) -> None:
    """Refuse a Graph that the RTL flow cannot build exactly.

    Args:
        graph: the design.
        options: that it is built for; some whose family and clock do not matter where None.
        language: of the sources.

    Raises:
        UnsupportedLayerError: names the layer, what is too wide, and what to do.
        ToolMissingError: alkaid is not installed.
    """
    require_alkaid()
    from codesign.rtl.network import plan_units
    from codesign.rtl.units import Options

    planned = plan_units(graph, options or Options(_ANY, 10.0, cut_for(_ANY, 10.0)))
    check_planned(planned, language)


def check_planned(planned: tuple[Planned, ...], language: Language) -> None:
    """Refuse a design that is not written in a language.

    Raises:
        UnsupportedLayerError: names the layer, and what to do.
    """
    if language is Language.VHDL:
        from codesign.rtl.vhdl.unit import check_planned as check_unit

        for item in planned:
            check_unit(item.node, item.plan.reuse)
