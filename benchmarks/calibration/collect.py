"""Yosys' counts of random networks, family by family: what the model of our own RTL's resources is fitted to.

`make calibrate` runs it; what was counted already is kept, so that it goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from benchmarks.calibration.networks import network
from codesign import rtl
from codesign.artifact import write_atomic
from codesign.board.rtl_family import board_family
from codesign.board.sources import read_sources
from codesign.board.synthesis import synthesise_for
from codesign.errors import CodesignError
from codesign.rtl import Family

FOLDER = Path(__file__).parent
SEEDS = range(72)
# A network that keeps Yosys longer is left out: the set is for many kinds, not for large ones.
LIMIT_S = 240.0

CLOCKS_NS: Mapping[Family, tuple[float, ...]] = {
    Family.XILINX_7SERIES: (5.0, 8.0, 10.0),
    Family.XILINX_ULTRASCALE_PLUS: (3.0, 5.0, 8.0),
    Family.ECP5: (10.0, 15.0, 20.0),
    Family.ICE40: (30.0, 50.0, 80.0),
    Family.GOWIN: (15.0, 20.0, 37.0),
}


def path(family: Family) -> Path:
    """Where a family's counts are kept."""
    return FOLDER / f"yosys_{family.value}.json"


def clock_ns(family: Family, seed: int) -> float:
    """The clock period that a network is built for."""
    choices = CLOCKS_NS[family]
    return choices[(seed // 7) % len(choices)]


def count(family: Family, seed: int) -> dict[str, Any]:
    """One network's cells; or why it has none."""
    drawn, period = network(seed), clock_ns(family, seed)
    row: dict[str, Any] = {"seed": seed, "kind": drawn.kind, "clock_ns": period}
    with tempfile.TemporaryDirectory(prefix="calibrate-") as name:
        folder = Path(name)
        try:
            rtl.write_project(
                drawn.graph, folder / "rtl", clock_ns=period, family=family, part="", multipliers=drawn.multipliers
            )
            sources = read_sources(folder / "rtl")
            found = synthesise_for(sources, board_family(family), folder, limit_s=LIMIT_S)
            row["cells"], row["yosys"] = dict(found.cells), found.yosys
        except CodesignError as error:
            row["refused"] = str(error).replace(name, "")[:200]
    return row


def kept(family: Family) -> dict[int, dict[str, Any]]:
    """By seed, what was counted already."""
    try:
        return {row["seed"]: row for row in json.loads(path(family).read_text())["rows"]}
    except FileNotFoundError:
        return {}


def save(family: Family, rows: Mapping[int, Mapping[str, Any]]) -> None:
    """Write a family's counts."""
    lines = ",\n".join(json.dumps(rows[seed], sort_keys=True) for seed in sorted(rows))
    write_atomic(path(family), f'{{"family": "{family.value}", "rows": [\n{lines}\n]}}\n')


def main() -> None:
    """Count what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=len(SEEDS))
    given = parser.parse_args()
    rows = {family: kept(family) for family in Family}
    missing = [(family, seed) for seed in range(given.seeds) for family in Family if seed not in rows[family]]
    start = time.time()
    with ProcessPoolExecutor(given.workers) as pool:
        running = {pool.submit(count, family, seed): family for family, seed in missing}
        for done, future in enumerate(as_completed(running), 1):
            family, row = running[future], future.result()
            rows[family][row["seed"]] = row
            save(family, rows[family])
            told = row.get("refused") or f"{sum(row['cells'].values())} cells"
            print(
                f"{done}/{len(missing)} {time.time() - start:.0f} s {family.value} {row['seed']} {row['kind']}: {told}",
                flush=True,
            )


if __name__ == "__main__":
    main()
