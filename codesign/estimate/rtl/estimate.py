"""An estimate of our own RTL: latency and interval as it will have them, cells by the calibrated model."""

from __future__ import annotations

from codesign.errors import EstimateError
from codesign.estimate.conditions import Conditions
from codesign.estimate.figure import Figure
from codesign.estimate.record import Estimate, LayerEstimate
from codesign.graph import Graph, Node
from codesign.rtl import Facing
from codesign.rtl.family import cut_for
from codesign.rtl.limits import require_alkaid


def estimate_rtl(graph: Graph, conditions: Conditions) -> Estimate:
    """What the RTL of a Graph costs; where quick estimates are asked for, as `codesign.estimate.rtl.quick` has them.

    Raises:
        UnsupportedLayerError: the RTL flow cannot build a layer.
        BoardError: one operation alone takes longer than the clock period.
        ToolMissingError: alkaid is not installed.
        EstimateError: the Graph has no node, or the calibration is damaged.
    """
    require_alkaid()
    if conditions.quick:
        from codesign.estimate.rtl.quick import estimate_quick

        return estimate_quick(graph, conditions)
    from codesign.estimate.rtl.count import count
    from codesign.estimate.rtl.fmax import fmax, fmax_basis
    from codesign.estimate.rtl.layer import joints_estimate, layer_estimate
    from codesign.estimate.rtl.model import costs, model
    from codesign.estimate.rtl.pieces import Pieces
    from codesign.estimate.rtl.units import cached_unit
    from codesign.rtl.composed import compose
    from codesign.rtl.network import plan_units
    from codesign.rtl.units import Options

    target, clock_ns = conditions.target, conditions.clock_ns
    family = target.family
    options = Options(family, clock_ns, cut_for(family, clock_ns), conditions.reuse, conditions.multipliers)
    planned = plan_units(graph, options)
    if not planned:
        raise EstimateError(f"graph {graph.name!r} has no node to estimate")
    made = compose(graph, planned, Facing(), build=cached_unit)
    counted = count(graph, made, family)

    def layer(node: Node) -> LayerEstimate:
        found = costs(counted.units.get(node.name, Pieces()), family, layer=True, calibrated=target.calibrated)
        behaviour = made.units[node.name].behaviour
        return layer_estimate(node, found, behaviour, Figure.exactly(behaviour.latency))

    whole = costs(counted.total, family, calibrated=target.calibrated)
    rest = costs(counted.joints, family, layer=True, calibrated=target.calibrated)
    return Estimate(
        graph=graph.name,
        conditions=conditions,
        lut=whole.lut,
        ff=whole.ff,
        dsp=whole.dsp,
        bram=whole.bram,
        latency_cycles=Figure.exactly(made.timing.latency),
        interval=Figure.exactly(made.timing.interval),
        fmax_mhz=fmax(made, options) if target.calibrated else None,
        layers=tuple(layer(node) for node in graph),
        rest=joints_estimate(rest),
        basis=(*model(family).basis, fmax_basis(family)),
    )
