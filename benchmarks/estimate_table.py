"""What `benchmarks.estimate` found, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.estimate_cases import FIGURES
from benchmarks.estimate_errors import Found, Row, error
from benchmarks.estimate_speed import Speed

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


def print_designs(rows: Sequence[Row], theirs: Mapping[str, Found], unseen: Mapping[str, Found]) -> None:
    """Truth, ours and theirs, design by design; of designs that constants were fitted to, also without these."""
    print(f"{'':14}" + "".join(f"{title:>10}        " for title in TITLES.values()))
    for item in rows:
        truth = item.case.truth
        seen = ", which the constants were fitted to" if item.case.name in unseen else ""
        print(f"{item.case.name}{seen}{'; ' + item.case.note if item.case.note else ''}")
        print(f"  {'report':12}{_cells(truth, truth, errors=False)}")
        if item.refused:
            print(f"  {'codesign':12}  refused: {item.refused}")
        else:
            print(f"  {'codesign':12}{_cells(item.ours, truth, errors=True)}")
        if item.case.name in unseen:
            print(f"  {'left out':12}{_cells(unseen[item.case.name], truth, errors=True)}")
        if item.case.name in theirs:
            print(f"  {'rule4ml':12}{_cells(theirs[item.case.name], truth, errors=True)}")


def _percent(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1%}"


def print_medians(named: Mapping[str, Mapping[str, float | None]]) -> None:
    """Median errors, one line a kind."""
    print(f"\nmedian error  {'':38}" + "".join(f"{title:>10}" for title in TITLES.values()))
    for title, found in named.items():
        print(f"  {title:50}" + "".join(f"{_percent(found[key]):>10}" for key in FIGURES))


def print_ratios(named: Mapping[str, Mapping[str, float | None]]) -> None:
    """Our median error over theirs."""
    for title, found in named.items():
        cells = "".join(f"{'unknown' if value is None else f'{value:.2f}':>10}" for value in found.values())
        print(f"  {title + ' / rule4ml':50}{cells}")


def print_inside(rows: Sequence[Row]) -> None:
    """How often the truth lies in the stated interval."""
    cells = []
    for key in FIGURES:
        told = [item.within[key] for item in rows if key in item.within]
        cells.append(f"{sum(told)} of {len(told)}" if told else "unknown")
    print("\n" + f"truth in the interval{'':31}" + "".join(f"{cell:>10}" for cell in cells))


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def print_speeds(speeds: Mapping[str, Speed]) -> None:
    """Seconds of a new process, and estimates a processor second, design by design."""
    print(f"\n{'':36}{'new process':>14}{'new weights':>16}{'known weights':>16}")
    for name, found in speeds.items():
        rates = "".join(f"{_rate(rate):>14}/s" for rate in (found.other_weights, found.same_weights))
        print(f"  {name:34}{found.cold_seconds:12.2f} s{rates}")
    print("  (by processor seconds, in one process without TensorFlow)")


def print_rival(document: Mapping[str, Any]) -> None:
    """How rule4ml was asked, and how long it took."""
    told = document["rule4ml"]
    if told["cold_seconds"] is None:
        print(f"\nrule4ml {told['version']} answered nothing")
        return
    print(
        f"\nrule4ml {told['version']}: new process and one prediction {told['cold_seconds']:.1f} s, then a prediction"
    )
    print(f"  in {told['median_seconds']:.2f} s in the median. Of each figure its best way is shown:")
    for key, way in told["best"].items():
        print(f"    {TITLES[key]:9} {way}")
    for name, reason in told["errors"].items():
        print(f"  {name} not answered: {reason}")
