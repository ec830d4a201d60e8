"""How fast our own RTL is after place and route: builds random designs, measures them, and fits the estimate.

    python -m benchmarks.calibrate_fmax --seeds 0 20     # measures what `fmax.json` lacks, then fits
    python -m benchmarks.calibrate_fmax --seeds 0 0      # fits alone
    python -m benchmarks.calibrate_fmax --redraw         # after a change of `ways`: reads its own designs again

Needs nextpnr as `make measure-fmax` does, and half a minute or more a design. What is measured is kept at once, so that
it can be ended at any time. Designs of every third seed are held out: nothing is ever fitted to them.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.fmax import TOOLS, versions
from benchmarks.fmax_designs import Drawn, Kind, draw, varies
from benchmarks.fmax_fit import Constants, Measured, fit
from benchmarks.fmax_measure import place_and_route
from codesign.artifact import write_atomic
from codesign.errors import CodesignError
from codesign.estimate.rtl.way import Way, Ways
from codesign.estimate.rtl.ways import ways
from codesign.rtl import Facing
from codesign.rtl.composed import compose
from codesign.rtl.family import TIMING, Family

RESULTS = Path(__file__).parent.parent / "codesign" / "estimate" / "data" / "fmax.json"
PARTS = {Family.ECP5: "LFE5U-25F-6", Family.ICE40: "iCE40UP5K", Family.GOWIN: "GW1NR-9C C6/I5"}
HELD_OUT = 3
# `Ways.size` beyond which place and route takes too many minutes: of most seeds, and of every fourth.
_LARGEST, _LARGEST_OF_FOURTH = 1300.0, 4000.0


def held_out(seed: int) -> bool:
    """Whether designs of a seed are never fitted to."""
    return seed % HELD_OUT == 0


def largest(seed: int) -> float:
    """Size of the largest design that is measured of a seed."""
    return _LARGEST_OF_FOURTH if seed % 4 == 1 else _LARGEST


def features(drawn: Drawn) -> Ways:
    """What a drawn design's clock depends on, as the file keeps it."""
    found = ways(compose(drawn.graph, drawn.planned, Facing()), drawn.options)
    return Ways({way: round(ns, 3) for way, ns in found.longest_ns.items()}, round(found.size, 1))


def _told(found: Ways) -> dict[str, Any]:
    return {"ways_ns": {way.value: ns for way, ns in found.longest_ns.items()}, "size": found.size}


def redrawn(entry: dict[str, Any]) -> dict[str, Any]:
    """A record with what its clock depends on as it is found today."""
    if "mhz" not in entry:
        return entry
    return {**entry, **_told(features(draw(Kind(entry["kind"]), entry["seed"], Family(entry["family"]))))}


def record(kind: Kind, seed: int, family: Family) -> dict[str, Any]:
    """Draw, build and measure a design; with `left_out` where that tells nothing."""
    key = {"family": family.value, "kind": kind.value, "seed": seed}
    try:
        drawn = draw(kind, seed, family)
        found = features(drawn)
    except CodesignError as error:
        return {**key, "left_out": f"refused: {error}"}
    if not varies(drawn.graph):
        return {**key, "left_out": "an answer is constant"}
    if found.size > largest(seed):
        return {**key, "left_out": "too large"}
    placed = place_and_route(drawn)
    if placed is None:
        return {**key, "left_out": "too large for the part"}
    return {
        **key,
        "held_out": held_out(seed),
        "clock_ns": drawn.options.clock_ns,
        **_told(found),
        "cells": placed.cells,
        "mhz": placed.mhz,
    }


def measured(entry: Mapping[str, Any]) -> Measured:
    """A record of the file."""
    longest = {Way(way): float(ns) for way, ns in entry["ways_ns"].items()}
    return Measured(Ways(longest, float(entry["size"])), 1000 / float(entry["mhz"]))


def split(entries: list[dict[str, Any]], family: Family) -> tuple[list[Measured], list[Measured]]:
    """A family's designs: those that are fitted to, and those held out."""
    known = [entry for entry in entries if entry["family"] == family.value and "mhz" in entry]
    return tuple([measured(entry) for entry in known if entry["held_out"] is held] for held in (False, True))  # type: ignore[return-value]


def errors(constants: Constants, fitted: list[Measured], held: list[Measured]) -> dict[str, Any]:
    """What the estimate is worth, on what it was fitted to and on what it was not."""
    ratios = constants.ratios(held)
    off, off_fitted = np.abs(1 / ratios - 1), np.abs(1 / constants.ratios(fitted) - 1)
    return {
        "fitted": len(fitted),
        "fitted_median": round(float(np.median(off_fitted)), 4),
        "held_out": len(held),
        "median": round(float(np.median(off)), 4),
        "p90": round(float(np.quantile(off, 0.9)), 4),
        "largest": round(float(off.max()), 4),
        "low": math.floor(np.quantile(ratios, 0.05, method="lower") * 1e4) / 1e4,
        "high": math.ceil(np.quantile(ratios, 0.95, method="higher") * 1e4) / 1e4,
    }


def calibrated(entries: list[dict[str, Any]], family: Family) -> dict[str, Any] | None:
    """A family's part of the file; None where too little is measured."""
    fitted, held = split(entries, family)
    if len(fitted) < 10 or len(held) < 5:
        return None
    constants = fit(fitted, TIMING[family].fabric.stage_ns)
    return {
        "part": PARTS[family],
        "program": TOOLS[family].program,
        "constants": {
            "register_ns": constants.register_ns,
            "scale": {way.value: scale for way, scale in constants.scale.items()},
            "growth": constants.growth,
            "largest": max(design.found.size for design in (*fitted, *held)),
        },
        "errors": errors(constants, fitted, held),
    }


def _order(entry: Mapping[str, Any]) -> tuple[str, int, str]:
    return entry["family"], entry["seed"], entry["kind"]


def _lacking(entries: list[dict[str, Any]], families: list[Family], seeds: range) -> Iterator[tuple[Kind, int, Family]]:
    known = {(entry["family"], entry["kind"], entry["seed"]) for entry in entries}
    for seed in seeds:
        for kind in Kind:
            for family in families:
                if (family.value, kind.value, seed) not in known:
                    yield kind, seed, family


def _text(document: Mapping[str, Any]) -> str:
    """JSON with a line for each design."""
    lines = ",\n".join(f"  {json.dumps(entry)}" for entry in document["designs"])
    head = json.dumps({key: value for key, value in document.items() if key != "designs"}, indent=1)
    return f'{head[:-2]},\n "designs": [\n{lines}\n ]\n}}\n'


def main() -> None:
    """Measure, fit, print the errors, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--family", type=Family, nargs="+", choices=list(TOOLS), default=list(TOOLS))
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 20), metavar=("FROM", "TO"))
    parser.add_argument("--redraw", action="store_true", help="draw again what is measured, without tools")
    options = parser.parse_args()
    document: dict[str, Any] = json.loads(options.out.read_text()) if options.out.exists() else {"designs": []}
    seeds = range(*options.seeds)
    entries: list[dict[str, Any]] = document["designs"]
    if options.redraw:
        entries = [redrawn(entry) for entry in entries]
    lacking = list(_lacking(entries, options.family, seeds))
    if lacking:
        document["tools"] = versions()
    for kind, seed, family in lacking:
        entries.append(record(kind, seed, family))
        print(entries[-1], flush=True)
        document["designs"] = sorted(entries, key=_order)
        write_atomic(options.out, _text(document))
    found = {family.value: calibrated(entries, family) for family in Family}
    document = {
        "tools": document["tools"],
        "families": {name: part for name, part in found.items() if part is not None},
        "designs": sorted(entries, key=_order),
    }
    write_atomic(options.out, _text(document))
    for name, part in document["families"].items():
        print(name, part["constants"], part["errors"], sep="\n    ")


if __name__ == "__main__":
    main()
