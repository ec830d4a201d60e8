"""Where the bits of alkaid's logic come from: slices, copies and constants are wires, everything else is logic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from alkaid.types import CombLogic, Op

from codesign.rtl.opcodes import Opcode

Bit = tuple[int, int]
"""(operation, bit of its result, the lowest 0)."""


@dataclass(frozen=True, eq=False)
class Wires:
    """The logic of one pipeline stage, with its wires followed back.

    Attributes:
        logic: of the stage.
    """

    logic: CombLogic

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """Bits of each operation's result."""
        return tuple(int(sum(op.qint.kif)) for op in self.logic.ops)

    @cached_property
    def fractions(self) -> tuple[int, ...]:
        """Fraction bits of each operation's result."""
        return tuple(int(op.qint.kif.fractional) for op in self.logic.ops)

    def is_wire(self, op: Op) -> bool:
        """Whether an operation only hands bits on."""
        return bool(
            op.opcode == Opcode.SLICE or (op.opcode == Opcode.RELU and self.logic.ops[op.addr[0]].qint.min >= 0)
        )

    @cached_property
    def roots(self) -> tuple[int, ...]:
        """For each operation, the one whose bits it hands on; itself where it computes some."""
        found: list[int] = []
        for index, op in enumerate(self.logic.ops):
            found.append(found[op.addr[0]] if self.is_wire(op) else index)
        return tuple(found)

    def bit(self, index: int, bit: int) -> Bit:
        """The bit of logic, input or constant behind a bit of an operation's result."""
        ops = self.logic.ops
        while self.is_wire(ops[index]):
            op = ops[index]
            source = op.addr[0]
            moved = op.data[0] if op.opcode == Opcode.SLICE else 0
            bit = min(bit + self.fractions[source] - moved - self.fractions[index], self.widths[source] - 1)
            index = source
        return index, bit

    @cached_property
    def outputs(self) -> tuple[Bit, ...]:
        """The bits that the stage gives, in order; those of constants, and copies, included."""
        found: list[Bit] = []
        for index in self.logic.out_idxs:
            if index >= 0:
                found += [self.bit(index, bit) for bit in range(self.widths[index])]
        return tuple(found)

    @cached_property
    def input_bits(self) -> tuple[int, ...]:
        """For each input, the place of its lowest bit among those of all inputs."""
        places, total = [], 0
        for width in self.logic.inp_kifs.sum(axis=0).tolist():
            places.append(total)
            total += int(width)
        return tuple(places)

    @cached_property
    def readers(self) -> tuple[int, ...]:
        """How many operations and outputs read each operation's bits, wires left out."""
        counts = [0] * len(self.logic.ops)
        for op in self.logic.ops:
            if not self.is_wire(op):
                for root in {self.roots[index] for index in op.addr}:
                    counts[root] += 1
        for root in {self.roots[index] for index in self.logic.out_idxs if index >= 0}:
            counts[root] += 1
        return tuple(counts)


def wires(stages: Sequence[CombLogic]) -> tuple[Wires, ...]:
    """The stages of a pipeline."""
    return tuple(Wires(stage) for stage in stages)
