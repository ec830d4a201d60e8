"""The benchmark of the estimator reads whatever lies in its folder, and names what it cannot read."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.estimate_cases import FIGURES, cases, for_rtl
from benchmarks.estimate_errors import Row, error, errors_of, left_out, medians, ratios, row
from codesign.estimate import Flow
from codesign.graph import Dense
from codesign.rtl import Family, Multipliers


@pytest.fixture
def folder(golden: Path, tmp_path: Path) -> Path:
    """One design as it is, and copies that are damaged in ways that a stranger's may be."""
    source = golden / "breast_cancer" / "lut_reuse2"
    document = json.loads(source.with_suffix(".json").read_text())
    for name in ("good", "kind", "answers", "cut", "bare", "strategy"):
        (tmp_path / name).mkdir()
        shutil.copy(source.with_suffix(".npz"), tmp_path / name / "v.npz")
    (tmp_path / "good" / "v.json").write_text(json.dumps(document))
    kind = {**document, "layers": [*document["layers"][:1], {**document["layers"][1], "op": "conv2d", "name": "cv"}]}
    (tmp_path / "kind" / "v.json").write_text(json.dumps(kind))
    odd = [{**document["layers"][0], "strategy": "nnet::unrolled"}]
    (tmp_path / "strategy" / "v.json").write_text(json.dumps({**document, "layers": odd}))
    document["layers"][1]["result"]["overflow"] = "WRAP"
    (tmp_path / "answers" / "v.json").write_text(json.dumps(document))
    (tmp_path / "cut" / "v.json").write_text(json.dumps(document)[:700])
    (tmp_path / "bare" / "v.json").write_text(json.dumps({"layers": []}))
    return tmp_path


@pytest.mark.golden
def test_what_cannot_be_read_is_named(folder: Path) -> None:
    found, refused = cases(folder)
    assert [case.name for case in found] == ["answers/v", "good/v"]
    assert found[0].note == "the Graph does not answer as the hardware did"
    assert found[1].note == ""
    assert refused["kind/v"] == "layer 'cv': operation 'conv2d' is not read here"
    assert refused["strategy/v"] == "layer 'fc1': strategy 'unrolled' is not read here"
    assert refused["cut/v"].startswith("is not such a design (JSONDecodeError")
    assert refused["bare/v"].startswith("is not such a design (KeyError")


@pytest.mark.golden
def test_a_case_is_what_the_vendor_was_given(golden: Path) -> None:
    found = {case.name: case for case in cases(golden)[0]}
    case = found["breast_cancer/dsp_reuse100"]
    assert tuple(case.truth) == FIGURES
    assert case.truth == {"lut": 2668, "ff": 1721, "dsp": 5, "bram18": 2, "cycles": 56, "interval": 31}
    assert case.conditions.flow is Flow.VITIS
    assert case.conditions.clock_ns == 5.0
    assert case.conditions.target.family is Family.XILINX_7SERIES
    assert case.conditions.multipliers is Multipliers.DSP
    assert {node.reuse_factor for node in case.graph if isinstance(node, Dense)} == {100}
    assert found["breast_cancer/lut_reuse2"].conditions.multipliers is Multipliers.LUT
    assert for_rtl(case).conditions.flow is Flow.RTL
    assert for_rtl(case).conditions.multipliers is Multipliers.AUTO
    assert case.note == ""


@pytest.mark.golden
def test_the_clock_is_the_one_that_slacks_tell(golden: Path) -> None:
    found = {case.name: case for case in cases(golden)[0]}
    assert found["jet_tagging/lut_reuse1"].conditions.multipliers is Multipliers.DSP, "whatever its name says"
    assert {case.conditions.clock_ns for case in found.values() if case.model == "breast_cancer"} == {5.0}
    jets = [case for case in found.values() if case.model == "jet_tagging"]
    assert {case.conditions.clock_ns for case in jets} == {3.33}
    assert {case.note for case in jets} == {"made for 3.33 ns, as its slack tells, and not for the 5.0 ns stated"}


@pytest.mark.golden
def test_a_refusal_is_a_row(golden: Path) -> None:
    case = next(case for case in cases(golden)[0] if case.name == "breast_cancer/lut_reuse2")
    found = row(for_rtl(case))
    assert "interval" in found.ours
    narrow = for_rtl(case)
    object.__setattr__(narrow.conditions, "clock_ns", 0.2)
    assert "clock period" in row(narrow).refused


@pytest.mark.golden
def test_errors_and_ratios(golden: Path) -> None:
    case = cases(golden)[0][0]
    truth = case.truth
    assert error(110.0, 100.0) == pytest.approx(0.1)
    assert error(3.0, 0.0) == 3.0, "of nothing at all, the number itself"
    rows = [Row(case, {"lut": truth["lut"] * 1.5}, {})]
    ours = medians(errors_of(rows, {case.name: rows[0].ours}))
    assert ours["lut"] == pytest.approx(0.5)
    assert ours["ff"] is None
    theirs = medians(errors_of(rows, {case.name: {"lut": truth["lut"] * 3.0, "ff": 1.0}}))
    assert ratios(ours, theirs)["lut"] == pytest.approx(0.25)
    assert ratios(ours, theirs)["ff"] is None
    assert ratios({**ours, "lut": 0.0}, {**theirs, "lut": 0.0})["lut"] == 0.0
    assert ratios(ours, {**theirs, "lut": 0.0})["lut"] is None


@pytest.mark.golden
def test_designs_that_constants_saw_are_told_by_their_truth(golden: Path) -> None:
    rows = [Row(case, {}, {}) for case in cases(golden)[0]]
    found = left_out(rows)
    assert set(found) == {item.case.name for item in rows}
    for item in rows:
        assert found[item.case.name]["dsp"] == item.case.truth["dsp"]
        assert found[item.case.name]["lut"] != item.case.truth["lut"]
    other = replace(rows[0].case, truth={**rows[0].case.truth, "lut": 1.0})
    assert left_out([Row(other, {}, {})]) == {}, "of the same name, and another design"
