"""A sweep as CSV, and as JSON holds it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from codesign.artifact import write_atomic
from codesign.estimate.sweep.pareto import Objective, default_objectives, front
from codesign.estimate.sweep.row import FIGURES, Row
from codesign.estimate.sweep.running import Swept
from codesign.estimate.sweep.space import text

_KEPT = ("weight_bits", "activation_bits", "bits_kept", "quality")


def _cell(value: float | bool | None) -> str:
    """A number in full; nothing where it is not known."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else repr(int(value)) if value == int(value) else repr(value)


def _cells(row: Row, on_front: bool) -> list[str]:
    cells = [] if row.point is None else [str(row.point.index), *map(text, row.point.values)]
    cells.append("refused" if row.costs is None else "built")
    cells += [_cell(None if row.kept is None else getattr(row.kept, name)) for name in _KEPT]
    for name in FIGURES:
        figure = None if row.costs is None else getattr(row.costs, name)
        cells += ["", "", ""] if figure is None else [_cell(figure.value), _cell(figure.low), _cell(figure.high)]
    fits = None if row.costs is None else row.costs.fits
    return [*cells, _cell(fits), _cell(row.quick), _cell(on_front), row.refusal]


def csv_text(swept: Swept, objectives: Sequence[Objective] | None = None) -> str:
    """The table: a line for each configuration, in order; a cell is empty where its figure is not known.

    Its columns are the index, the sweep's keys, `status` (built or refused), what is kept, each figure with its `_low`
    and `_high`, `fits`, `quick` (whether it was predicted, not traced), `front` (whether no other configuration beats
    it) and the `reason` of a refusal.
    """
    best = {id(row) for row in front(swept.rows, objectives)}
    figures = [f"{name}{end}" for name in FIGURES for end in ("", "_low", "_high")]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    keys = [axis.key for axis in swept.space.axes]
    writer.writerow(["index", *keys, "status", *_KEPT, *figures, "fits", "quick", "front", "reason"])
    writer.writerows(_cells(row, id(row) in best) for row in swept.rows)
    return out.getvalue()


def write_csv(swept: Swept, path: Path, objectives: Sequence[Objective] | None = None) -> None:
    """Write the table of `csv_text`, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    write_atomic(path, csv_text(swept, objectives))


def document(swept: Swept, objectives: Sequence[Objective] | None = None) -> dict[str, Any]:
    """The sweep for machines: plain values, as JSON holds them; null where not known."""
    judged = tuple(objectives) if objectives is not None else default_objectives(swept.rows)
    conditions = swept.conditions
    return {
        "graph": swept.graph,
        "flow": conditions.flow.value,
        "part": conditions.target.part,
        "board": None if conditions.target.board is None else conditions.target.board.name,
        "clock_ns": conditions.clock_ns,
        "space": {axis.key: [text(value) for value in axis.values] for axis in swept.space.axes},
        "configurations": len(swept.rows),
        "refused": len(swept.refused),
        "quality": swept.quality or None,
        "objectives": [objective.name for objective in judged],
        "original": swept.original.document(),
        "front": [row.point.index for row in front(swept.rows, judged) if row.point is not None],
        "rows": [row.document() for row in swept.rows],
    }
