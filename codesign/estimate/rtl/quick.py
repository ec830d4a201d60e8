"""Quick estimates of our own RTL: dense layers and convolutions are predicted from their weights, not traced.

What joins the units and what they do in time is found as for any other estimate; only the units differ.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from codesign.errors import EstimateError
from codesign.estimate.conditions import Conditions
from codesign.estimate.figure import Figure
from codesign.estimate.record import Estimate, LayerEstimate
from codesign.estimate.rtl.count import joint_pieces
from codesign.estimate.rtl.layer import joints_estimate, layer_estimate
from codesign.estimate.rtl.model import Costs, Price, costs, model
from codesign.estimate.rtl.pieces import Pieces
from codesign.estimate.rtl.quick_model import Error, quick_model
from codesign.estimate.rtl.quick_problem import Reader, reader_of
from codesign.estimate.rtl.quick_units import How, Quick, quick_unit
from codesign.estimate.rtl.spans import Span
from codesign.estimate.rtl.spans import whole as all_bits
from codesign.graph import Graph, Input, Node
from codesign.rtl import Facing, Family
from codesign.rtl.composed import compose
from codesign.rtl.family import cut_for
from codesign.rtl.names import module_name
from codesign.rtl.network import Planned
from codesign.rtl.stream import by_place, whole
from codesign.rtl.units import Options, Place, Source, prefers_places

_NOTHING = Pieces()
_NO_FMAX = "Fmax: unknown to quick estimates, it follows from the logic between registers."


@dataclass(frozen=True)
class _Joined:
    """What follows from what the units do in time, whatever they are made of."""

    latency: int
    interval: int
    joints: Pieces


_KEPT = 1024
_JOINED: OrderedDict[object, _Joined] = OrderedDict()


def _units(graph: Graph, options: Options) -> tuple[tuple[Planned, ...], Mapping[str, Quick]]:
    """Every node with its place and its unit, in order."""
    places = any(prefers_places(node) for node in graph)
    readers: dict[str, list[Node]] = {node.name: [] for node in graph}
    for node in graph:
        for name in node.inputs:
            readers[name].append(node)
    units: dict[str, Quick] = {}
    spreads: dict[str, int] = {}
    planned = []
    for index, node in enumerate(graph):
        if isinstance(node, Input):
            sources: tuple[Source, ...] = (Source(node, by_place(node.shape) if places else whole(node.shape)),)
            reads: list[tuple[Span, ...]] = [(all_bits(node.result.width),)]
        else:
            sources = tuple(Source(graph[name], units[name].plan.output, spreads[name]) for name in node.inputs)
            reads = [units[name].spans for name in node.inputs]
        place = Place(module_name(index, node.name), sources, options)
        reader = Reader() if node.name in graph.outputs else reader_of(readers[node.name])
        unit = units[node.name] = quick_unit(node, place, reads, reader)
        spreads[node.name] = unit.plan.spread or max(source.spread for source in sources)
        planned.append(Planned(node, place, unit.plan))
    return tuple(planned), units


def _in_time(unit: Quick) -> object:
    """All that a design's timing and its joints depend on, of a unit."""
    known, at = unit.unit.behaviour, unit.unit
    arrays = known.takes.tobytes(), known.gives.tobytes(), known.clocks.tobytes()
    return at.inputs, at.output, arrays, known.latency, known.slots, known.freezes, known.ahead


_IN_TIME: WeakKeyDictionary[Quick, object] = WeakKeyDictionary()


def _joined(graph: Graph, planned: tuple[Planned, ...], units: Mapping[str, Quick], options: Options) -> _Joined:
    for unit in units.values():
        if unit not in _IN_TIME:
            _IN_TIME[unit] = _in_time(unit)
    nodes = tuple((n.name, n.inputs, n.result.width, _IN_TIME[units[n.name]]) for n in graph)
    key = nodes, graph.outputs, options.family, options.cut.units_in_a_row
    found = _JOINED.pop(key, None)
    if found is None:
        made = compose(graph, planned, Facing(), build=lambda node, place: units[node.name].unit)
        found = _Joined(made.timing.latency, made.timing.interval, joint_pieces(made, options.family))
    _JOINED[key] = found
    if len(_JOINED) > _KEPT:
        _JOINED.popitem(last=False)
    return found


def _wider(figure: Figure, error: Error, share: float) -> Figure:
    """A figure with another error of its own, of a share of it."""
    if figure.value <= 0 or share <= 0:
        return figure
    below = math.hypot(1 - figure.low / figure.value, share * (1 - error.low))
    above = math.hypot(figure.high / figure.value - 1, share * (error.high - 1))
    low = math.floor(max(figure.value * (1 - below), 0))
    return Figure(figure.value, min(low, figure.low), max(math.ceil(figure.value * (1 + above)), figure.high))


def _share(price: Price, predicted: Pieces, total: Pieces) -> float:
    if predicted is total:
        return 1.0
    if predicted is _NOTHING:
        return 0.0
    of_all = price.value(total)
    return min(price.value(predicted) / of_all, 1.0) if of_all else 0.0


def _costs(pieces: Pieces, predicted: Pieces, family: Family, *, layer: bool, calibrated: bool) -> Costs:
    """What pieces cost, some of which are predicted."""
    found, prices, errors = costs(pieces, family, layer=layer, calibrated=calibrated), model(family), quick_model()
    return Costs(
        lut=_wider(found.lut, errors.lut, _share(prices.lut, predicted, pieces)),
        ff=_wider(found.ff, errors.ff, _share(prices.ff, predicted, pieces)),
        dsp=found.dsp,
        bram=found.bram,
    )


_COSTS: WeakKeyDictionary[Quick, dict[bool, Costs]] = WeakKeyDictionary()


def _layer(node: Node, unit: Quick, family: Family, calibrated: bool) -> LayerEstimate:
    # A unit is of one family: that is in what it is kept by.
    known = _COSTS.setdefault(unit, {})
    if calibrated not in known:
        predicted = unit.pieces if unit.how is How.PREDICTED else _NOTHING
        known[calibrated] = _costs(unit.pieces, predicted, family, layer=True, calibrated=calibrated)
    found, behaviour = known[calibrated], unit.unit.behaviour
    return layer_estimate(node, found, behaviour, _latency(behaviour.latency, [unit]))


def _latency(cycles: int, units: list[Quick]) -> Figure:
    """Cycles with the least and the most that they may be, were all units wrong in the same direction."""
    fewer = sum(unit.unit.behaviour.latency - unit.latency[0] for unit in units if unit.how is How.PREDICTED)
    more = sum(unit.latency[1] - unit.unit.behaviour.latency for unit in units if unit.how is How.PREDICTED)
    return Figure(cycles, max(cycles - fewer, 0), cycles + more)


def estimate_quick(graph: Graph, conditions: Conditions) -> Estimate:
    """What the RTL of a Graph costs, about, in a fraction of the time that tracing it takes.

    Raises:
        UnsupportedLayerError: the RTL flow cannot build a layer.
        BoardError: one operation of what is traced takes longer than the clock period.
        EstimateError: the Graph has no node, or a calibration is damaged.
    """
    target, clock_ns = conditions.target, conditions.clock_ns
    family = target.family
    options = Options(family, clock_ns, cut_for(family, clock_ns), conditions.reuse, conditions.multipliers)
    planned, units = _units(graph, options)
    if not planned:
        raise EstimateError(f"graph {graph.name!r} has no node to estimate")
    joined = _joined(graph, planned, units, options)
    found = list(units.values())
    predicted = sum((unit.pieces for unit in found if unit.how is How.PREDICTED), Pieces())
    total = sum((unit.pieces for unit in found), joined.joints)
    whole_design = _costs(total, predicted, family, layer=False, calibrated=target.calibrated)
    rest = costs(joined.joints, family, layer=True, calibrated=target.calibrated)
    return Estimate(
        graph=graph.name,
        conditions=conditions,
        lut=whole_design.lut,
        ff=whole_design.ff,
        dsp=whole_design.dsp,
        bram=whole_design.bram,
        latency_cycles=_latency(joined.latency, found),
        interval=Figure.exactly(joined.interval),
        fmax_mhz=None,
        layers=tuple(_layer(node, units[node.name], family, target.calibrated) for node in graph),
        rest=joints_estimate(rest),
        basis=(*model(family).basis, quick_model().basis, _NO_FMAX),
    )
