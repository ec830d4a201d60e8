"""The front of a sweep of quick estimates, estimated anew by what is traced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from codesign.estimate.conditions import Conditions, Flow
from codesign.estimate.estimate import estimate as estimate_by_flow
from codesign.estimate.sweep.evaluate import Estimator, Evaluator, Task
from codesign.estimate.sweep.pareto import front
from codesign.estimate.sweep.quality import Judge
from codesign.estimate.sweep.row import Row
from codesign.estimate.sweep.running import Swept
from codesign.estimate.sweep.space import Space
from codesign.graph import Graph

MOST_TRACED = 24
"""Configurations of a sweep that are traced; each may take seconds."""

Progress = Callable[[int, int], None]


def goes_quick(conditions: Conditions, space: Space) -> bool:
    """Whether a sweep is too large to trace all of it."""
    return conditions.flow is Flow.RTL and not conditions.quick and len(space) > MOST_TRACED


def _spread(rows: tuple[Row, ...]) -> list[Row]:
    """As many as are traced, first and last among them, as evenly as can be."""
    places = np.linspace(0, len(rows) - 1, min(len(rows), MOST_TRACED)).round().astype(int)
    return [rows[place] for place in dict.fromkeys(places.tolist())]


def trace_front(
    swept: Swept,
    graph: Graph,
    conditions: Conditions,
    *,
    judge: Judge | None = None,
    estimate: Estimator = estimate_by_flow,
    progress: Progress | None = None,
) -> Swept:
    """The sweep with its front, and the design as it was, traced; where the front is long, `MOST_TRACED` rows of it.

    Args:
        swept: of quick estimates.
        graph: the design.
        conditions: as the sweep's, but not quick.
        judge: of quality, as the sweep's.
        estimate: gives the estimate of a Graph under conditions.
        progress: told how many rows are traced, and of how many.
    """
    evaluator = Evaluator(Task(graph, conditions, swept.space, judge, estimate))
    chosen = _spread(front(swept.rows)) if swept.built else []
    rows = list(swept.rows)
    for done, row in enumerate(chosen, 1):
        assert row.point is not None
        rows[row.point.index] = evaluator.row(row.point)
        if progress is not None:
            progress(done, len(chosen))
    return replace(swept, conditions=conditions, original=evaluator.original(), rows=tuple(rows))
