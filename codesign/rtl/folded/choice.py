"""Which fold a layer gets: the cheapest that takes at most `reuse` clocks, and what refuses it by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from codesign.errors import UnsupportedLayerError
from codesign.rtl.family import Family
from codesign.rtl.folded.fold import Fold, folds
from codesign.rtl.folded.matrix import Matrix
from codesign.rtl.folded.multipliers import Multipliers
from codesign.rtl.folded.price import price
from codesign.rtl.folded.sums import Sums
from codesign.rtl.stream import Layout, whole

# Bits of the vector that may be gathered into registers where columns would be taken more slowly.
_GATHERED = 4096
# Products that are cast, added and cast again one after the other within a clock.
LONGEST_CHAIN = 4


@dataclass(frozen=True)
class Wanted:
    """What a fold is chosen for.

    Attributes:
        layout: in which the vector comes.
        spread: clocks from one of its beats to the next, while it comes.
        reuse: clocks for a vector, at most.
        family: of the target.
        multipliers: what they are made of.
    """

    layout: Layout
    spread: int
    reuse: int
    family: Family
    multipliers: Multipliers


def _candidates(matrix: Matrix, sums: Sums, wanted: Wanted) -> Iterator[Fold]:
    size = wanted.layout.size
    if matrix.own:
        yield from folds(matrix.outputs, whole((size,)), wanted.reuse, columns=False, own=True)
        return
    rows = list(folds(matrix.outputs, Layout(size, 1), wanted.reuse, columns=False))
    columns = list(folds(matrix.outputs, wanted.layout, wanted.reuse, columns=True))
    if sums.chain and np.any(np.diff(matrix.order) < 0):
        yield from rows  # numbers that come beat by beat would be added in their own order
    elif wanted.layout.beats == 1:
        yield from rows
        yield from columns
    else:
        # Beats that come faster than they are used would keep the source waiting, unless they are gathered first.
        slow = wanted.spread * wanted.layout.beats * 2 <= min((fold.steps for fold in columns), default=0)
        gathered = size * matrix.number.width <= _GATHERED
        yield from rows if not columns or (slow and gathered) else columns


def choose(matrix: Matrix, sums: Sums, wanted: Wanted) -> Fold:
    """The cheapest fold.

    Raises:
        UnsupportedLayerError: none does it in so few clocks; names the layer, and the nearest reuse factor that does.
    """
    found = [fold for fold in _candidates(matrix, sums, wanted) if not sums.chain or fold.simd <= LONGEST_CHAIN]
    if not found:
        least = -(-matrix.terms // LONGEST_CHAIN)
        raise UnsupportedLayerError(
            f"layer {matrix.layer!r}: reuse factor {wanted.reuse} would add more than {LONGEST_CHAIN} products in a "
            f"clock, each sum cast into {matrix.accumulator}; give it at least {least}, or an accumulator that wraps"
        )
    return min(found, key=lambda fold: (price(fold, matrix, sums, wanted.family, wanted.multipliers), fold.steps))
