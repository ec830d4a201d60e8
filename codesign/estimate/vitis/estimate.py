"""An estimate of the hls4ml project: its modules one by one, and what joins them."""

from __future__ import annotations

from functools import lru_cache

from codesign.errors import EstimateError
from codesign.estimate.conditions import Conditions
from codesign.estimate.figure import Figure
from codesign.estimate.record import Estimate, LayerEstimate
from codesign.estimate.vitis import activation, dense, normalize, softmax  # noqa: F401 (they register their layers)
from codesign.estimate.vitis.calibration import calibration
from codesign.estimate.vitis.folding import Folded, folded
from codesign.estimate.vitis.implemented import implemented
from codesign.estimate.vitis.module import Module, module
from codesign.estimate.vitis.top import joined
from codesign.graph import Graph, Input
from codesign.graph.nodes.base import operation
from codesign.rtl import Family

FAMILIES = (Family.XILINX_7SERIES, Family.XILINX_ULTRASCALE_PLUS)
"""That Vitis HLS makes hardware for, and the model knows."""

FITTED_FAMILY = Family.XILINX_7SERIES
"""Of all designs that the model was fitted to."""

_ELSEWHERE = 2.0
"""Intervals for other families are wider by this; no error was measured there."""
_FEW_MODELS = 1.5
"""Intervals are wider than the errors on models left out by this, for there are two models only."""
_RULES = {"dsp": 0.05, "bram18": 0.2, "latency": 0.1, "module_latency": 0.1, "interval": 0.05}
"""Relative errors that figures which follow from rules are given at least: the rules were found on the same designs, so
that those say nothing of what they do on others. Assumed."""
_WHOLE = ("dsp", "bram18", "latency", "module_latency", "interval")
_SMALL_REUSE = 2
"""Up to here the interval is the reuse factor, without error."""


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
    nodes, rows = modules(graph, conditions)
    outside, whole = joined(nodes, rows, graph.outputs)
    width = 1.0 if family is FITTED_FAMILY and conditions.target.calibrated else _ELSEWHERE
    lut = _figure("lut", whole.lut, width)
    return Estimate(
        graph=graph.name,
        conditions=conditions,
        lut=lut,
        ff=_figure("ff", whole.ff, width),
        dsp=_figure("dsp", whole.dsp, width),
        bram=_figure("bram18", whole.bram18, width),
        latency_cycles=_figure("latency", whole.latency, width),
        interval=_interval(whole, width),
        fmax_mhz=None,
        layers=tuple(_layer(item, rows[item.node.name], width) for item in nodes if item.node.name in rows),
        rest=LayerEstimate(
            name="top",
            operation="top",
            source="",
            lut=_figure("lut", outside.lut, width),
            ff=_figure("ff", outside.ff, width),
            dsp=Figure.exactly(0),
            bram=Figure.exactly(0),
            latency_cycles=None,
            interval=None,
        ),
        lut_implemented=implemented(lut),
        basis=_basis(width),
    )


def modules(graph: Graph, conditions: Conditions) -> tuple[tuple[Folded, ...], dict[str, Module]]:
    """The nodes of a design as they are built, and the modules of those that have one, by name."""
    nodes, rows = folded(graph), {}
    for item in nodes:
        if item.built is not None and not isinstance(item.node, Input):
            found = module(item.built, item.sources, conditions)
            if found is not None:
                rows[item.node.name] = found
    return nodes, rows


def _figure(name: str, value: float, width: float) -> Figure:
    """An estimate with its interval: of the errors on designs that were left out, all but the largest tenth."""
    error = width * max(_FEW_MODELS * calibration().within[name], _RULES.get(name, 0.0))
    value = round(value) if name in _WHOLE else value
    return Figure(value, value / (1 + error), value / (1 - min(error, 0.9)))


def _interval(row: Module, width: float) -> Figure:
    return Figure.exactly(row.interval) if row.interval <= _SMALL_REUSE else _figure("interval", row.interval, width)


def _layer(item: Folded, row: Module, width: float) -> LayerEstimate:
    return LayerEstimate(
        name=item.node.name,
        operation=operation(item.node),
        source=item.node.source,
        lut=_figure("module_lut", row.lut, width),
        ff=_figure("module_ff", row.ff, width),
        dsp=_figure("dsp", row.dsp, width),
        bram=_figure("bram18", row.bram18, width),
        latency_cycles=_figure("module_latency", row.latency, width),
        interval=_interval(row, width),
    )


@lru_cache(maxsize=4)
def _basis(width: float) -> tuple[str, ...]:
    found = calibration()
    errors = ", ".join(
        f"{name} {100 * found.median(figure):.0f} % (nine in ten below {100 * found.within[figure]:.0f} %)"
        for name, figure in (("LUT", "lut"), ("FF", "ff"), ("DSP", "dsp"), ("BRAM", "bram18"), ("latency", "latency"))
    )
    lines = [
        f"fitted to {found.designs}",
        f"median error on the models left out of the fit: {errors}",
        "C synthesis overstates LUTs: place and route leaves fewer, see LUTs implemented",
    ]
    if width > 1.0:
        lines.append(f"no report of this family at hand: its intervals are {width:g} times as wide, and a guess")
    return tuple(lines)
