"""Fits what the models of layers are multiplied by to the published reports, and says how far each is off.

    python -m benchmarks.calibrate_layers           # writes codesign/estimate/data/vitis_layers.json
    python -m benchmarks.calibrate_layers --check   # only compares, and prints the table

Each family has two factors, for LUTs and for flip-flops: the medians of reported over modelled, where what the
rest of a design takes is taken off first. A report is judged by the factors that the others of its family give;
families with too few reports have no factors.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks.layer_reports import LayerReport, Scope, read
from codesign.artifact import write_atomic
from codesign.estimate import IoType, estimate
from codesign.estimate.vitis import layers as _layers  # noqa: F401  (the models register as they are imported)
from codesign.estimate.vitis.convolution import stream_cycles, window_product
from codesign.estimate.vitis.dataflow import feeding
from codesign.estimate.vitis.fabric import ports
from codesign.estimate.vitis.families import CALIBRATION, FAMILY_OF, LayerFamily, unscaled
from codesign.estimate.vitis.module import module
from codesign.estimate.vitis.streams import pieces
from codesign.graph import Convolution, Input, LayerNormalization, Reshape

RESOURCES = ("lut", "ff")
FIGURES = ("lut", "ff", "dsp", "bram18", "latency", "interval")
_TOTALS = {
    "lut": "lut",
    "ff": "ff",
    "dsp": "dsp",
    "bram18": "bram",
    "latency": "latency_cycles",
    "interval": "interval",
}
"""Of estimates, by figure."""
_TOP = {"lut": 38.0, "ff": 2.0}
"""What the top of a design of one pipelined module takes: all reports of such agree."""
_FEWEST = 3
"""Reports that a factor is fitted to at least."""
_TINY = 16
"""So many LUTs or flip-flops beside the truth are no error to speak of."""


@dataclass(frozen=True)
class Modelled:
    """A report with what the models say.

    Attributes:
        report: what was published.
        own: by figure, of the layer that is fitted, before factors.
        rest: by figure, of everything else in the report.
    """

    report: LayerReport
    own: Mapping[str, float]
    rest: Mapping[str, float]

    @property
    def family(self) -> LayerFamily:
        """Of the layer."""
        return FAMILY_OF[type(self.report.layer)]

    def ratio(self, resource: str) -> float | None:
        """Reported over modelled; None where the model has none of it, or the rest takes all."""
        own, left = self.own[resource], self.report.reported[resource] - self.rest[resource]
        return left / own if own > 0 and left > 0 else None

    def error(self, name: str, factor: float = 1.0) -> float | None:
        """Relative error against the report; None where it does not state the figure, or states 0 and is not met."""
        truth = self.report.reported.get(name)
        if truth is None:
            return None
        said = factor * self.own[name] + self.rest[name]
        close = _TINY if name in RESOURCES else 0.5
        return 0.0 if abs(said - truth) <= close else abs(said - truth) / truth if truth else None


def model(report: LayerReport, all_reports: Mapping[str, LayerReport]) -> Modelled | None:
    """The models' answer; None where the report is of several layers, or its layer is not modelled here."""
    node = report.layer
    alone = sum(not isinstance(other, Input | Reshape) for other in report.graph) == 1
    if type(node) not in FAMILY_OF or (report.scope is Scope.DESIGN and not alone):
        return None
    with unscaled():
        row = module(node, feeding(report.graph, node, report.conditions), report.conditions)
        if row is None:
            return None
        own = {name: float(getattr(row, name)) for name in FIGURES}
        rest = dict.fromkeys(FIGURES, 0.0)
        if report.scope is Scope.AROUND_MATRIX:
            assert isinstance(node, Convolution)
            assert report.matrix_latency is not None
            product = window_product(node, report.graph.sources(node)[0], report.conditions).cost
            for name in ("lut", "ff", "dsp", "bram18"):
                own[name] -= getattr(product, name)
            trips = pieces(report.graph.sources(node)[0].shape)
            own["latency"] = stream_cycles(trips, report.matrix_latency, node.reuse_factor, called=True)
        elif report.scope is Scope.LAST:
            without = all_reports[report.less].reported
            stream = report.conditions.io_type is IoType.STREAM
            # Its last layer is wires, which in a stream are a process of a clock all the same.
            rest.update({name: float(without[name]) for name in ("lut", "ff", "bram18")})
            rest.update(dsp=float(report.reported["dsp"]), latency=1.0 if stream else 0.0)
        elif report.scope is Scope.LAYER and isinstance(node, LayerNormalization):
            own["ff"] -= ports(report.graph.sources(node)).ff  # in the design's top there
        elif row.latency == 0:
            rest.update(_TOP)
    return Modelled(report, own, rest)


Judge = Callable[[Sequence[Modelled]], list[dict[str, float | None]]]


def factor(reports: Sequence[Modelled], resource: str) -> float:
    """The median of what is reported over what is modelled; 1 where too few reports tell."""
    ratios = [ratio for one in reports if (ratio := one.ratio(resource)) is not None]
    return statistics.median(ratios) if len(ratios) >= _FEWEST else 1.0


def left_out(reports: Sequence[Modelled]) -> list[dict[str, float | None]]:
    """By report, the errors of a model that is fitted to the others."""
    found = []
    for one in reports:
        others = [other for other in reports if other is not one]
        scales = {name: factor(others, name) if name in RESOURCES else 1.0 for name in FIGURES}
        found.append({name: one.error(name, scales[name]) for name in FIGURES})
    return found


def ninth(errors: Sequence[float | None]) -> float:
    """What nine errors in ten are below, of those that are known; 0 where none is."""
    known = sorted(error for error in errors if error is not None)
    return known[math.ceil(0.9 * len(known)) - 1] if known else 0.0


def fit(modelled: Sequence[Modelled]) -> dict[str, Any]:
    """By family, factors and the errors that nine reports in ten stay below when they are left out."""
    families: dict[str, Any] = {}
    for family in LayerFamily:
        mine = [one for one in modelled if one.family is family]
        if not mine:
            continue
        errors = left_out(mine)
        worst = {name: ninth([e[name] for e in errors]) for name in FIGURES}
        families[family.value] = {
            "lut": round(factor(mine, "lut"), 4),
            "ff": round(factor(mine, "ff"), 4),
            "errors": {name: round(value, 4) for name, value in worst.items()},
            "reports": len(mine),
        }
    return families


def _percent(error: float | None) -> str:
    return "-" if error is None else f"{100 * error:.1f}"


def with_factors(families: Mapping[str, Any], reports: Sequence[Modelled]) -> list[dict[str, float | None]]:
    """By report, the errors of the models as they are fitted to others."""
    found = []
    for one in reports:
        fitted = families.get(one.family.value, {})
        found.append({name: one.error(name, fitted.get(name, 1.0) if name in RESOURCES else 1.0) for name in FIGURES})
    return found


def table(modelled: Sequence[Modelled], errors_of: Judge, *, detail: bool) -> str:
    """Errors of what was left out, by family, in per cent: the median, and what nine in ten are below."""
    lines = [f"{'':34}" + "".join(f"{name:>16}" for name in FIGURES)]
    for family in LayerFamily:
        mine = [one for one in modelled if one.family is family]
        if not mine:
            continue
        errors = errors_of(mine)
        cells = []
        for name in FIGURES:
            known = sorted(value for e in errors if (value := e[name]) is not None)
            cells.append(f"{100 * known[len(known) // 2]:.1f} / {100 * ninth(known):.1f}" if known else "-")
        lines.append(f"{family.value + f' ({len(mine)})':34}" + "".join(f"{cell:>16}" for cell in cells))
        if detail:
            for one, error in zip(mine, errors, strict=True):
                text = "".join(f"{_percent(error[name]):>16}" for name in FIGURES)
                lines.append(f"  {one.report.name[-32:]:32}" + text)
    return "\n".join(lines)


def whole(reports: Sequence[LayerReport]) -> str:
    """Errors of estimates of whole designs, in per cent: the median, and what nine in ten are below.

    Most are of one layer behind a dense layer; of both, what joins them, and the design's ports.
    """
    lines = [f"{'':34}" + "".join(f"{name:>16}" for name in FIGURES)]
    for io_type in IoType:
        errors: dict[str, list[float]] = {name: [] for name in FIGURES}
        mine = [one for one in reports if one.conditions.io_type is io_type]
        for report in mine:
            found = estimate(report.graph, report.conditions)
            for name, total in _TOTALS.items():
                truth, said = report.reported.get(name), getattr(found, total)
                if truth is not None and said is not None:
                    errors[name].append(abs(said.value - truth) / max(truth, 1))
        cells = [f"{100 * statistics.median(found):.1f} / {100 * ninth(found):.1f}" for found in errors.values()]
        lines.append(f"{io_type.value + f' ({len(mine)})':34}" + "".join(f"{cell:>16}" for cell in cells))
    return "\n".join(lines)


def main() -> int:
    """Fit and write, or compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="compare only; fails where the fit differs from what is saved"
    )
    parser.add_argument("--detail", action="store_true", help="every report, not only every family")
    arguments = parser.parse_args()
    reports = {report.name: report for report in read()}
    modelled = [one for report in reports.values() if (one := model(report, reports)) is not None]
    fitted = [one for one in modelled if one.report.modern]
    document: dict[str, Any] = {"fitted_by": "python -m benchmarks.calibrate_layers", "families": fit(fitted)}
    print(table(fitted, left_out, detail=arguments.detail))
    older = [one for one in modelled if not one.report.modern]
    judge = partial(with_factors, document["families"])
    print("\nOlder tools and templates, not fitted to:\n" + table(older, judge, detail=arguments.detail))
    designs = [one for one in reports.values() if one.modern and one.scope in (Scope.DESIGN, Scope.LAST)]
    print("\nWhole designs:\n" + whole(designs))
    if arguments.check:
        return int(json.loads(CALIBRATION.read_text(encoding="utf-8")) != document)
    write_atomic(CALIBRATION, (json.dumps(document, indent=1) + "\n").encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
