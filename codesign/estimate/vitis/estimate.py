"""An estimate of the hls4ml project: its modules one by one, and what joins them."""

from __future__ import annotations

from codesign.errors import EstimateError
from codesign.estimate.conditions import Conditions
from codesign.estimate.figure import Figure
from codesign.estimate.record import Estimate, LayerEstimate
from codesign.estimate.vitis.module import module
from codesign.graph import Graph, Input
from codesign.graph.nodes.base import operation
from codesign.rtl import Family

FAMILIES = (Family.XILINX_7SERIES, Family.XILINX_ULTRASCALE_PLUS)
"""That Vitis HLS makes hardware for, and the model knows."""


def estimate_vitis(graph: Graph, conditions: Conditions) -> Estimate:
    """What Vitis HLS reports for the hls4ml project of a Graph.

    Raises:
        EstimateError: the part is none of AMD's.
        UnsupportedLayerError: there is no model of a layer.
    """
    family = conditions.target.family
    if family not in FAMILIES:
        raise EstimateError(
            f"the vitis flow makes hardware for {' and '.join(f.value for f in FAMILIES)}, part "
            f"{conditions.target.part} is {family.value}; use --flow rtl, or a board with such a part"
        )
    rows = []
    for node in graph:
        found = None if isinstance(node, Input) else module(node, graph.sources(node), conditions)
        if found is not None:
            rows.append((node, found))
    layers = tuple(
        LayerEstimate(
            name=node.name,
            operation=operation(node),
            source=node.source,
            lut=Figure.exactly(row.lut),
            ff=Figure.exactly(row.ff),
            dsp=Figure.exactly(row.dsp),
            bram=Figure.exactly(row.bram18),
            latency_cycles=Figure.exactly(row.latency),
            interval=Figure.exactly(row.interval),
        )
        for node, row in rows
    )
    return Estimate(
        graph=graph.name,
        conditions=conditions,
        lut=Figure.exactly(sum(row.lut for _, row in rows)),
        ff=Figure.exactly(sum(row.ff for _, row in rows)),
        dsp=Figure.exactly(sum(row.dsp for _, row in rows)),
        bram=Figure.exactly(sum(row.bram18 for _, row in rows)),
        latency_cycles=Figure.exactly(sum(row.latency for _, row in rows)),
        interval=Figure.exactly(max((row.interval for _, row in rows), default=1)),
        fmax_mhz=None,
        layers=layers,
    )
