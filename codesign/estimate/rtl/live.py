"""Which bits of alkaid's logic anything depends on: the others, and their registers, are gone after synthesis."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from alkaid.types import Op

from codesign.estimate.rtl.spans import Span
from codesign.estimate.rtl.wires import Wires
from codesign.rtl.opcodes import NOT, Opcode


@dataclass
class _Masks:
    """Bits that are needed of each operation's result, the lowest first; filled from the outputs back."""

    stage: Wires
    spans: Sequence[Span]
    masks: list[int]

    def need(self, index: int, mask: int) -> None:
        """More bits of a result; of those that copy others, the others."""
        width = self.stage.widths[index]
        if width == 0 or mask == 0:
            return
        self.masks[index] |= self.spans[index].folded(mask)

    def place(self, source: int, index: int, moved: int = 0) -> int:
        """How far the lowest bit of a result is above that of an operand, which is moved up by `moved`."""
        fractions = self.stage.fractions
        return fractions[source] - moved - fractions[index]


def _shifted(mask: int, up: int) -> int:
    return mask << up if up >= 0 else mask >> -up


def _below(mask: int) -> int:
    """All bits up to the highest."""
    return (1 << mask.bit_length()) - 1


def _nothing(index: int, op: Op, at: _Masks) -> None:
    return


def _wire_or_relu(index: int, op: Op, at: _Masks) -> None:
    source = op.addr[0]
    moved = op.data[0] if op.opcode != Opcode.RELU else 0
    at.need(source, _shifted(at.masks[index], at.place(source, index, moved)))
    if op.opcode == Opcode.RELU and at.stage.logic.ops[source].qint.min < 0 and at.masks[index]:
        at.need(source, 1 << (at.stage.widths[source] - 1))


def _carried(index: int, op: Op, at: _Masks) -> None:
    """Adders: a bit depends on all that are not above it."""
    mask = _below(at.masks[index])
    moves = [0, *(op.data[:1] if op.opcode in (Opcode.ADD, Opcode.SUBTRACT) else [0])]
    if op.opcode == Opcode.SUM:
        moves = [int(op.data[2 * place + 1]) for place in range(len(op.addr))]
    for source, moved in zip(op.addr, moves, strict=False):
        at.need(source, _below(_shifted(mask, at.place(source, index, moved))))


def _muxed(index: int, op: Op, at: _Masks) -> None:
    first, second, key = op.addr
    if at.masks[index]:
        at.need(first, _shifted(at.masks[index], at.place(first, index)))
        at.need(second, _shifted(at.masks[index], at.place(second, index, op.data[0])))
        at.need(key, 1 << (at.stage.widths[key] - 1) if at.stage.widths[key] else 0)


def _multiplied(index: int, op: Op, at: _Masks) -> None:
    for source in op.addr:
        at.need(source, _below(at.masks[index]))


def _whole(index: int, op: Op, at: _Masks) -> None:
    for source in op.addr:
        at.need(source, (1 << at.stage.widths[source]) - 1 if at.masks[index] else 0)


def _unary(index: int, op: Op, at: _Masks) -> None:
    if op.data[0] == NOT:
        at.need(op.addr[0], at.masks[index])
    else:
        _whole(index, op, at)


def _binary(index: int, op: Op, at: _Masks) -> None:
    first, second = op.addr
    at.need(first, _shifted(at.masks[index], at.place(first, index)))
    at.need(second, _shifted(at.masks[index], at.place(second, index, op.data[0])))


_NEEDS: Mapping[int, Callable[[int, Op, _Masks], None]] = {
    Opcode.INPUT: _nothing,
    Opcode.CONSTANT: _nothing,
    Opcode.NEGATE: _carried,
    Opcode.ADD: _carried,
    Opcode.SUBTRACT: _carried,
    Opcode.ADD_CONSTANT: _carried,
    Opcode.SUM: _carried,
    Opcode.RELU: _wire_or_relu,
    Opcode.SLICE: _wire_or_relu,
    Opcode.MUX: _muxed,
    Opcode.PRODUCT: _multiplied,
    Opcode.TABLE: _whole,
    Opcode.UNARY: _unary,
    Opcode.BINARY: _binary,
}


def _stage(stage: Wires, spans: Sequence[Span], out: Sequence[int]) -> list[int]:
    """The bits that are needed of each operation, of those that are needed of each output."""
    at = _Masks(stage, spans, [0] * len(stage.logic.ops))
    for index, mask in zip(stage.logic.out_idxs, out, strict=True):
        if index >= 0:
            at.need(index, mask)
    for index in range(len(stage.logic.ops) - 1, -1, -1):
        op = stage.logic.ops[index]
        _NEEDS.get(op.opcode, _whole)(index, op, at)
    return at.masks


@dataclass(frozen=True)
class Live:
    """What is needed of a pipeline.

    Attributes:
        stages: for each stage, the bits needed of each operation's result, as a mask.
        spans: for each stage, the bits of each operation's result that vary.
        inputs: for each input of the first stage, the bits that are needed of it.
    """

    stages: tuple[tuple[int, ...], ...]
    spans: tuple[tuple[Span, ...], ...]
    inputs: tuple[int, ...]


def everything(stage: Wires) -> tuple[int, ...]:
    """All bits of each output."""
    return tuple((1 << int(width)) - 1 for width in stage.logic.out_kifs.sum(axis=0).tolist())


def live(stages: Sequence[Wires], spans: Sequence[Sequence[Span]], out: Sequence[int]) -> Live:
    """What is needed of a pipeline for some bits of each of its outputs.

    Args:
        stages: in order.
        spans: from `pipeline_spans`.
        out: for each output of the last one, a mask.
    """
    masks: list[tuple[int, ...]] = []
    for stage, known in zip(reversed(stages), reversed(spans), strict=True):
        found = _stage(stage, known, out)
        masks.append(tuple(found))
        needed = [0] * len(stage.input_bits)
        for op, mask in zip(stage.logic.ops, found, strict=True):
            if op.opcode == Opcode.INPUT:
                needed[op.data[0]] |= mask
        out = needed
    return Live(tuple(reversed(masks)), tuple(tuple(each) for each in spans), tuple(out))
