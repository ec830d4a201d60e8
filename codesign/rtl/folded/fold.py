"""Ways to fold a matrix: how many of its rows and columns a clock, and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from codesign.rtl.stream import Behaviour, Layout

# Levels of a tree of adders between two registers.
SPAN = 2


@dataclass(frozen=True)
class Fold:
    """How a vector is multiplied, step by step, a clock each.

    By rows, the outputs' groups come one after the other, each over all numbers: the vector comes in one beat and the
    answer group by group, evenly. By columns, each group of numbers goes to all outputs before the next: the vector may
    come beat by beat, and the answer comes at once behind the last one.

    Attributes:
        columns: by columns.
        own: each output has numbers of its own.
        pe: outputs of a step.
        simd: numbers of each output in a step.
        outputs: in all, a multiple of `pe`.
        lanes: numbers of a beat; with `own`, of each output.
        beats: of a vector.
    """

    columns: bool
    own: bool
    pe: int
    simd: int
    outputs: int
    lanes: int
    beats: int

    @property
    def groups(self) -> int:
        """Of outputs."""
        return self.outputs // self.pe

    @property
    def parts(self) -> int:
        """Steps that a group of outputs takes for a beat."""
        return -(-self.lanes // self.simd)

    @property
    def steps(self) -> int:
        """Clocks from a vector to the next."""
        return self.groups * self.parts * self.beats

    @property
    def multipliers(self) -> int:
        """How many there are."""
        return self.pe * self.simd

    @property
    def input(self) -> Layout:
        """Of the vector."""
        return Layout(self.lanes * (self.outputs if self.own else 1), self.beats)

    @property
    def output(self) -> Layout:
        """Of the answer."""
        return Layout(self.pe, self.groups)

    @property
    def spread(self) -> int:
        """Clocks from a beat of the answer to the next."""
        return 1 if self.columns else self.parts

    def registers(self, *, chain: bool, finish: bool) -> int:
        """From a step to the beat that it completes.

        Args:
            chain: products are added one after the other.
            finish: a register stands behind the casts at the end.
        """
        levels = 0 if chain else (self.simd - 1).bit_length()
        return 3 + -(-levels // SPAN) + int(finish)

    def behaviour(self, latency: int) -> Behaviour:
        """When beats are taken and given.

        Args:
            latency: as `registers`.
        """
        if not self.columns:
            takes = np.zeros((self.groups, 1), dtype=bool)
            takes[0] = True
            clocks = np.full(self.groups, self.parts, dtype=np.int64)
            return Behaviour(takes, np.ones(self.groups, dtype=bool), clocks, self.parts + latency)
        whole_beat = self.groups * self.parts
        early = self.beats - 1 + int(self.parts > 1)  # phases before the pass that gives
        takes = np.zeros((early + self.groups, 1), dtype=bool)
        takes[: self.beats] = True
        gives = np.zeros(early + self.groups, dtype=bool)
        gives[early:] = True
        clocks = np.ones(early + self.groups, dtype=np.int64)
        clocks[: self.beats - 1] = whole_beat
        if self.parts > 1:
            clocks[self.beats - 1] = whole_beat - self.groups
        return Behaviour(takes, gives, clocks, 1 + latency)


def divisors(n: int) -> tuple[int, ...]:
    """Ascending."""
    return tuple(d for d in range(1, n + 1) if n % d == 0)


def folds(outputs: int, layout: Layout, reuse: int, *, columns: bool, own: bool = False) -> Iterator[Fold]:
    """For each number of outputs a step, the fold with the fewest multipliers that takes at most `reuse` clocks.

    Args:
        outputs: of the layer.
        layout: of the vector.
        reuse: clocks for a vector.
        columns: by columns; else the vector comes in one beat.
        own: each output has numbers of its own, `layout.lanes // outputs` of them.
    """
    lanes = layout.lanes // outputs if own else layout.lanes
    for pe in divisors(outputs):
        parts = reuse // (outputs // pe * layout.beats)
        if parts:
            parts = min(parts, lanes)
            simd = -(-lanes // parts)
            yield Fold(columns, own, pe, simd, outputs, lanes, layout.beats)


def reuse_choices(numbers: int, outputs: int) -> tuple[int, ...]:
    """Reuse factors at which a folded layer becomes another one, ascending: clocks of its folds by rows."""
    parts = {-(-numbers // -(-numbers // p)) for p in range(1, numbers + 1)}
    return tuple(sorted({outputs // pe * part for pe in divisors(outputs) for part in parts}))
