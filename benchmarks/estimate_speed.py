"""How fast the estimator is: a new process, and one estimate after another.

Rates are by processor seconds, for machines are shared; a new process is timed by the clock.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.estimate_cases import Case
from codesign.estimate import Conditions, estimate
from codesign.graph import Dense, Graph, Node, frozen, save

_BEHIND_KERAS = ("tensorflow", "keras", "hls4ml")


@dataclass(frozen=True)
class Speed:
    """Of one design.

    Attributes:
        cold_seconds: from the start of a `codesign estimate` process to its end, on a saved Graph.
        other_weights: estimates a second, each of a Graph with weights that were not seen before.
        same_weights: estimates a second of the same Graphs again, as for another part, clock or reuse factor.
    """

    cold_seconds: float
    other_weights: float
    same_weights: float


def _other_weights(graph: Graph, number: int) -> Graph:
    """The design with its weights moved along, so that nothing that was remembered of another serves."""

    def moved(node: Node) -> Node:
        if not isinstance(node, Dense):
            return node
        rows, columns = node.weight.shape
        rolled = np.roll(np.roll(node.weight, number % rows, axis=0), number // rows % columns, axis=1)
        return replace(node, weight=frozen(rolled), bias=frozen(np.roll(node.bias, number)))

    return Graph(graph.name, tuple(moved(node) for node in graph), graph.outputs)


def require_light() -> None:
    """Refuse to time anything in a process that has imported what is not needed.

    Raises:
        SystemExit: it has.
    """
    heavy = [name for name in _BEHIND_KERAS if name in sys.modules]
    if heavy:
        raise SystemExit(f"{', '.join(heavy)} must not be imported for an estimate")


def _rate(graphs: Sequence[Graph], conditions: Conditions) -> float:
    started = time.process_time()
    for graph in graphs:
        estimate(graph, conditions)
    return len(graphs) / (time.process_time() - started)


def warm(graph: Graph, conditions: Conditions, *, copies: int) -> tuple[float, float]:
    """Estimates a second of designs with other weights, and of the same ones again at half the clock.

    Args:
        graph: the design.
        conditions: what is asked for.
        copies: with other weights that are estimated.
    """
    estimate(graph, conditions)
    others = [_other_weights(graph, number) for number in range(1, copies + 1)]
    again = replace(conditions, clock_ns=2 * conditions.clock_ns)
    return _rate(others, conditions), _rate(others, again)


def cold(graph: Graph, conditions: Conditions, *, runs: int = 3) -> float:
    """Median seconds of a new process that reads a saved Graph and estimates it."""
    with tempfile.TemporaryDirectory(prefix="codesign-") as folder:
        save(graph, Path(folder))
        target, flow = conditions.target, conditions.flow.value
        command = [sys.executable, "-m", "codesign.cli", "estimate", folder, "--part", target.part, "--flow", flow]
        command += ["--clock-ns", str(conditions.clock_ns), "--multipliers", conditions.multipliers.value, "--json"]
        found = []
        for _ in range(runs):
            started = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            found.append(time.perf_counter() - started)
    return statistics.median(found)


def speed(case: Case, *, copies: int) -> Speed:
    """All of it, of one design."""
    require_light()
    rates = warm(case.graph, case.conditions, copies=copies)
    require_light()
    return Speed(cold(case.graph, case.conditions), *rates)
