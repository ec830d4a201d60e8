"""How fast sweeps are: 10,584 configurations of two classifiers in the vitis flow, on one core and on all.

    python -m benchmarks.sweep [--out build/bench/sweep.json]

The digits classifier is made without a model (`benchmarks.classifiers`), the jet tagger is CODESIGN_VITIS_GOLDEN's
(default ../shared/vitis_golden). Nothing of it imports Keras or hls4ml, which is checked at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.classifiers import mlp
from benchmarks.vendor_designs import read
from codesign.artifact import write_atomic
from codesign.board import load_board
from codesign.estimate import Conditions, Flow, board_target, sweep
from codesign.graph import Graph
from codesign.simulate.engine.run import available_threads

GOLDEN = Path(os.environ.get("CODESIGN_VITIS_GOLDEN", "../shared/vitis_golden"))
OTHERS = "reuse=1,2,4,8 clock_ns=2.5..22.5/2.5"
DATA = "weights=2..8 activations=3..8 reuse=1,2,4"
SAMPLES = 400


@dataclass(frozen=True)
class Timed:
    """One sweep.

    Attributes:
        name: of the design, and what else is measured.
        configurations: of the sweep.
        workers: processes; None where the sweep chooses.
        seconds: from the call to the last row.
        cpu_seconds: of this process in that time; on a busy machine, what one worker would take on an idle one.
        front_seconds: of finding the front among the rows.
    """

    name: str
    configurations: int
    workers: int | None
    seconds: float
    cpu_seconds: float
    front_seconds: float

    def __str__(self) -> str:
        rate, by = self.configurations / self.seconds, "as it chooses" if self.workers is None else str(self.workers)
        return (
            f"{self.name:34} {self.configurations:6} {by:>13} {self.seconds:8.1f} s {rate:8.0f}/s   "
            f"cpu here {self.cpu_seconds:.1f} s   front {self.front_seconds:.1f} s"
        )


def timed(name: str, graph: Graph, text: str, workers: int | None, judge: sweep.Judge | None = None) -> Timed:
    """One sweep by the clock on the wall."""
    space, conditions = sweep.parse(text), Conditions(Flow.VITIS, board_target(load_board("arty-a7-100t")))
    started, busy = time.perf_counter(), time.process_time()
    found = sweep.run(graph, conditions, space, workers=workers, judge=judge)
    middle, busy = time.perf_counter(), time.process_time() - busy
    sweep.front(found.rows)
    return Timed(name, len(found.rows), workers, middle - started, busy, time.perf_counter() - middle)


def main() -> None:
    """Print the table and write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("build/bench/sweep.json"))
    out = parser.parse_args().out
    digits = mlp()
    designs = [("digits 64-16-10", digits, f"weights=2..8 activations=3..8 fc2.weights=2..8 {OTHERS}")]
    jets = GOLDEN / "jet_tagging" / "lut_reuse1.json"
    if jets.is_file():
        graph = read(jets, reuse=1).graph
        designs.append(("jet tagger", graph, f"weights=2..8 activations=3..8 output.weights=2..8 {OTHERS}"))
    rows = []
    print(f"{'design':34} {'configs':>6} {'processes':>13} {'seconds':>10} {'rate':>10}")
    for name, graph, text in designs:
        for workers in (1, None, available_threads()):
            rows.append(timed(name, graph, text, workers))
            print(rows[-1], flush=True)
    x = np.random.default_rng(0).integers(0, 16, (SAMPLES, digits["x"].size)) / 16
    judge = sweep.judge(digits, x)
    rows.append(timed(f"digits, judged on {SAMPLES} samples", digits, DATA, 1, judge))
    print(rows[-1])
    heavy = [name for name in ("tensorflow", "keras", "hls4ml") if name in sys.modules]
    if heavy:
        raise SystemExit(f"{', '.join(heavy)} must not be imported for a sweep")
    machine = {"python": platform.python_version(), "cores": available_threads(), "load": os.getloadavg()[0]}
    write_atomic(out, json.dumps({"machine": machine, "rows": [asdict(row) for row in rows]}, indent=1) + "\n")


if __name__ == "__main__":
    main()
