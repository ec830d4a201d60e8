"""Estimates, reports and pairs with figures of our own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from codesign.estimate import Conditions, Estimate, Figure, Flow, LayerEstimate, part_target
from codesign.estimate.local import FIGURES, Group, Pair
from codesign.estimate.local.pair import model_version
from codesign.graph import FixedPoint, Graph, Input
from codesign.hls.reports import Module, Report, Stage
from codesign.rtl import Family

ZYNQ = "xc7z020clg400-1"
EIGHT = FixedPoint(True, 8, 4)
GRAPH = Graph("net", (Input(name="x", inputs=(), shape=(2,), result=EIGHT),), ("x",))
OTHER = Graph("net", (Input(name="x", inputs=(), shape=(3,), result=EIGHT),), ("x",))
CSYNTH = Group(Flow.VITIS, Stage.CSYNTH, Family.XILINX_7SERIES)


def layer(name: str, lut: float) -> LayerEstimate:
    return LayerEstimate(name, "Dense", "", Figure.about(lut, 0.1, 0.1), None, None, None, None, None)


def estimate(
    flow: Flow = Flow.VITIS,
    *,
    part: str = ZYNQ,
    clock_ns: float = 5.0,
    uncalibrated: bool = False,
    **figures: Figure | None,
) -> Estimate:
    conditions = Conditions(flow, part_target(part, uncalibrated=uncalibrated), clock_ns=clock_ns)
    found = Estimate(
        graph="net",
        conditions=conditions,
        lut=Figure.about(1000.0, 0.2, 0.25),
        ff=Figure.about(500.0, 0.2, 0.25),
        dsp=Figure.exactly(10.0),
        bram=Figure.exactly(0.0),
        latency_cycles=Figure.exactly(20.0),
        interval=Figure.exactly(1.0),
        fmax_mhz=None,
        layers=(layer("fc", 700), layer("out", 200)),
        rest=layer("rest", 100),
        basis=("fitted on something",),
    )
    return replace(found, **figures)  # type: ignore[arg-type]


def report(
    stage: Stage = Stage.CSYNTH,
    *,
    part: str | None = "xc7z020-clg400-1",
    clock_ns: float | None = 5.0,
    **figures: float,
) -> Report:
    counts = {"lut": 1250, "ff": 500, "dsp": 10, "bram18": 2, "latency": 20, "interval": 1}
    total = replace(Module("net"), **(figures or counts))  # type: ignore[arg-type]
    return Report(stage, "net", part, "Vitis HLS 2024.1", total, clock_ns=clock_ns, files=(Path("net_csynth.xml"),))


def pair(
    lut: float,
    truth: float | None,
    *,
    number: int = 0,
    group: Group = CSYNTH,
    figure: str = "lut",
    version: str | None = None,
) -> Pair:
    """A pair of one figure."""
    guesses: Mapping[str, Figure | None] = {**dict.fromkeys(FIGURES), figure: Figure.about(lut, 0.1, 0.1)}
    return Pair(
        graph=f"{number:064x}",
        asked="a" * 64,
        name=f"net {number}",
        group=group,
        part=ZYNQ,
        tool="Vitis HLS 2024.1",
        version=version or model_version(),
        date="2026-01-02T03:04:05+00:00",
        estimate=dict(guesses),
        truth={**dict.fromkeys(FIGURES), figure: truth},
    )
