"""The configurations that no other one beats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from codesign.errors import EstimateError
from codesign.estimate.sweep.row import FIGURES, Kept, Row

_KEPT = tuple(item.name for item in fields(Kept))
_MOST = frozenset({"fmax_mhz", "bits_kept", "quality"})
NAMES = (*FIGURES, *_KEPT)
"""What a configuration may be judged by."""


@dataclass(frozen=True)
class Objective:
    """One thing that a configuration is judged by.

    Attributes:
        name: a figure of the estimate, or of what is kept; one of `NAMES`.

    Raises:
        EstimateError: it is none.
    """

    name: str

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            raise EstimateError(f"{self.name[:80]!r} is nothing that a sweep tells; choose from {', '.join(NAMES)}")

    @property
    def larger_is_better(self) -> bool:
        """Whether more of it is better."""
        return self.name in _MOST

    def value(self, row: Row) -> float | None:
        """Of a row; None where it is not known."""
        if self.name in FIGURES:
            figure = None if row.costs is None else getattr(row.costs, self.name)
            return None if figure is None else float(figure.value)
        found = None if row.kept is None else getattr(row.kept, self.name)
        return None if found is None else float(found)


def default_objectives(rows: Sequence[Row]) -> tuple[Objective, ...]:
    """Quality (without data, how many of the design's bits are kept) against LUTs, DSPs, latency and interval in ns.

    What no row tells is left out.
    """
    measured = any(row.kept is not None and row.kept.quality is not None for row in rows)
    names = ("quality" if measured else "bits_kept", "lut", "dsp", "latency_ns", "interval_ns")
    wanted = map(Objective, names)
    return tuple(item for item in wanted if any(item.value(row) is not None for row in rows))


def front(rows: Sequence[Row], objectives: Sequence[Objective] | None = None) -> tuple[Row, ...]:
    """The rows that no other row beats: better in one objective, and worse in none (the Pareto front).

    Rows that are as good in everything all stay. A row that cannot be built, or of which an objective is not known, is
    not among them and beats none; nor is a quick row where others were traced.

    Args:
        rows: of a sweep.
        objectives: to judge by; the default ones without them.

    Returns:
        The best in the first objective first; rows that are equal in it by the next ones.
    """
    judged = tuple(objectives) if objectives is not None else default_objectives(rows)
    known: list[tuple[Row, list[float]]] = []
    traced = [row for row in rows if row.costs is not None and not row.quick]
    for row in traced or rows:
        values = [objective.value(row) for objective in judged]
        told = [value for value in values if value is not None]
        if row.costs is not None and len(told) == len(values):
            known.append((row, told))
    if not known or not judged:
        return ()
    costs = np.array([values for _, values in known], dtype=np.float64)
    costs *= [-1.0 if objective.larger_is_better else 1.0 for objective in judged]
    return tuple(known[index][0] for index in _unbeaten(costs))


def _unbeaten(costs: npt.NDArray[np.float64]) -> list[int]:
    """Indices of the (n, objectives) rows that none beats, in the order of their columns; smaller is better."""
    order = np.lexsort(costs.T[::-1])
    kept: list[int] = []
    best = np.empty_like(costs)
    for index in order.tolist():
        # One that comes later in this order beats none that came before it.
        mine, others = costs[index], best[: len(kept)]
        beaten = np.all(others <= mine, axis=1) & np.any(others < mine, axis=1)
        if not beaten.any():
            best[len(kept)] = mine
            kept.append(index)
    return kept
