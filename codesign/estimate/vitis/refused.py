"""Layers that nothing is known of: refused by name, with what to do instead."""

from __future__ import annotations

from codesign.errors import UnsupportedLayerError
from codesign.estimate.conditions import Conditions
from codesign.estimate.vitis.module import Module, module
from codesign.graph import GarNet, GarNetReference, Node


@module.register(GarNet)
@module.register(GarNetReference)
def _refused(node: Node, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    raise UnsupportedLayerError(
        f"layer {node.name!r}: the vitis flow has no cost model of {type(node).__name__}, whose loops over vertices "
        "end where the data says, and no vendor report of one is published; use --flow rtl"
    )
