"""How fast RTL is verified: the harness inside the simulator beside a Python loop that steps every clock cycle.

Both carry out the same plan (the samples back to back, then with pauses) on the same RTL of a multilayer perceptron and
make the same checks: every answer against the Graph, beats that wait unchanged, valid that does not follow ready,
answers that nobody asked for. Times are processor seconds of everything that is started, because machines are shared;
wall seconds stand beside them. Repetitions are interleaved and medians taken.

    python benchmarks/verify.py [--out build/bench/verify.json] [--samples 5000] [--python-samples 300]
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from codesign import rtl
from codesign.graph import Activation, ActivationFunction, Dense, FixedPoint, Graph, Input, frozen
from codesign.simulate import execute
from codesign.verify.dut import dut_of
from codesign.verify.rtl import PAUSES
from codesign.verify.stimulus import random_inputs
from rtl_sim import runner
from rtl_sim.batch.build import build as build_batch
from rtl_sim.batch.commands import Effort
from rtl_sim.batch.run import carry_out as carry_out_batch
from rtl_sim.beats import to_beats
from rtl_sim.interface import Dut
from rtl_sim.observed import Observed
from rtl_sim.run_files import Order
from rtl_sim.scenario import STEADY_SCENARIO, Claims, compile_plan
from rtl_sim.scoreboard import judge

P = FixedPoint.parse


@dataclass(frozen=True)
class Cost:
    """What something took.

    Attributes:
        cpu: processor seconds, of this process and all that it started.
        wall: seconds.
    """

    cpu: float
    wall: float


def timed(work: Callable[[], Any]) -> tuple[Any, Cost]:
    """The result of some work, and what it took."""

    def processor() -> float:
        both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return sum(usage.ru_utime + usage.ru_stime for usage in both)

    cpu, wall = processor(), time.perf_counter()
    result = work()
    return result, Cost(processor() - cpu, time.perf_counter() - wall)


def perceptron(hidden: int) -> Graph:
    """64-hidden-10 with random 6-bit weights, none of them left out: more logic than a trained one has."""
    rng = np.random.default_rng(0)

    def dense(name: str, source: str, n_in: int, n_out: int, result: str) -> Dense:
        six = P("fixed<6,1>")
        weight, bias = (frozen(rng.integers(-32, 31, shape, endpoint=True)) for shape in ((n_in, n_out), (n_out,)))
        return Dense(
            name=name,
            inputs=(source,),
            shape=(n_out,),
            result=P(result),
            weight=weight,
            weight_type=six,
            bias=bias,
            bias_type=six,
            accumulator=P(result),
        )

    nodes = (
        Input(name="x", inputs=(), shape=(64,), result=P("ufixed<5,1>")),
        dense("hidden", "x", 64, hidden, "fixed<18,8>"),
        Activation(
            name="relu",
            inputs=("hidden",),
            shape=(hidden,),
            result=P("ufixed<6,2,RND_CONV,SAT>"),
            function=ActivationFunction.RELU,
        ),
        dense("logits", "relu", hidden, 10, "fixed<20,9>"),
    )
    return Graph("perceptron", nodes, ("logits",))


def orders(design: Dut, inputs: dict[str, Any], claims: Claims) -> list[Order]:
    """The samples at full speed, and with pauses."""
    samples = len(next(iter(inputs.values())))
    words = {stream.name: to_beats(stream, inputs[stream.name]) for stream in design.inputs}
    return [
        Order(design, compile_plan(scenario, design, samples, claims, 0), words)
        for scenario in (STEADY_SCENARIO, PAUSES)
    ]


def checked(
    carry_out: Callable[[list[Order]], list[Observed]], graph: Graph, design: Dut, claims: Claims, samples: int
) -> Cost:
    """What it takes to verify samples, from integers to the verdict.

    Raises:
        SystemExit: the RTL is wrong, so that its speed says nothing.
    """
    inputs = random_inputs(graph, samples, 0)
    expected = execute(graph, inputs)

    def work() -> None:
        asked = orders(design, inputs, claims)
        for order, observed in zip(asked, carry_out(asked), strict=True):
            faults = judge(design, order.plan, observed, {name: expected[name] for name in graph.outputs})
            if faults:
                raise SystemExit(f"the RTL is wrong: {faults[0].text}")

    return timed(work)[1]


def measure(hidden: int, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Both testbenches on one perceptron."""
    graph = perceptron(hidden)
    manifest = rtl.write_project(graph, folder / "rtl", clock_ns=10, family=rtl.Family.XILINX_7SERIES, part="")
    design, claims = dut_of(manifest), Claims(manifest.latency_cycles, manifest.interval)
    sources = [folder / "rtl" / name for name in manifest.sources]
    found: dict[str, Any] = {"latency_cycles": manifest.latency_cycles, "build": {}, "run": {}}
    contenders: dict[str, tuple[Callable[[list[Order]], list[Observed]], int]] = {}
    for effort in Effort:
        (simulator, cost) = timed(lambda e=effort: build_batch(design, sources, folder / f"batch{e.name}", effort=e))
        name = f"harness in C++, {effort.name.lower()} build ({effort.value})"
        found["build"][name] = cost.__dict__
        place = folder / f"run{effort.name}"
        contenders[name] = (lambda asked, s=simulator, p=place: carry_out_batch(s, asked, p), options.samples)
    python, cost = timed(lambda: runner.build(design, sources, folder / "cocotb"))
    name = "Python loop (cocotb)"
    found["build"][name] = cost.__dict__
    contenders[name] = (lambda asked: runner.carry_out(python, asked, folder / "run"), options.python_samples)
    costs: dict[str, list[Cost]] = {name: [] for name in contenders}
    for _ in range(options.repetitions):
        for name, (carry_out, samples) in contenders.items():
            costs[name].append(checked(carry_out, graph, design, claims, samples))
    print(
        f"\n64-{hidden}-10, 6-bit weights, {manifest.latency_cycles} cycles; every sample twice, median of "
        f"{options.repetitions}"
    )
    print(f"  {'':38}{'build, CPU s':>14}{'us a sample':>14}{'samples/s':>12}")
    for name, (_, samples) in contenders.items():
        cpu = statistics.median(cost.cpu for cost in costs[name]) / samples
        wall = statistics.median(cost.wall for cost in costs[name]) / samples
        found["run"][name] = {"samples": samples, "cpu_us_a_sample": cpu * 1e6, "wall_us_a_sample": wall * 1e6}
        print(f"  {name:38}{found['build'][name]['cpu']:14.1f}{cpu * 1e6:14.1f}{1 / cpu:12,.0f}")
    slowest = found["run"]["Python loop (cocotb)"]
    for name, run in found["run"].items():
        run["times_the_python_loop"] = slowest["cpu_us_a_sample"] / run["cpu_us_a_sample"]
        run["times_the_python_loop_wall"] = slowest["wall_us_a_sample"] / run["wall_us_a_sample"]
        print(f"  {name:38}{run['times_the_python_loop']:8.1f} x the Python loop")
    return found


def main() -> None:
    """Measure, print, and write the numbers as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--out", type=Path, default=Path("build/bench/verify.json"))
    parser.add_argument("--samples", type=int, default=5000)
    parser.add_argument("--python-samples", type=int, default=300)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--hidden", type=int, nargs="+", default=[16, 32])
    options = parser.parse_args()
    found: dict[str, Any] = {"python": platform.python_version(), "numpy": np.__version__}
    with tempfile.TemporaryDirectory() as folder:
        for hidden in options.hidden:
            found[f"64-{hidden}-10"] = measure(hidden, Path(folder) / str(hidden), options)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(found, indent=1) + "\n")
    print(f"\nwritten to {options.out}")


if __name__ == "__main__":
    main()
