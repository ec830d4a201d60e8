"""A layer's part of an estimate, of its cells and of what its unit does in time."""

from __future__ import annotations

from codesign.estimate.figure import Figure
from codesign.estimate.record import LayerEstimate
from codesign.estimate.rtl.model import Costs
from codesign.graph import Node
from codesign.graph.nodes.base import operation
from codesign.rtl.stream import Behaviour


def layer_estimate(node: Node, found: Costs, behaviour: Behaviour, latency: Figure) -> LayerEstimate:
    """The layer of a node.

    Args:
        node: the operation.
        found: its cells.
        behaviour: of its unit.
        latency: clocks of its unit.
    """
    return LayerEstimate(
        name=node.name,
        operation=operation(node),
        source=node.source,
        lut=found.lut,
        ff=found.ff,
        dsp=found.dsp,
        bram=found.bram,
        latency_cycles=latency,
        interval=Figure.exactly(int(behaviour.clocks.sum())),
    )


def joints_estimate(found: Costs) -> LayerEstimate:
    """What stands between the layers."""
    return LayerEstimate("joints", "", "", found.lut, found.ff, found.dsp, found.bram, None, None)
