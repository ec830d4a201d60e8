"""The unit of a node for a quick estimate: predicted, traced for one of its equal numbers, or built like any other."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from weakref import WeakKeyDictionary

from codesign.estimate.rtl.count import every_bit, known_unit, unit_pieces
from codesign.estimate.rtl.pieces import Pieces
from codesign.estimate.rtl.quick_model import Logic, predict, quick_model
from codesign.estimate.rtl.quick_problem import Reader, problem, word_span
from codesign.estimate.rtl.quick_sums import Sums, sums_of
from codesign.estimate.rtl.spans import Span, joined, whole
from codesign.estimate.rtl.text import text_pieces
from codesign.estimate.rtl.units import cached_unit, unit_key
from codesign.graph import (
    Activation,
    Convolution,
    Dense,
    FixedPoint,
    HardActivation,
    Input,
    Node,
    Normalize,
    TableActivation,
)
from codesign.rtl.family import Family
from codesign.rtl.logic.beatwise import of_beat
from codesign.rtl.node_module import NodeModule
from codesign.rtl.stream import Layout, Unit, by_place, every_beat
from codesign.rtl.stream import whole as whole_sample
from codesign.rtl.units import Place, Plan, Source, plan, reuse_of
from codesign.rtl.units.convolution import convolution_axes
from codesign.rtl.units.unrolled import LARGEST_TENSOR
from codesign.rtl.units.windowed import windowed
from codesign.rtl.windows import Windows


class How(str, Enum):
    """Where a layer's figures come from."""

    PREDICTED = "predicted"
    """From its weights; nothing was traced."""
    ONE = "one number"
    """One number of it was traced for all that are alike."""
    BUILT = "built"
    """The whole unit was built and counted."""


@dataclass(frozen=True, eq=False)
class Quick:
    """A unit for a quick estimate.

    Attributes:
        plan: of the unit.
        unit: what it does in time; where it is predicted, its Verilog is not written.
        pieces: that it is made of.
        spans: the bits that vary of each number of a beat that it gives.
        how: it was found.
        latency: (least, most) clocks between which its latency is expected.
    """

    plan: Plan
    unit: Unit
    pieces: Pieces
    spans: tuple[Span, ...]
    how: How
    latency: tuple[int, int]


_KEPT = 4096
# Bits of a sum that alkaid holds whatever is added to it or shifted.
_SURELY_HELD = 32
_CACHE: OrderedDict[tuple[str, tuple[Span, ...], Reader], Quick] = OrderedDict()


def quick_unit(node: Node, place: Place, reads: Sequence[Sequence[Span]], reader: Reader) -> Quick:
    """The unit of a node; the same one for the same node at the same place.

    Args:
        node: the operation.
        place: of its unit.
        reads: for each thing that it reads, the bits that vary of each number of a beat as that gives them.
        reader: what reads its result.

    Raises:
        UnsupportedLayerError: the unit cannot be built.
        BoardError: one operation of what is traced takes longer than the clock period.
    """
    # Layers of few operands are told number from number; others of all that they read what varies anywhere.
    single = isinstance(node, (*_ALIKE, Dense, Convolution)) and len(set(reads[0])) > 1
    each = tuple(reads[0]) if single else tuple(joined(spans) for spans in reads)
    key = (unit_key(node, place), each, reader)
    found = _CACHE.pop(key, None)
    if found is None:
        found = _made(node, place, each, reader)
    _CACHE[key] = found
    if len(_CACHE) > _KEPT:
        _CACHE.popitem(last=False)
    return found


def _made(node: Node, place: Place, reads: tuple[Span, ...], reader: Reader) -> Quick:
    found = _predicted(node, place, reads, reader)
    if found is not None:
        return found
    planned = _plan(node, place)
    return _alike(node, place, planned, reads) or _built(node, place, planned, reads)


_PLANS: OrderedDict[str, Plan] = OrderedDict()


def _plan(node: Node, place: Place) -> Plan:
    """As `plan`, which looks at every number that a layer computes, once for the same node at the same place."""
    key = unit_key(node, place)
    found = _PLANS.pop(key, None)
    _PLANS[key] = found = plan(node, place) if found is None else found
    if len(_PLANS) > _KEPT:
        _PLANS.popitem(last=False)
    return found


def _plain_plan(node: Dense | Convolution, place: Place, sums: Sums) -> Plan:
    """The plan of a layer of plain sums; where these are so wide that alkaid might not hold them, it is checked."""
    source = place.sources[0].node
    if sums.widest > _SURELY_HELD or max(node.size, source.size) > LARGEST_TENSOR:
        return _plan(node, place)
    if isinstance(node, Dense):
        return Plan((whole_sample(source.shape),), whole_sample(node.shape))
    return Plan((by_place(source.shape),), by_place(node.shape))


def _predicted(node: Node, place: Place, reads: tuple[Span, ...], reader: Reader) -> Quick | None:
    """A dense layer or convolution of plain sums, unrolled; None for anything else."""
    if not isinstance(node, (Dense, Convolution)) or reuse_of(node, place.options) > 1:
        return None
    source = place.sources[0]
    posed = problem(node, source.node.result, reader)
    if posed is None:
        return None
    n = posed.weight.shape[0]
    sums = sums_of(replace(posed, reads=reads * (n // len(reads)) if n % len(reads) == 0 else (joined(reads),) * n))
    if sums is None:
        return None
    planned = _plain_plan(node, place, sums)
    logic = predict(sums, place.options.cut)
    if isinstance(node, Dense):
        unit = Unit(place.module, planned.inputs, planned.output, every_beat(1, planned.output.beats, logic.stages))
        pieces = logic.pieces + Pieces(handshakes=1)
    else:
        unit, pieces = _windowed(node, place, logic)
    return Quick(
        planned,
        unit,
        pieces,
        _spans(node, source.node.result, sums),
        How.PREDICTED,
        quick_model().latency(logic.stages),
    )


def _spans(node: Dense | Convolution, source: FixedPoint, sums: Sums) -> tuple[Span, ...]:
    lowest = source.fraction + node.weight_type.fraction - node.result.fraction
    return tuple(word_span(span, lowest, node.result.width) for span in sums.spans)


def _windowed(node: Convolution, place: Place, logic: Logic) -> tuple[Unit, Pieces]:
    """The unit around the sums of one window, and its pieces; line buffers are counted as they are written."""
    source = place.sources[0].node
    rows, columns = convolution_axes(node, source)
    windows = Windows(rows, columns, source.shape[-1] * source.result.width)
    module = NodeModule(f"{place.module}_logic", "", logic.stages, ())
    unit = windowed(place.module, windows, module, by_place(source.shape), by_place(node.shape), node.result.width)
    around = text_pieces("\n".join(unit.files.values()), place.options.family)
    # The flags of the stages are in both.
    return unit, around + logic.pieces + Pieces(handshakes=1, ff=-float(logic.stages))


_ALIKE = (Activation, HardActivation, Normalize, TableActivation)
"""Layers that make each number of its own one of what they read."""


def _alike(node: Node, place: Place, planned: Plan, reads: tuple[Span, ...]) -> Quick | None:
    """A layer of numbers that are computed alike; None for any other."""
    if not isinstance(node, _ALIKE) or len(place.sources) != 1 or place.sources[0].node.size != node.size:
        return None
    lanes = planned.output.lanes
    if lanes == 1 or planned.inputs[0].lanes != lanes:
        return None
    spans = reads if len(reads) == lanes else (joined(reads),) * lanes
    family, sources = place.options.family, [source.node for source in place.sources]
    found: dict[tuple[int, int, Span], Span] = {}
    total, given, latency, fixed = Pieces(), [], 0, Pieces()
    counts = Counter((*_parameters(node, lane), span) for lane, span in enumerate(spans))
    for lane, span in enumerate(spans):
        key = (*_parameters(node, lane), span)
        if key not in found:
            one = of_beat(_channel(node, lane), sources, 1)
            if one is None:
                return None
            port = Source(one.sources[0], Layout(1, 1), place.sources[0].spread)
            unit = cached_unit(one.node, Place(place.module, (port,), place.options))
            varying, fixed, gives = _number(unit, node.result.width, span, family)
            latency = max(latency, unit.behaviour.latency)
            found[key] = gives
            total = total + varying.times(counts[key])
        given.append(found[key])
    behaviour = every_beat(1, planned.output.beats, latency)
    unit = Unit(place.module, planned.inputs, planned.output, behaviour)
    return Quick(planned, unit, total + fixed, tuple(given), How.ONE, (latency, latency))


_Number = tuple[Pieces, Pieces, Span]
_NUMBERS: WeakKeyDictionary[Unit, dict[Span, _Number]] = WeakKeyDictionary()


def _number(unit: Unit, width: int, span: Span, family: Family) -> _Number:
    """(pieces of a number of a unit that gives one, of what the unit has whatever its numbers, the bits that vary)."""
    known = _NUMBERS.setdefault(unit, {})
    if span not in known:
        at = known_unit(unit, width, (span,))
        fixed, _ = unit_pieces(at, (0,), family)
        pieces, _ = unit_pieces(at, every_bit(width, 1), family)
        known[span] = pieces + fixed.times(-1.0), fixed, at.words[0]
    return known[span]


def _parameters(node: Node, lane: int) -> tuple[int, int]:
    """The constants of a lane's own."""
    if not isinstance(node, Normalize):
        return 0, 0
    return int(node.scale.flat[lane % node.scale.size]), int(node.bias.flat[lane % node.bias.size])


def _channel(node: Node, lane: int) -> Node:
    """The layer of one lane alone."""
    if not isinstance(node, Normalize):
        return node
    at, bias_at = lane % node.scale.size, lane % node.bias.size
    return replace(node, scale=node.scale.ravel()[at : at + 1], bias=node.bias.ravel()[bias_at : bias_at + 1])


def _built(node: Node, place: Place, planned: Plan, reads: tuple[Span, ...]) -> Quick:
    unit = cached_unit(node, place)
    width, family = node.result.width, place.options.family
    if isinstance(node, Input):
        spans: tuple[Span, ...] = (whole(width),) * unit.output.lanes
    elif len(place.sources) == 1 and len(reads) == unit.inputs[0].lanes:
        spans = reads
    else:
        spans = tuple(span for span, layout in zip(reads, unit.inputs, strict=False) for _ in range(layout.lanes))
    known = known_unit(unit, width, spans)
    pieces, _ = unit_pieces(known, every_bit(width, unit.output.lanes), family)
    latency = unit.behaviour.latency
    return Quick(planned, unit, pieces, known.words, How.BUILT, (latency, latency))
