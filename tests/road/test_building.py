"""`build` tells what the estimator expected beside what synthesis counted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codesign import rtl
from codesign.board import Family, Utilisation, load_board
from codesign.cli import main
from codesign.design import Design, commit
from codesign.estimate import board_target
from codesign.graph import digest
from codesign.road import building
from tests.road.test_estimating import network

pytest.importorskip("alkaid")


def design(folder: Path, facing: rtl.Facing) -> Path:
    graph = network()
    graph.save(folder)
    family = board_target(load_board("arty-a7-100t")).family
    rtl.write_project(graph, folder / "rtl", clock_ns=5.0, family=family, part="", facing=facing)
    commit(folder, Design("k", digest(graph), "", {}, 5.0, "", "model", {}))
    return folder


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Synthesis that counts 40 LUTs and 20 flip-flops, whatever it is given."""
    found = Utilisation.of(Family.XC7, {"LUT6": 40, "FDRE": 20}, "0.0", 1.0)
    monkeypatch.setattr(building, "synthesise", lambda *given: found)


@pytest.mark.usefixtures("counted")
def test_the_estimate_stands_beside_the_truth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = design(tmp_path / "d", rtl.Facing())
    assert main(["build", str(folder), "--board", "arty-a7-100t", "--json"]) == 0
    estimated = json.loads(capsys.readouterr().out)["estimated"]
    expected = network().estimate("arty-a7-100t", clock_ns=5.0)
    assert expected.lut is not None
    assert estimated["lut"]["estimate"] == expected.lut.document()
    assert (estimated["lut"]["truth"], estimated["ff"]["truth"], estimated["dsp"]["truth"]) == (40, 20, 0)
    assert estimated["lut"]["error"] == pytest.approx(expected.lut.value / 40 - 1)
    assert main(["build", str(folder), "--board", "arty-a7-100t"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert f"Estimated without synthesis: LUT {expected.lut.value:,.0f} (" in shown
    assert f"error {expected.lut.value / 40 - 1:+.1%}" in shown


@pytest.mark.usefixtures("counted")
def test_ports_that_no_estimate_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = design(tmp_path / "d", rtl.Facing(rtl.Interface.AXIS))
    assert main(["build", str(folder), "--board", "arty-a7-100t", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["estimated"] is None
    assert main(["build", str(folder), "--board", "arty-a7-100t"]) == 0
    assert "Estimated" not in capsys.readouterr().out


def test_rtl_for_another_family_is_not_what_the_estimate_expects(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Utilisation.of(Family.ECP5, {"LUT4": 40, "TRELLIS_FF": 20}, "0.0", 1.0)
    monkeypatch.setattr(building, "synthesise", lambda *given: found)
    folder = design(tmp_path / "d", rtl.Facing())
    assert main(["build", str(folder), "--board", "ulx3s-85f", "--json"]) == 0
    built = json.loads(capsys.readouterr().out)
    assert built["estimated"] is None
