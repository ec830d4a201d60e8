"""How near the estimator comes to a vendor's reports, and how fast it is, beside rule4ml: `make bench-estimate`.

    python -m benchmarks.estimate [--without-rule4ml] [--out build/bench/estimate.json]

Reads every design below CODESIGN_VITIS_GOLDEN (default ../shared/vitis_golden), estimates it for its part and clock,
and asks rule4ml for the same. An error is |estimate - truth| / max(truth, 1). rule4ml is asked in four ways
(`benchmarks.rule4ml.ask`); of each figure, the way whose median error is smallest is shown and compared with.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.estimate_cases import FIGURES, cases, for_rtl
from benchmarks.estimate_errors import Found, Row, errors_of, left_out, medians, ratios, row
from benchmarks.estimate_rtl import print_rtl, rtl_errors
from benchmarks.estimate_speed import Speed, require_light, speed
from benchmarks.estimate_table import (
    print_designs,
    print_inside,
    print_medians,
    print_ratios,
    print_rival,
    print_speeds,
)
from benchmarks.rule4ml.ask import WAYS, Answers, Way, ask, cold_seconds
from benchmarks.sweep import OTHERS, Timed, timed
from codesign.artifact import write_atomic

GOLDEN = Path(os.environ.get("CODESIGN_VITIS_GOLDEN", "../shared/vitis_golden"))
RIVAL = Path(".venv/rule4ml/bin/python")
WARM_COPIES, RTL_COPIES = 200, 5


def best_ways(rows: Sequence[Row], answers: Answers) -> dict[str, Way]:
    """By figure, the way of asking rule4ml that is nearest to the truth in the median."""
    found = {}
    for key in FIGURES:
        medians = {
            way: statistics.median(errors) for way in WAYS if (errors := errors_of(rows, answers.figures[way])[key])
        }
        if medians:
            found[key] = min(medians, key=lambda way: medians[way])
    return found


def rivals(rows: Sequence[Row], answers: Answers) -> dict[str, dict[str, float]]:
    """rule4ml's figures by design, each by its best way."""
    best = best_ways(rows, answers)
    return {
        item.case.name: {
            key: answers.figures[way][item.case.name][key]
            for key, way in best.items()
            if key in answers.figures[way].get(item.case.name, {})
        }
        for item in rows
    }


def _one_a_model(rows: Sequence[Row]) -> list[Row]:
    """Of each model the first design with the least reuse that is estimated."""
    found: dict[str, Row] = {}
    for item in rows:
        known = found.get(item.case.model)
        if not item.refused and (known is None or item.case.most_reuse < known.case.most_reuse):
            found[item.case.model] = item
    return list(found.values())


def _speeds(rows: Sequence[Row]) -> dict[str, Speed]:
    found = {}
    for item in _one_a_model(rows):
        found[f"{item.case.name}, vitis"] = speed(item.case, copies=WARM_COPIES)
        ours = for_rtl(item.case)
        if not row(ours).refused:
            found[f"{item.case.name}, rtl"] = speed(ours, copies=RTL_COPIES)
    return found


def _sweep(rows: Sequence[Row]) -> Timed | None:
    """A sweep of the largest model of dense layers, as many processes as it chooses; None without such a model."""
    known = [item.case for item in _one_a_model(rows) if item.case.dense]
    if not known:
        return None
    largest = max(known, key=lambda case: sum(node.weight.size for node in case.dense))
    text = f"weights=2..8 activations=3..8 {largest.dense[-1].name}.weights=2..8 {OTHERS}"
    return timed(largest.name, largest.graph, text, None)


def _rival(rows: Sequence[Row], python: Path, document: dict[str, Any]) -> dict[str, dict[str, float]]:
    designs = {item.case.name: (item.case.graph, item.case.conditions.target) for item in rows}
    answers = ask(python, designs)
    asked = [name for name in designs if name not in answers.errors]
    cold = cold_seconds(python, asked[0], *designs[asked[0]]) if asked else None
    each = [value for way in WAYS for value in answers.seconds[way].values()]
    document["rule4ml"] = {
        "version": answers.version,
        "start_seconds": answers.start_seconds,
        "cold_seconds": cold,
        "median_seconds": statistics.median(each) if each else None,
        "errors": dict(answers.errors),
        "ways": {str(way): answers.figures[way] for way in WAYS},
        "best": {key: str(way) for key, way in best_ways(rows, answers).items()},
    }
    return rivals(rows, answers)


_OURS, _UNSEEN = "codesign", "codesign, on models left out of the fit"
_THEIRS = "rule4ml, of each figure its best way"


def _medians(
    rows: Sequence[Row], theirs: Mapping[str, Found], unseen: Mapping[str, Found]
) -> dict[str, dict[str, float | None]]:
    ours = {item.case.name: item.ours for item in rows}
    named = {_OURS: medians(errors_of(rows, ours)), _UNSEEN: medians(errors_of(rows, {**ours, **unseen}))}
    return {**named, _THEIRS: medians(errors_of(rows, theirs))} if theirs else named


def main() -> None:
    """Estimate, compare, time, print, and write the numbers as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("build/bench/estimate.json"))
    parser.add_argument("--golden", type=Path, default=GOLDEN, help="folder of designs")
    parser.add_argument("--without-rule4ml", action="store_true", help="leave rule4ml out")
    parser.add_argument("--rule4ml-python", type=Path, default=RIVAL, help="of the environment that rule4ml is in")
    options = parser.parse_args()
    found, refused = cases(options.golden)
    if not found:
        raise SystemExit(f"no design below {options.golden}; point CODESIGN_VITIS_GOLDEN at them")
    rows = [row(case) for case in found]
    require_light()
    document: dict[str, Any] = {"machine": platform.platform(), "python": platform.python_version(), "rule4ml": {}}
    theirs: dict[str, dict[str, float]] = {}
    if options.without_rule4ml:
        print("Without rule4ml, as asked: nothing to compare with.\n")
    elif not options.rule4ml_python.exists():
        print(f"Without rule4ml: {options.rule4ml_python} is missing; `make bench-estimate` installs it.\n")
    else:
        theirs = _rival(rows, options.rule4ml_python, document)
    unseen = left_out(rows)
    print_designs(rows, theirs, unseen)
    for name, reason in refused.items():
        print(f"{name}\n  unsupported: {reason}")
    named = _medians(rows, theirs, unseen)
    print_medians(named)
    if theirs:
        compared = {name: ratios(named[name], named[_THEIRS]) for name in (_OURS, _UNSEEN)}
        document["ratios"] = compared
        print_ratios(compared)
        print_rival(document)
    print_inside(rows)
    print_rtl()
    speeds = _speeds(rows)
    if speeds:
        print_speeds(speeds)
    swept = _sweep(rows)
    if swept is not None:
        print(f"\n{swept.configurations:,} configurations of {swept.name} in {swept.seconds:.1f} s")
    require_light()
    document["designs"] = [
        {
            "name": r.case.name,
            "truth": dict(r.case.truth),
            "codesign": dict(r.ours),
            "left_out": unseen.get(r.case.name),
            "within": dict(r.within),
            "refused": r.refused,
            "rule4ml": theirs.get(r.case.name),
            "note": r.case.note,
        }
        for r in rows
    ]
    document["unsupported"] = refused
    document["medians"] = named
    document["rtl"] = rtl_errors()
    document["sweep"] = None if swept is None else asdict(swept)
    document["speeds"] = {name: asdict(item) for name, item in speeds.items()}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(options.out, json.dumps(document, indent=1) + "\n")
    print(f"\nwritten to {options.out}")


if __name__ == "__main__":
    main()
