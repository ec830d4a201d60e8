"""Estimates for people: intervals in brackets, exact figures plain, what is not known said so."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from codesign.board import Resource, load_board
from codesign.estimate import Conditions, Estimate, Figure, Flow, LayerEstimate, Target, board_target
from codesign.report.estimate import count, shown, verdict
from codesign.report.estimate import show as show_estimate
from codesign.rtl import Family


def text(*renderables: Any) -> str:
    stream = io.StringIO()
    Console(file=stream, width=160).print(*renderables)
    return stream.getvalue()


def said(estimate: Estimate) -> str:
    parts: list[str] = []
    show_estimate(estimate, lambda *shown_: parts.append(text(*shown_)))
    return " ".join(" ".join(parts).split())


def of(lut: Figure | None, **changes: Any) -> Estimate:
    exact = Figure.exactly
    layer = LayerEstimate(
        "fc1_alpha", "normalize", "[fc1]", lut, Figure(20, 10, 30), exact(0), exact(0), exact(3), exact(1)
    )
    values: dict[str, Any] = {
        "graph": "net",
        "conditions": Conditions(Flow.RTL, board_target(load_board("arty-a7-100t")), clock_ns=4.0),
        "lut": lut,
        "ff": Figure(20, 10, 30),
        "dsp": exact(0),
        "bram": exact(0),
        "latency_cycles": exact(3),
        "interval": exact(1),
        "fmax_mhz": None,
        "layers": (layer,),
        "basis": ("Yosys runs: LUT off by 7 % in the median",),
    }
    return Estimate(**{**values, **changes})


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        (None, "unknown"),
        (Figure.exactly(0), "0"),
        (Figure.exactly(1234), "1,234"),
        (Figure(1234.4, 999.9, 2000.1), "1,234 (999\N{EN DASH}2,001)"),
    ],
)
def test_counts_are_whole_and_round_outwards(figure: Figure | None, expected: str) -> None:
    assert count(figure) == expected


def test_a_unit_follows_the_value_and_never_an_unknown() -> None:
    assert shown(Figure(2.0, 1.0, 3.0), "{:g}".format, " MHz") == "2 MHz (1\N{EN DASH}3)"
    assert shown(None, "{:g}".format, " MHz") == "unknown"


def test_everything_is_said() -> None:
    shown_ = said(of(Figure(100, 80, 130)))
    for part in (
        "fc1_alpha of [fc1]",
        "100 (80\N{EN DASH}130)",
        "63,400",
        "0.2% (0.1%\N{EN DASH}0.2%)",
        "yes",
        "Latency 3 cycles, 12 ns; interval 1 cycles, 4 ns, at a period of 4 ns.",
        "Fmax unknown; power unknown.",
        "Based on: Yosys runs: LUT off by 7 % in the median",
        "It fits arty-a7-100t.",
    ):
        assert part in shown_
    assert "place and route" not in shown_, "only C synthesis overstates"


def test_an_unknown_is_never_a_number() -> None:
    shown_ = said(of(None))
    assert "Whether it fits arty-a7-100t is unknown: so is LUT." in shown_
    assert of(None).document()["resources"]["lut"] == {"used": None, "limit": 63400, "share": None, "fits": None}


@pytest.mark.parametrize(
    ("low", "high", "answer", "sentence"),
    [
        (60_000, 63_400, True, "It fits arty-a7-100t."),
        (60_000, 63_401, None, "It may or may not fit arty-a7-100t: its limit lies within the interval of LUT."),
        (63_401, 70_000, False, "It does NOT fit arty-a7-100t: too many LUT."),
    ],
)
def test_the_interval_decides_whether_it_fits(low: int, high: int, answer: bool | None, sentence: str) -> None:
    estimate = of(Figure(low, low, high))
    assert estimate.fits is answer
    assert verdict(estimate) == sentence
    word = {True: "yes", False: "NO", None: "maybe"}[answer]
    assert word in said(estimate)
    assert next(use for use in estimate.uses if use.resource is Resource.LUT).fits is answer


def test_c_synthesis_overstates_and_says_so() -> None:
    board = board_target(load_board("arty-a7-100t"))
    vitis = Conditions(Flow.VITIS, board)
    shown_ = said(of(Figure(100, 80, 130), conditions=vitis, lut_implemented=Figure(50, 30, 70)))
    assert "C synthesis overstates LUTs" in shown_
    assert "After place and route: 50 LUTs (30\N{EN DASH}70); these have to fit." in shown_
    assert "After place and route: unknown." in said(of(Figure(100, 80, 130), conditions=vitis))


def test_a_part_alone_has_no_limits() -> None:
    target = Target("xcvu9p-flga2104-2L-e", Family.XILINX_ULTRASCALE_PLUS)
    estimate = of(Figure(100, 80, 130), conditions=Conditions(Flow.RTL, target))
    shown_ = said(estimate)
    assert "limit" not in shown_
    assert "fits" not in shown_
    assert verdict(estimate) == ""
    odd = replace(target, part="xcv50", calibrated=False)
    assert "Nothing was calibrated for part xcv50" in said(of(None, conditions=Conditions(Flow.RTL, odd)))


@pytest.mark.parametrize(
    ("placed", "answer", "sentence"),
    [
        (Figure(30_000, 20_000, 60_000), True, "It fits arty-a7-100t."),
        (Figure(50_000, 20_000, 70_000), None, "It may or may not fit"),
        (Figure(80_000, 70_000, 90_000), False, "It does NOT fit arty-a7-100t: too many LUT."),
    ],
)
def test_what_is_placed_has_to_fit(placed: Figure, answer: bool | None, sentence: str) -> None:
    vitis = Conditions(Flow.VITIS, board_target(load_board("arty-a7-100t")))
    estimate = of(Figure(100_000, 90_000, 110_000), conditions=vitis, lut_implemented=placed)
    assert estimate.fits is answer
    assert verdict(estimate).startswith(sentence)
    shown_ = said(estimate)
    assert "LUT, placed and routed" in shown_
    assert "see below" in shown_, "what C synthesis reports decides nothing"
    assert estimate.document()["lut_implemented_use"]["fits"] is answer
    assert of(None).document()["lut_implemented_use"] is None
