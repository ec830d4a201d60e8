"""Which bits of alkaid's logic vary: low ones that are always 0, and high ones that copy another, take no cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from alkaid.types import Op

from codesign.estimate.rtl.wires import Wires
from codesign.rtl.opcodes import Opcode


@dataclass(frozen=True)
class Span:
    """The bits of a number that vary.

    Attributes:
        low: the lowest; those below are 0.
        high: one above the highest; those from there on copy it where the number is signed, and are 0 elsewhere.
    """

    low: int
    high: int

    @property
    def is_constant(self) -> bool:
        """Nothing varies."""
        return self.low >= self.high

    def moved(self, up: int) -> Span:
        """The span of a number that stands `up` bits higher."""
        return Span(self.low + up, self.high + up)

    def within(self, width: int) -> Span:
        """The part of it that a number of so many bits has."""
        return Span(min(max(self.low, 0), width), min(max(self.high, 0), width))

    def folded(self, mask: int) -> int:
        """The bits that a set of bits depends on."""
        if self.is_constant:
            return 0
        top = 1 << (self.high - 1) if mask >> self.high else 0
        return (mask | top) & ((1 << self.high) - (1 << self.low))


def whole(width: int) -> Span:
    """All bits vary."""
    return Span(0, width)


def joined(spans: Sequence[Span]) -> Span:
    """The bits that vary in any of several numbers."""
    moving = [span for span in spans if not span.is_constant]
    if not moving:
        return Span(0, 0)
    return Span(min(span.low for span in moving), max(span.high for span in moving))


@dataclass
class _Forward:
    stage: Wires
    inputs: Sequence[Span]
    found: list[Span]

    def source(self, index: int, address: int, moved: int = 0) -> Span:
        """The span of an operand, counted in bits of the result."""
        fractions = self.stage.fractions
        span = self.found[address].moved(fractions[index] - fractions[address] + moved)
        signed = bool(self.stage.logic.ops[address].qint.min < 0)
        # Above a signed number's highest bit stand copies of it.
        return Span(0, 1) if signed and not span.is_constant and span.high <= 0 else span


def _input(index: int, op: Op, at: _Forward) -> Span:
    return at.inputs[int(op.data[0])]


def _constant(index: int, op: Op, at: _Forward) -> Span:
    """Counted as bits that differ from what they are chosen against."""
    value = abs(int(op.data[0]))
    return Span((value & -value).bit_length() - 1, at.stage.widths[index]) if value else Span(0, 0)


def _wire(index: int, op: Op, at: _Forward) -> Span:
    return at.source(index, op.addr[0], op.data[0] if op.opcode == Opcode.SLICE else 0)


def _added(index: int, op: Op, at: _Forward) -> Span:
    moves = [0, op.data[0]] if op.opcode in (Opcode.ADD, Opcode.SUBTRACT) else [0]
    if op.opcode == Opcode.SUM:
        moves = [int(op.data[2 * place + 1]) for place in range(len(op.addr))]
    spans = [at.source(index, address, moved) for address, moved in zip(op.addr, moves, strict=False)]
    if op.opcode == Opcode.ADD_CONSTANT:
        value, fraction = abs(int(op.data[0])), int(op.data[1])
        up = at.stage.fractions[index] - fraction
        spans.append(Span((value & -value).bit_length() - 1 + up, value.bit_length() + up))
        if spans[0].is_constant:
            return Span(0, 0)
    span = joined(spans)
    return span if span.is_constant else Span(span.low, span.high + max(len(spans) - 1, 1))


def _chosen(index: int, op: Op, at: _Forward) -> Span:
    first, second, key = op.addr
    span = joined([at.source(index, first), at.source(index, second, op.data[0])])
    if at.found[key].is_constant:
        return at.source(index, second, op.data[0])
    return span


def _both(index: int, op: Op, at: _Forward) -> Span:
    first, second = op.addr
    return joined([at.source(index, first), at.source(index, second, op.data[0])])


def _multiplied(index: int, op: Op, at: _Forward) -> Span:
    first, second = (at.found[address] for address in op.addr)
    if first.is_constant or second.is_constant:
        return Span(0, 0)
    return Span(first.low + second.low, first.high + second.high)


def _everything(index: int, op: Op, at: _Forward) -> Span:
    if all(at.found[address].is_constant for address in op.addr):
        return Span(0, 0)
    return whole(at.stage.widths[index])


_SPANS: Mapping[int, Callable[[int, Op, _Forward], Span]] = {
    Opcode.INPUT: _input,
    Opcode.CONSTANT: _constant,
    Opcode.NEGATE: _added,
    Opcode.ADD: _added,
    Opcode.SUBTRACT: _added,
    Opcode.ADD_CONSTANT: _added,
    Opcode.SUM: _added,
    Opcode.RELU: _wire,
    Opcode.SLICE: _wire,
    Opcode.MUX: _chosen,
    Opcode.PRODUCT: _multiplied,
    Opcode.BINARY: _both,
}


def stage_spans(stage: Wires, inputs: Sequence[Span]) -> tuple[Span, ...]:
    """The bits of each operation's result that vary.

    Args:
        stage: of a pipeline.
        inputs: of its inputs.
    """
    at = _Forward(stage, inputs, [])
    for index, op in enumerate(stage.logic.ops):
        at.found.append(_SPANS.get(op.opcode, _everything)(index, op, at).within(stage.widths[index]))
    return tuple(at.found)


def pipeline_spans(stages: Sequence[Wires], inputs: Sequence[Span]) -> tuple[tuple[Span, ...], ...]:
    """The same for every stage of a pipeline, in order."""
    found = []
    for stage in stages:
        spans = stage_spans(stage, inputs)
        found.append(spans)
        inputs = [spans[index] if index >= 0 else Span(0, 0) for index in stage.logic.out_idxs]
    return tuple(found)
