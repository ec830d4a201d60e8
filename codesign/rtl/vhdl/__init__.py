"""RTL projects in VHDL-2008: unrolled designs, whose logic alkaid writes, behind plain valid and ready."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files

from alkaid.codegen.rtl.vhdl.lookup import lookup_source

from codesign.graph import Graph
from codesign.resources import resource
from codesign.rtl.network import Network
from codesign.rtl.stream import Unit
from codesign.rtl.vhdl.top import templates, top_entity
from codesign.rtl.vhdl.unit import check_unrolled, logic_unit, passing_unit

_PRIMITIVES = ("binop", "multiplier", "mux", "negative", "shift_adder", "ternary_adder")


def vhdl_texts(title: str, graph: Graph, units: Mapping[str, Unit], network: Network) -> dict[str, str]:
    """The files of a design by name, each after those that it needs.

    Args:
        title: of the top module.
        graph: the design.
        units: by node name.
        network: its parts.

    Raises:
        UnsupportedLayerError: a layer's unit is none of unrolled logic.
    """
    for node in graph:
        check_unrolled(node, units[node.name])
    made = {}
    for node in graph:
        unit = units[node.name]
        made[f"{unit.module}.vhd"] = passing_unit(unit, node) if unit.traced is None else logic_unit(unit, *unit.traced)
    text = "\n".join(made.values())
    source = files("alkaid.codegen.rtl.vhdl") / "source"
    found = {
        f"{primitive}.vhd": (source / f"{primitive}.vhd").read_text()
        for primitive in _PRIMITIVES
        if re.search(rf"entity work\.{primitive}\b", text)
    }
    tables = lookup_source([stage for unit in units.values() for stage in unit.stages])
    if tables:
        found["tables.vhd"] = tables
    folder = resource("hls_templates") / "rtl"
    found.update({template: (folder / template).read_text() for template in sorted(templates(network))})
    return {**found, **made, f"{title}.vhd": top_entity(title, network)}
