"""An estimate of the hls4ml project: its modules one by one, and what joins them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from codesign.errors import EstimateError, UnsupportedLayerError
from codesign.estimate.conditions import Conditions
from codesign.estimate.figure import Figure
from codesign.estimate.record import Estimate, LayerEstimate
from codesign.estimate.vitis import layers as _layers  # noqa: F401  (they register as they are imported)
from codesign.estimate.vitis.calibration import calibration
from codesign.estimate.vitis.dataflow import feeding, is_dataflow, joined_processes, process_module
from codesign.estimate.vitis.families import FAMILY_OF, basis, figure
from codesign.estimate.vitis.folding import Folded, folded
from codesign.estimate.vitis.implemented import implemented
from codesign.estimate.vitis.module import Module, module
from codesign.estimate.vitis.streams import streams
from codesign.estimate.vitis.top import joined
from codesign.graph import Graph, Input, Node
from codesign.graph.nodes.base import operation
from codesign.rtl import Family

FAMILIES = (Family.XILINX_7SERIES, Family.XILINX_ULTRASCALE_PLUS)
"""That Vitis HLS makes hardware for, and the model knows."""

FITTED_FAMILY = Family.XILINX_7SERIES
"""Of all designs that the model of dense layers was fitted to."""
OTHERS_FITTED_FAMILY = Family.XILINX_ULTRASCALE_PLUS
"""Of all reports that the models of other layers were fitted to."""

_ELSEWHERE = 2.0
"""Intervals for other families are wider by this; no error was measured there."""
_FEW_MODELS = 2.0
"""Intervals are wider than the errors on models left out by this, for there are two models only."""
_RULES = {"dsp": 0.05, "bram18": 0.2, "latency": 0.1, "module_latency": 0.1, "interval": 0.05}
"""Relative errors that figures which follow from rules are given at least: the rules were found on the same designs, so
that those say nothing of what they do on others. Assumed."""
_FIGURES_OF_MODULE = {
    "lut": "lut",
    "ff": "ff",
    "dsp": "dsp",
    "bram": "bram18",
    "latency_cycles": "latency",
    "interval": "interval",
}
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
    if is_dataflow(graph, conditions):
        outside, whole = joined_processes(graph, rows, conditions)
    else:
        outside, whole = joined(nodes, rows, graph.outputs)
    widths = _widths(conditions)
    layers = tuple(_layer(item, rows[item.node.name], widths) for item in nodes if item.node.name in rows)
    rest = LayerEstimate(
        name="top",
        operation="top",
        source="",
        lut=_figure("lut", outside.lut, widths.dense),
        ff=_figure("ff", outside.ff, widths.dense),
        dsp=Figure.exactly(0),
        bram=_figure("bram18", outside.bram18, widths.dense),
        latency_cycles=None,
        interval=None,
    )
    kinds = {type(item.node) for item in nodes if item.node.name in rows}
    families = sorted({FAMILY_OF[kind] for kind in kinds if kind in FAMILY_OF})
    totals = _mixed(whole, (*layers, rest)) if families else _dense_only(whole, widths.dense)
    return Estimate(
        graph=graph.name,
        conditions=conditions,
        lut=totals["lut"],
        ff=totals["ff"],
        dsp=totals["dsp"],
        bram=totals["bram"],
        latency_cycles=totals["latency_cycles"],
        interval=totals["interval"],
        fmax_mhz=None,
        layers=layers,
        rest=rest,
        lut_implemented=implemented(totals["lut"]),
        basis=(*_basis(widths.dense), *(basis(family) for family in families)),
    )


def modules(graph: Graph, conditions: Conditions) -> tuple[tuple[Folded, ...], dict[str, Module]]:
    """The nodes of a design as they are built, and the modules of those that have one, by name."""
    nodes, rows = folded(graph), {}
    for item in nodes:
        if item.built is None or isinstance(item.node, Input):
            continue
        require_fixed(item.node, item.sources)
        if streams(conditions):
            found = process_module(item.node, feeding(graph, item.node, conditions), conditions)
        else:
            found = module(item.built, item.sources, conditions)
        if found is not None:
            rows[item.node.name] = _repeated(found, graph.runs(item.node))
    return nodes, rows


def require_fixed(node: Node, sources: tuple[Node, ...]) -> None:
    """Refuse floating-point numbers, whose operators Vitis HLS makes of other parts.

    Raises:
        UnsupportedLayerError: naming the layer.
    """
    for what, type_ in (("gives", node.result), *(("reads", source.result) for source in sources)):
        if type_.significant is not None:
            raise UnsupportedLayerError(
                f"layer {node.name!r} {what} {type_}: the vitis flow has no cost model of floating-point numbers; give "
                "it a fixed-point type"
            )


def _repeated(row: Module, runs: int) -> Module:
    """A module that computes several times for one sample, as those inside a loop over time steps."""
    return row if runs == 1 else replace(row, latency=row.latency * runs, interval=row.interval * runs)


@dataclass(frozen=True)
class _Widths:
    """By how much intervals are wider where no error was measured.

    Attributes:
        dense: of dense layers and what goes with them, measured on one family of parts.
        others: of all others, measured on another one.
    """

    dense: float
    others: float


def _widths(conditions: Conditions) -> _Widths:
    family, calibrated = conditions.target.family, conditions.target.calibrated
    return _Widths(
        1.0 if family is FITTED_FAMILY and calibrated else _ELSEWHERE,
        1.0 if family is OTHERS_FITTED_FAMILY and calibrated else _ELSEWHERE,
    )


def _dense_only(whole: Module, width: float) -> dict[str, Figure]:
    """The totals of a design whose errors as a whole were measured."""
    return {
        "lut": _figure("lut", whole.lut, width),
        "ff": _figure("ff", whole.ff, width),
        "dsp": _figure("dsp", whole.dsp, width),
        "bram": _figure("bram18", whole.bram18, width),
        "latency_cycles": _figure("latency", whole.latency, width),
        "interval": _interval(whole, width),
    }


def _mixed(whole: Module, parts: tuple[LayerEstimate, ...]) -> dict[str, Figure]:
    """The totals of a design whose errors were measured layer by layer: resources as if all were wrong the same way,
    clocks as wrong as those of the worst layer."""
    values = {"lut": whole.lut, "ff": whole.ff, "dsp": whole.dsp, "bram": whole.bram18}
    found = {}
    for name, value in values.items():
        figures = [figure for part in parts if (figure := getattr(part, name)) is not None]
        low, high = sum(figure.low for figure in figures), sum(figure.high for figure in figures)
        found[name] = Figure(value, min(low, value), max(high, value))
    for name, value in (("latency_cycles", whole.latency), ("interval", whole.interval)):
        figures = [figure for part in parts if (figure := getattr(part, name)) is not None and figure.value]
        error = max((figure.high / figure.value - 1 for figure in figures), default=0.0)
        found[name] = Figure(value, value / (1 + error), value * (1 + error))
    return found


def _figure(name: str, value: float, width: float) -> Figure:
    """An estimate with its interval: of the errors on designs that were left out, all but the largest tenth."""
    below, above = _span(name, width)
    value = round(value) if name in _WHOLE else value
    return Figure(value, value * below, value * above)


@lru_cache(maxsize=64)
def _span(name: str, width: float) -> tuple[float, float]:
    """The lowest and the highest truth, as parts of the estimate."""
    error = width * max(_FEW_MODELS * calibration().within[name], _RULES.get(name, 0.0))
    return 1 / (1 + error), 1 / (1 - min(error, 0.9))


def _interval(row: Module, width: float) -> Figure:
    return Figure.exactly(row.interval) if row.interval <= _SMALL_REUSE else _figure("interval", row.interval, width)


def _layer(item: Folded, row: Module, widths: _Widths) -> LayerEstimate:
    family = FAMILY_OF.get(type(item.node))
    if family is None:
        width = widths.dense
        figures = {
            "lut": _figure("module_lut", row.lut, width),
            "ff": _figure("module_ff", row.ff, width),
            "dsp": _figure("dsp", row.dsp, width),
            "bram": _figure("bram18", row.bram18, width),
            "latency_cycles": _figure("module_latency", row.latency, width),
            "interval": _interval(row, width),
        }
    else:
        figures = {
            name: figure(family, of, getattr(row, of), width=widths.others) for name, of in _FIGURES_OF_MODULE.items()
        }
    return LayerEstimate(item.node.name, operation(item.node), item.node.source, **figures)


@lru_cache(maxsize=4)
def _basis(width: float) -> tuple[str, ...]:
    found = calibration()
    errors = ", ".join(
        f"{name} {100 * found.median(figure):.0f} % (nine in ten below {100 * found.within[figure]:.0f} %)"
        for name, figure in (("LUT", "lut"), ("FF", "ff"), ("DSP", "dsp"), ("BRAM", "bram18"), ("latency", "latency"))
    )
    lines = [
        f"dense layers and what goes with them: fitted to {found.designs}",
        f"median error on the models left out of the fit: {errors}",
        "C synthesis overstates LUTs: place and route leaves fewer, see LUTs implemented",
    ]
    if width > 1.0:
        lines.append(
            "nothing was fitted to dense layers on this family of parts: intervals are "
            f"{width:g} times as wide, and a guess"
        )
    return tuple(lines)
