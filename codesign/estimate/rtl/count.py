"""What a whole design is made of: its units one by one, and what joins them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from codesign.estimate.rtl.live import Live, everything, live
from codesign.estimate.rtl.logic import logic_pieces
from codesign.estimate.rtl.pieces import Pieces
from codesign.estimate.rtl.spans import Span, joined, pipeline_spans, whole
from codesign.estimate.rtl.text import WINDOW, instances, text_pieces
from codesign.estimate.rtl.window_bits import WindowBits, window_bits
from codesign.estimate.rtl.wires import Wires, wires
from codesign.estimate.rtl.words import input_spans, input_words, output_masks, result_spans
from codesign.graph import Graph, Node
from codesign.rtl.composed import Composed
from codesign.rtl.family import Family
from codesign.rtl.parts import UnitPart, instance
from codesign.rtl.stream import Unit


@dataclass(frozen=True)
class Counted:
    """A design's pieces.

    Attributes:
        units: by node name.
        joints: of forks, FIFOs and what cuts beats anew, and of the ports.
    """

    units: Mapping[str, Pieces]
    joints: Pieces

    @property
    def total(self) -> Pieces:
        """Of the whole design."""
        return sum(self.units.values(), self.joints)


Words = tuple[int, ...]
"""For each number of a beat, the bits that are needed of it, as a mask."""


def _everywhere(words: Words, lanes: int) -> Words:
    """The same for every number of a beat of another size."""
    mask = 0
    for word in words:
        mask |= word
    return (mask,) * lanes


def every_bit(width: int, lanes: int) -> Words:
    """All bits of each number of a beat."""
    return ((1 << width) - 1,) * lanes


@dataclass(frozen=True, eq=False)
class Known:
    """A unit with what is known of it before anything needs its bits.

    Attributes:
        unit: it.
        pipelines: its logic, each with the bits that vary.
        words: the bits that vary of each number of a beat that it gives.
    """

    unit: Unit
    pipelines: tuple[tuple[tuple[Wires, ...], tuple[tuple[Span, ...], ...]], ...]
    words: tuple[Span, ...]


def known_unit(unit: Unit, width: int, reads: tuple[Span, ...]) -> Known:
    """What is known of a unit.

    Args:
        unit: it.
        width: bits of a number that it gives.
        reads: the bits that vary of all numbers of the beats that it reads.
    """
    free = (whole(width),) * unit.output.lanes
    if unit.passes:
        return Known(unit, (), reads if len(reads) == len(free) else free)
    found = []
    for stages in (wires(pipeline) for pipeline in unit.pipelines):
        if stages:
            inputs = [whole(int(bits)) for bits in stages[0].logic.inp_kifs.sum(axis=0).tolist()]
            if unit.traced is not None:
                inputs = list(input_spans(stages[0].logic, reads))
            found.append((stages, pipeline_spans(stages, inputs)))
    if unit.traced is None:
        return Known(unit, tuple(found), free)
    if not found:
        return Known(unit, (), (Span(0, 0),) * unit.output.lanes)
    stages, spans = found[0]
    last = stages[-1].logic
    given = [spans[-1][index] if index >= 0 else Span(0, 0) for index in last.out_idxs]
    return Known(unit, tuple(found), result_spans(last, given))


def _outputs(known: Known, words: Words) -> tuple[int, ...]:
    """The bits that are needed of the logic's outputs: all of them where these are not the unit's own."""
    last = known.pipelines[-1][0][-1]
    own = len(last.logic.out_idxs) == len(words)
    return output_masks(last.logic, words) if own else everything(last)


def _window(known: Known, text: str, needed: Live) -> WindowBits | None:
    """What is needed of the window before the logic; None where there is none, or it is not the logic's only input."""
    found = [instance.parameters for instance in instances(text) if instance.template == WINDOW]
    if len(known.pipelines) != 1 or len(found) != 1:
        return None
    height, width, lanes = found[0]["KERNEL_H"], found[0]["KERNEL_W"], known.unit.inputs[0].lanes
    words = input_words(known.pipelines[0][0][0].logic, needed.inputs)
    if len(words) != height * width * lanes:
        return None
    return window_bits(words, height, width, lanes)


def unit_pieces(known: Known, words: Words, family: Family) -> tuple[Pieces, Words | None]:
    """(pieces of a unit, the bits that it needs of all that it reads; None where that is all of them)."""
    unit = known.unit
    if unit.passes:
        moving = [span.folded(word) for span, word in zip(known.words, words, strict=True)]
        kept = unit.behaviour.latency * (sum(word.bit_count() for word in moving) + 1)
        return Pieces(ff=kept, handshakes=int(kept > 0)), words
    text = "\n".join(unit.files.values())
    if unit.traced is not None and not known.pipelines:
        return text_pieces(text, family) + Pieces(handshakes=1), (0,) * sum(s.size for s in unit.traced[1])
    total = Pieces(handshakes=1)
    needed: list[Live] = []
    for index, (stages, spans) in enumerate(known.pipelines):
        last = index == len(known.pipelines) - 1
        needed.append(live(stages, spans, _outputs(known, words) if last else everything(stages[-1])))
        total = total + logic_pieces(stages, needed[-1], family)
    if unit.traced is not None:
        stages = known.pipelines[0][0]
        return total + text_pieces(text, family), input_words(stages[0].logic, needed[0].inputs)
    window = _window(known, text, needed[0]) if needed else None
    if window is None:
        return total + text_pieces(text, family), None
    return total + text_pieces(text, family, window=window.parameters), window.pixel


def _needed(unit: Unit, mine: Words | None, sources: Sequence[Node]) -> Iterator[tuple[str, Words]]:
    """(name, bits that are needed of a beat as the unit reads it) of everything that a node reads."""
    start = 0
    for source, layout in zip(sources, unit.inputs, strict=True):
        lanes = layout.lanes
        whole = every_bit(source.result.width, lanes)
        yield source.name, whole if mine is None else mine[start : start + lanes]
        start += lanes


def _all_known(graph: Graph, composed: Composed) -> dict[str, Known]:
    """What is known of every unit, in order of the Graph."""
    found: dict[str, Known] = {}
    for node in graph:
        unit = composed.units[node.name]
        reads: list[Span] = []
        for source, layout in zip(graph.sources(node), unit.inputs, strict=False):
            given = found[source.name].words
            reads += given if len(given) == layout.lanes else [joined(given)] * layout.lanes
        if not node.inputs:
            reads = [whole(node.result.width)] * unit.output.lanes
        found[node.name] = known_unit(unit, node.result.width, tuple(reads))
    return found


def joint_pieces(composed: Composed, family: Family) -> Pieces:
    """What joins a design's units: forks, FIFOs and what cuts beats anew, and the ports."""
    joints = Pieces()
    for part in composed.border.network.parts:
        if not isinstance(part, UnitPart):
            joints = joints + text_pieces(f"{instance(part)[0]} {part.name} (", family)
    return joints


def count(graph: Graph, composed: Composed, family: Family) -> Counted:
    """What a design is made of.

    Args:
        graph: the design.
        composed: its units.
        family: of the part.

    Raises:
        EstimateError: no count is known of something in it.
    """
    words: dict[str, Words] = {}

    def need(name: str, more: Words) -> None:
        lanes = composed.units[name].output.lanes
        if len(more) != lanes:
            more = _everywhere(more, lanes)
        known = words.get(name, (0,) * lanes)
        words[name] = tuple(a | b for a, b in zip(known, more, strict=True))

    for node in graph.output_nodes:
        need(node.name, every_bit(node.result.width, composed.units[node.name].output.lanes))
    units: dict[str, Pieces] = {}
    known = _all_known(graph, composed)
    for node in reversed(tuple(graph)):
        unit = composed.units[node.name]
        pieces, mine = unit_pieces(known[node.name], words.get(node.name, (0,) * unit.output.lanes), family)
        units[node.name] = pieces
        if not node.inputs:
            continue
        for name, more in _needed(unit, mine, graph.sources(node)):
            need(name, more)
    return Counted(units, joint_pieces(composed, family))
