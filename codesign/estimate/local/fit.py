"""What pairs of estimate and truth teach: a factor for each figure, and how far the truth still lies from it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from codesign.estimate.local.comparison import FIGURES
from codesign.estimate.local.pair import Group, Pair, model_version

WEIGHT = 2
"""The model's own word, that its estimates need no factor, counts as much as this many pairs."""

ENOUGH = 9
"""From so many pairs on, residuals alone give the interval: with fewer, none of them bounds nine in ten of the next."""


@dataclass(frozen=True)
class Correction:
    """Of one figure, in one group.

    Attributes:
        log_factor: natural logarithm of what an estimate is multiplied by.
        spread: the truth is expected within a factor of exp(spread) of that, nine times out of ten; of fewer than
            `ENOUGH` pairs, the largest that was seen.
        pairs: that it was fitted to.
    """

    log_factor: float
    spread: float
    pairs: int

    @property
    def factor(self) -> float:
        """What an estimate is multiplied by."""
        return math.exp(self.log_factor)

    @property
    def is_enough(self) -> bool:
        """Whether the spread alone gives the interval."""
        return self.pairs >= ENOUGH


@dataclass(frozen=True)
class Calibration:
    """What a local calibration file teaches.

    Attributes:
        corrections: by group, and by figure in it.
        pairs: that were used.
        left_out: pairs of another version of codesign, whose models say something else.
    """

    corrections: Mapping[Group, Mapping[str, Correction]]
    pairs: int
    left_out: int

    def document(self) -> dict[str, Any]:
        """The calibration for machines."""
        return {
            "pairs": self.pairs,
            "left_out": self.left_out,
            "groups": [
                {
                    "flow": group.flow.value,
                    "stage": group.stage.value,
                    "family": group.family.value,
                    "part": group.part,
                    "figures": {
                        name: {"factor": found.factor, "spread": found.spread, "pairs": found.pairs}
                        for name, found in figures.items()
                    },
                }
                for group, figures in self.corrections.items()
            ],
        }


def log_ratio(pair: Pair, name: str) -> float | None:
    """Logarithm of truth over estimate; None where either is not known or nothing was expected.

    A figure that was expected, and of which none was reported, counts as half of one.
    """
    guess, truth = pair.estimate[name], pair.truth[name]
    if guess is None or truth is None or guess.value <= 0:
        return None
    return math.log(max(truth, 0.5) / guess.value)


def _center(middle: float, count: int) -> float:
    """A median of so many ratios, drawn towards 0 where there are few."""
    return middle * count / (count + WEIGHT)


def _median_without(ratios: Sequence[float], left_out: int) -> float:
    """The median of sorted ratios but one; 0 of none."""
    count = len(ratios) - 1
    if not count:
        return 0.0
    places = [count // 2] if count % 2 else [count // 2 - 1, count // 2]
    return sum(ratios[place + (place >= left_out)] for place in places) / len(places)


def correction(ratios: Sequence[float]) -> Correction:
    """Fit a figure's correction.

    The spread is what holds, of each pair, the distance from what the others say of it: with `ENOUGH` pairs the
    ceil(0.9 (n + 1))-th smallest (split conformal prediction), with fewer the largest.

    Args:
        ratios: logarithms of truth over estimate, at least one.
    """
    ordered, count = sorted(ratios), len(ratios)
    left = sorted(
        abs(ratio - _center(_median_without(ordered, place), count - 1)) for place, ratio in enumerate(ordered)
    )
    rank = -(-9 * (count + 1) // 10)
    return Correction(_center(median(ordered), count), left[min(rank, count) - 1], count)


def fit(pairs: Iterable[Pair], *, without: str | None = None, version: str | None = None) -> Calibration:
    """Fit a correction to each flow, stage, family and figure.

    Args:
        pairs: of a local calibration file.
        without: SHA-256 of a design whose pairs are left aside, so that what is fitted can be tried on it.
        version: of codesign, whose pairs are used; the present one without it.
    """
    wanted = version or model_version()
    found = [pair for pair in pairs if pair.graph != without]
    used = [pair for pair in found if pair.version == wanted]
    groups: dict[Group, dict[str, list[float]]] = {}
    for pair in used:
        figures = groups.setdefault(pair.group, {})
        for name in FIGURES:
            ratio = log_ratio(pair, name)
            if ratio is not None:
                figures.setdefault(name, []).append(ratio)
    corrections = {
        group: {name: correction(figures[name]) for name in FIGURES if name in figures}
        for group, figures in groups.items()
    }
    return Calibration(corrections, len(used), len(found) - len(used))
