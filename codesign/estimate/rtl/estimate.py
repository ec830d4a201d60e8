"""An estimate of our own RTL: latency and interval as it will have them."""

from __future__ import annotations

from codesign.errors import EstimateError
from codesign.estimate.conditions import Conditions
from codesign.estimate.figure import Figure
from codesign.estimate.record import Estimate, LayerEstimate
from codesign.graph import Graph
from codesign.graph.nodes.base import operation
from codesign.rtl import Facing
from codesign.rtl.family import cut_for
from codesign.rtl.limits import require_alkaid


def estimate_rtl(graph: Graph, conditions: Conditions) -> Estimate:
    """What the RTL of a Graph costs.

    Raises:
        UnsupportedLayerError: the RTL flow cannot build a layer.
        BoardError: one operation alone takes longer than the clock period.
        ToolMissingError: alkaid is not installed.
        EstimateError: the Graph has no node.
    """
    require_alkaid()
    from codesign.rtl.composed import compose
    from codesign.rtl.network import plan_units
    from codesign.rtl.units import Options

    family, clock_ns = conditions.target.family, conditions.clock_ns
    options = Options(family, clock_ns, cut_for(family, clock_ns), conditions.reuse, conditions.multipliers)
    planned = plan_units(graph, options)
    if not planned:
        raise EstimateError(f"graph {graph.name!r} has no node to estimate")
    made = compose(graph, planned, Facing())
    layers = tuple(
        LayerEstimate(
            name=node.name,
            operation=operation(node),
            source=node.source,
            lut=None,
            ff=None,
            dsp=None,
            bram=None,
            latency_cycles=Figure.exactly(made.units[node.name].behaviour.latency),
            interval=Figure.exactly(int(made.units[node.name].behaviour.clocks.sum())),
        )
        for node in graph
        if node.inputs
    )
    return Estimate(
        graph=graph.name,
        conditions=conditions,
        lut=None,
        ff=None,
        dsp=None,
        bram=None,
        latency_cycles=Figure.exactly(made.timing.latency),
        interval=Figure.exactly(made.timing.interval),
        fmax_mhz=None,
        layers=layers,
    )
