"""The fit: what the repository states is what recomputation gives, and it is good enough."""

from __future__ import annotations

import json
from dataclasses import astuple
from pathlib import Path
from statistics import median

import pytest

from benchmarks.calibrate_vitis import Case, calibrated, cases, estimated, reported
from codesign.estimate import estimate
from codesign.estimate.vitis.calibration import CALIBRATION, calibration
from codesign.estimate.vitis.folding import folded
from codesign.estimate.vitis.module import Module
from codesign.estimate.vitis.top import joined
from codesign.graph import Input

TARGETS = {"lut": 0.25, "ff": 0.25, "dsp": 0.15, "latency": 0.15}
"""Median relative errors on the model that was left out."""


@pytest.fixture(scope="module")
def designs(golden: Path) -> tuple[Case, ...]:
    return cases(golden)


@pytest.mark.golden
def test_the_stated_errors_are_those_of_a_fit(golden: Path) -> None:
    stated = json.loads(CALIBRATION.read_text())
    found = calibrated(golden)
    for name, value in found["constants"].items():
        assert stated["constants"][name] == pytest.approx(value, abs=2e-3), name
    for figure, errors in found["errors"].items():
        assert stated["errors"][figure] == pytest.approx(errors, abs=2e-3), figure
    assert [line["design"] for line in stated["left_out"]] == [line["design"] for line in found["left_out"]]


def test_left_out_models_are_within_the_targets() -> None:
    stated = json.loads(CALIBRATION.read_text())["left_out"]
    models = {line["design"].split("/")[0] for line in stated}
    assert len(models) > 1
    for model in models:
        own = [line for line in stated if line["design"].startswith(model)]
        for figure, target in TARGETS.items():
            errors = [abs(found - true) / max(true, 1) for found, true in (line[figure] for line in own)]
            assert median(errors) <= target, (model, figure)
        assert all(found == true for found, true in (line["bram18"] for line in own))
        for found, true in (line["interval"] for line in own):
            assert found == true or true > 2


def test_the_errors_are_those_of_the_table() -> None:
    stated = json.loads(CALIBRATION.read_text())
    for figure in ("lut", "ff", "latency", "interval"):
        table = [(found - true) / true for found, true in (line[figure] for line in stated["left_out"])]
        assert stated["errors"][figure] == pytest.approx(table, abs=1e-3)


@pytest.mark.golden
def test_every_multiplier_of_every_layer(designs: tuple[Case, ...]) -> None:
    for case in designs:
        rows = zip(estimated(case, calibration().constants), reported(case), strict=True)
        assert [one.dsp for one, _ in rows] == [other.dsp for other in reported(case)], case.name


@pytest.mark.golden
def test_what_joins_reported_modules_is_as_reported(designs: tuple[Case, ...]) -> None:
    for case in designs:
        graph, (whole, *rows) = case.design.graph, reported(case)
        names = [node.name for node in graph if not isinstance(node, Input)]
        modules = {name: Module(*astuple(row)) for name, row in zip(names, rows, strict=True)}
        found = joined(folded(graph), modules, graph.outputs)[1]
        assert (found.latency, found.interval) == (whole.latency, whole.interval), case.name
        assert abs(found.lut - whole.lut) <= 12, case.name
        assert abs(found.ff - whole.ff) <= 5, case.name


@pytest.mark.golden
def test_the_truth_lies_in_the_intervals(designs: tuple[Case, ...]) -> None:
    missed = []
    for case in designs:
        found, true = estimate(case.design.graph, case.conditions), reported(case)[0]
        figures = (
            (found.lut, true.lut),
            (found.ff, true.ff),
            (found.dsp, true.dsp),
            (found.bram, true.bram18),
            (found.latency_cycles, true.latency),
            (found.interval, true.interval),
        )
        missed += [case.name for figure, value in figures if figure and not figure.low <= value <= figure.high]
    assert missed == []


def test_one_model_cannot_be_left_out(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as refused:
        calibrated(tmp_path)
    assert str(refused.value) == f"{tmp_path} holds designs of 0 models; at least 2 are needed to leave one out"
