"""`estimate --sweep`: what a design costs in many configurations, as a folder with a table, JSON and a picture."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from codesign.artifact import stage, write_atomic
from codesign.design import key_of
from codesign.errors import CodesignError, UsageError
from codesign.estimate import Conditions, Estimate, estimate, sweep
from codesign.estimate.local import Calibration, corrected
from codesign.frontend.options import ConvertOptions
from codesign.graph import Graph
from codesign.road.estimating import NO_TRUTH, Asked, Truth, conditions_of, known_calibration, read_asked, target_of

Progress = Callable[[str], None]

TABLE, RECORD, PICTURE = "sweep.csv", "sweep.json", "sweep.svg"


@dataclass(frozen=True)
class Corrected:
    """An estimator that a local calibration corrects; it can be sent to other processes.

    Attributes:
        calibration: fitted to pairs of estimate and truth.
    """

    calibration: Calibration

    def __call__(self, graph: Graph, conditions: Conditions) -> Estimate:
        """The corrected estimate."""
        return corrected(estimate(graph, conditions), self.calibration)


@dataclass(frozen=True)
class Sweeping:
    """A finished sweep.

    Attributes:
        path: that the user named.
        swept: its rows.
        front: those that no other beats.
        folder: that it was written to; None for none.
        no_picture: why there is no picture there; '' where there is one.
    """

    path: Path
    swept: sweep.Swept
    front: tuple[sweep.Row, ...] = field(default=())
    folder: Path | None = None
    no_picture: str = ""

    @property
    def may_fit(self) -> bool:
        """Whether a configuration fits, or may fit, or nothing limits it."""
        return any(row.costs is not None and row.costs.fits is not False for row in self.swept.rows)

    def document(self) -> dict[str, Any]:
        """All of it for machines."""
        return {
            "model": str(self.path),
            **sweep.document(self.swept),
            "folder": None if self.folder is None else str(self.folder),
        }


def sweep_path(
    path: Path,
    asked: Asked,
    options: ConvertOptions,
    text: str,
    truth: Truth = NO_TRUTH,
    *,
    data: Path | None = None,
    out: Path | None = None,
    weights: Path | None = None,
    progress: Progress = lambda text: None,
) -> Sweeping:
    """Estimate a design folder, a saved Graph, or a model file in many configurations.

    Args:
        path: of it.
        asked: what is asked for; the sweep's keys go before it.
        options: how a model file is converted; nothing to the others.
        text: the sweep, as `codesign.estimate.sweep.parse` reads it.
        truth: whether estimates are corrected by a local calibration.
        data: samples, with labels or without, that tell how well a configuration classifies.
        out: folder for the table, the JSON and the picture; None for none.
        weights: of a `.json` model.
        progress: told what is being done.

    Raises:
        CodesignError: the sweep, the model, the part or the data are refused; the message says why.
    """
    if truth.report is not None:
        raise UsageError("--report is of one design, and --sweep makes many; give one of them")
    space = sweep.parse(text)
    if path.is_file() or asked.board or asked.part:
        target_of(asked)  # refused before a model takes seconds to load
    source, asked = read_asked(path, asked, options, weights=weights, progress=progress)
    conditions = conditions_of(asked, source)
    judge = None if data is None else sweep.read_judge(source.graph, data)
    calibration = known_calibration(truth)
    estimator = estimate if calibration is None else Corrected(calibration)
    quick = sweep.goes_quick(conditions, space)
    swept = sweep.run(
        source.graph,
        replace(conditions, quick=True) if quick else conditions,
        space,
        judge=judge,
        estimate=estimator,
        progress=lambda done, total: progress(f"{done:,} of {total:,} configurations"),
    )
    if quick:
        swept = sweep.trace_front(
            swept,
            source.graph,
            conditions,
            judge=judge,
            estimate=estimator,
            progress=lambda done, total: progress(f"tracing the front, {done:,} of {total:,}"),
        )
    front = sweep.front(swept.rows)
    if out is None:
        return Sweeping(path, swept, front)
    progress("writing the table and the picture")
    return Sweeping(path, swept, front, out, _write(swept, out))


def _write(swept: sweep.Swept, out: Path) -> str:
    """Write the folder whole; why there is no picture in it, '' where there is one."""
    document = {"format": "codesign-sweep", "version": 1, **sweep.document(swept)}
    with stage(out, key_of(document)) as folder:
        sweep.write_csv(swept, folder / TABLE)
        write_atomic(folder / RECORD, json.dumps(document, indent=1) + "\n")
        try:
            sweep.plot(swept, folder / PICTURE)
        except CodesignError as error:
            return str(error)
    return ""
