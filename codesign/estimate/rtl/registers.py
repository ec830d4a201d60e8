"""The registers between pipeline stages: how many flip-flops, and which of them are nothing but delays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from codesign.estimate.rtl.live import Live
from codesign.estimate.rtl.pieces import Pieces
from codesign.estimate.rtl.spans import Span
from codesign.estimate.rtl.wires import Bit, Wires
from codesign.rtl.opcodes import Opcode

# Yosys makes shift registers of delays from this length on, in cells of so many clocks.
_SHORTEST, _LONGEST = 3, 16


def _origin(stage: Wires, spans: Sequence[Span], bit: Bit) -> Bit:
    """The bit that is copied where one does nothing else."""
    index, place = bit
    span = spans[index]
    return (index, span.high - 1) if span.low <= span.high - 1 < place else bit


def _kept(stage: Wires, masks: Sequence[int], spans: Sequence[Span]) -> list[int]:
    """For each bit that a stage gives, its register; -1 where it has none."""
    order: dict[Bit, int] = {}
    found = []
    for given in stage.outputs:
        index, bit = _origin(stage, spans, given)
        moving = stage.logic.ops[index].opcode != Opcode.CONSTANT and masks[index] >> bit & 1
        found.append(order.setdefault((index, bit), len(order)) if moving else -1)
    return found


def _sources(stage: Wires, kept: Sequence[int], inputs: Sequence[int]) -> dict[int, int]:
    """For each register behind a stage that copies one in front of it, that one."""
    copied: dict[int, int] = {}
    for (index, bit), register in zip(stage.outputs, kept, strict=True):
        op = stage.logic.ops[index]
        if register >= 0 and op.opcode == Opcode.INPUT and inputs:
            copied.setdefault(register, inputs[stage.input_bits[op.data[0]] + bit])
    return copied


def _read(stage: Wires, masks: Sequence[int], inputs: Sequence[int]) -> set[int]:
    """The registers in front of a stage that its logic reads."""
    ops = stage.logic.ops
    read: set[int] = set()
    for index, op in enumerate(ops):
        if stage.is_wire(op) or op.opcode == Opcode.INPUT or masks[index] == 0 or not inputs:
            continue
        for address in op.addr:
            root = stage.roots[address]
            if ops[root].opcode == Opcode.INPUT:
                low = stage.input_bits[ops[root].data[0]]
                read.update(inputs[low + stage.bit(address, bit)[1]] for bit in range(stage.widths[address]))
    return read


def registers(stages: Sequence[Wires], needed: Live) -> Pieces:
    """The registers behind each stage of a pipeline; equal ones count once, constants and what nothing needs do not.

    Args:
        stages: in order.
        needed: of them.
    """
    total = 0
    lengths: Counter[int] = Counter()
    inputs: list[int] = []
    runs: list[int] = []  # for each register in front of the stage, the clocks that its delay has lasted
    for stage, masks, spans in zip(stages, needed.stages, needed.spans, strict=True):
        kept = _kept(stage, masks, spans)
        count = max(kept, default=-1) + 1
        total += count
        copied = _sources(stage, kept, inputs)
        copies = Counter(copied.values())
        read = _read(stage, masks, inputs)
        goes_on = {source for source, times in copies.items() if times == 1 and source not in read}
        lengths.update(run for register, run in enumerate(runs) if register not in goes_on)
        runs = [runs[copied[r]] + 1 if copied.get(r) in goes_on else 1 for r in range(count)]
        inputs = kept
    lengths.update(runs)
    delayed = sum(length * count for length, count in lengths.items() if length >= _SHORTEST)
    chains = sum(-(-length // _LONGEST) * count for length, count in lengths.items() if length >= _SHORTEST)
    return Pieces(ff=total - delayed, delay_ff=delayed, delays=chains)
