"""What `benchmarks.estimate` found, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.estimate_cases import FIGURES
from benchmarks.estimate_errors import Found, Row, error
from benchmarks.estimate_speed import Speed, slowest

TITLES = dict(zip(FIGURES, ("LUT", "FF", "DSP", "BRAM18", "cycles", "interval"), strict=True))


def _cells(figures: Found, truth: Found, *, errors: bool) -> str:
    cells = []
    for key in FIGURES:
        if key not in figures:
            cells.append(f"{'unknown':>18}")
        elif errors:
            cells.append(f"{figures[key]:>10,.0f} ({error(figures[key], truth[key]):>4.0%})".rjust(18))
        else:
            cells.append(f"{figures[key]:>10,.0f}        ")
    return "".join(cells)


def print_designs(rows: Sequence[Row], theirs: Mapping[str, Found], fitted: frozenset[str]) -> None:
    """Truth, ours and theirs, design by design."""
    print(f"{'':14}" + "".join(f"{title:>10}        " for title in TITLES.values()))
    for item in rows:
        truth = item.case.truth
        seen = ", which the constants were fitted to" if item.case.model in fitted else ""
        print(f"{item.case.name}{seen}{'; ' + item.case.note if item.case.note else ''}")
        print(f"  {'report':12}{_cells(truth, truth, errors=False)}")
        if item.refused:
            print(f"  {'codesign':12}  refused: {item.refused}")
        else:
            print(f"  {'codesign':12}{_cells(item.ours, truth, errors=True)}")
        if item.case.name in theirs:
            print(f"  {'rule4ml':12}{_cells(theirs[item.case.name], truth, errors=True)}")


def _percent(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1%}"


def print_medians(named: Mapping[str, Mapping[str, float | None]]) -> None:
    """Median errors, one line a kind."""
    print(f"\nmedian error  {'':26}" + "".join(f"{title:>10}" for title in TITLES.values()))
    for title, found in named.items():
        print(f"  {title:38}" + "".join(f"{_percent(found[key]):>10}" for key in FIGURES))


def print_speeds(speeds: Mapping[str, Speed]) -> None:
    """Seconds, design by design."""
    print("\nseconds                                new process    first    then, a second")
    for name, found in speeds.items():
        print(f"  {name:36}{found.cold_seconds:12.2f}{found.first_seconds:9.4f}{found.per_second:14,.0f}")
    print(f"  the slowest: {slowest(list(speeds.values())):,.0f} estimates a second, without TensorFlow")


def print_rival(document: Mapping[str, Any]) -> None:
    """How rule4ml was asked, and how long it took."""
    told = document["rule4ml"]
    if not told["ways"]:
        return
    print(
        f"\nrule4ml {told['version']}: new process and one prediction {told['cold_seconds']:.1f} s, then a prediction"
    )
    print(f"  in {told['median_seconds']:.2f} s in the median. Of each figure its best way is shown:")
    for key, way in told["best"].items():
        print(f"    {TITLES[key]:9} {way}")
    for name, reason in told["errors"].items():
        print(f"  {name} not answered: {reason}")
