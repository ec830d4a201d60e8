"""How far estimates are from the truth."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.estimate_cases import FIGURES, Case
from codesign.errors import CodesignError
from codesign.estimate import Estimate, Figure, estimate
from codesign.estimate.vitis.calibration import CALIBRATION

Found = Mapping[str, float]

_RECORDED = {**{key: key for key in FIGURES}, "cycles": "latency"}


@dataclass(frozen=True)
class Row:
    """A design: the truth and what is said of it.

    Attributes:
        case: the design.
        ours: estimated, by figure; a figure that is not known is not there.
        within: by figure, whether the truth lies in our interval.
        refused: why there is no estimate; '' where there is one.
    """

    case: Case
    ours: Found
    within: Mapping[str, bool]
    refused: str = ""


def error(found: float, truth: float) -> float:
    """Relative error; of a truth of 0, the absolute one."""
    return abs(found - truth) / max(truth, 1.0)


def _figures(found: Estimate) -> dict[str, Figure | None]:
    return {
        "lut": found.lut,
        "ff": found.ff,
        "dsp": found.dsp,
        "bram18": found.bram,
        "cycles": found.latency_cycles,
        "interval": found.interval,
    }


def row(case: Case) -> Row:
    """Estimate a design."""
    try:
        found = _figures(estimate(case.graph, case.conditions))
    except CodesignError as refusal:
        return Row(case, {}, {}, str(refusal))
    known = {key: figure for key, figure in found.items() if figure is not None}
    within = {key: figure.low <= case.truth[key] <= figure.high for key, figure in known.items()}
    return Row(case, {key: figure.value for key, figure in known.items()}, within)


def errors_of(rows: Sequence[Row], figures: Mapping[str, Found]) -> dict[str, list[float]]:
    """By figure, the error on each design that has it.

    Args:
        rows: the designs.
        figures: by design.
    """
    return {
        key: [
            error(figures[item.case.name][key], item.case.truth[key])
            for item in rows
            if key in figures.get(item.case.name, {})
        ]
        for key in FIGURES
    }


def medians(errors: Mapping[str, Sequence[float]]) -> dict[str, float | None]:
    """By figure; None where there is no error at all."""
    return {key: statistics.median(found) if found else None for key, found in errors.items()}


def ratios(ours: Mapping[str, float | None], theirs: Mapping[str, float | None]) -> dict[str, float | None]:
    """Our median error as a part of theirs; None where either is not known, 0 where we have none."""
    found: dict[str, float | None] = {}
    for key in FIGURES:
        mine, other = ours[key], theirs[key]
        found[key] = None if mine is None or other is None else 0.0 if mine == 0 else mine / other if other else None
    return found


def left_out(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """By design, what constants say that were fitted to the other models alone.

    That is on record for the designs that the shipped constants were fitted to; the others are estimated as they are.
    """
    record = json.loads(CALIBRATION.read_text(encoding="utf-8"))["left_out"]
    by_name = {entry["design"]: entry for entry in record}
    found = {}
    for item in rows:
        entry = by_name.get(item.case.name)
        if entry is not None and all(entry[_RECORDED[key]][1] == item.case.truth[key] for key in FIGURES):
            found[item.case.name] = {key: float(entry[_RECORDED[key]][0]) for key in FIGURES}
    return found
