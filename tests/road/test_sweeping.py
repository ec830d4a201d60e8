"""`estimate --sweep`: the front for people, the table, JSON and picture in a folder, and what is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from codesign.cli import main
from codesign.estimate import Conditions, Flow, part_target
from codesign.estimate.local import fit
from codesign.road.sweeping import Corrected
from tests.road.test_estimating import network, refused

BOARD = ("--board", "arty-a7-100t", "--flow", "vitis")
SWEEP = "weights=2..4 activations=2,4 reuse=1,2"


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    network().save(tmp_path / "saved")
    return tmp_path / "saved"


def test_the_front_for_people_and_all_of_it_in_a_folder(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["estimate", str(saved), *BOARD, "--sweep", SWEEP, "--out", str(out)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for part in (
        "'net' on arty-a7-100t, vitis flow",
        "of 12 configurations",
        "as it was",
        "kept",
        "weights",
        "placed",
    ):
        assert part in shown
    with (out / "sweep.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12
    document = json.loads((out / "sweep.json").read_text())
    assert (document["format"], document["configurations"]) == ("codesign-sweep", 12)
    assert [row["index"] for row in rows if row["front"] == "true"] == [str(i) for i in sorted(document["front"])]
    lowest = min(float(row["lut"]) for row in rows)
    assert f"{round(lowest):,} (" in shown, "the least LUTs of all are on the front"


def test_as_json_with_data(saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "x.npy", np.random.default_rng(0).uniform(-2, 1.9, (50, 3)))
    data = ("--data", str(tmp_path / "x.npy"))
    assert main(["estimate", str(saved), *BOARD, "--sweep", SWEEP, *data, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["quality"] == "agreement with the design as it was"
    assert document["original"]["quality"] == 1.0
    assert all(0 <= row["quality"] <= 1 for row in document["rows"])
    assert document["folder"] is None
    assert main(["estimate", str(saved), *BOARD, "--sweep", SWEEP, *data]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "100.00%" in shown
    assert "Quality is agreement with the design as it was." in shown


def test_none_that_fits_fails(saved: Path, tmp_path: Path, checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (checkout / "boards" / "arty-a7-100t.yaml").read_text()
    (tmp_path / "tiny.yaml").write_text(text.replace("63400", "2").replace("19000", "1"))
    (tmp_path / "arty-a7-100t.xdc").write_text((checkout / "boards" / "arty-a7-100t.xdc").read_text())
    command = ["estimate", str(saved), "--board", str(tmp_path / "tiny.yaml"), "--flow", "vitis", "--sweep", SWEEP]
    assert main(command) == 1
    assert "None of them fits." in capsys.readouterr().out


def test_bad_sweeps_are_told_in_a_line(saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ("estimate", saved, *BOARD)
    line = refused(capsys, *command, "--sweep", "wieghts=2..8")
    for word in ("'wieghts'", "weights", "activations", "reuse", "clock_ns", "multipliers"):
        assert word in line
    assert "0 is out of reach; give 1 to 65536" in refused(capsys, *command, "--sweep", "reuse=0")
    assert "fc9" in refused(capsys, *command, "--sweep", "fc9.weights=2")
    assert "sweep" in refused(capsys, *command, "--sweep", "")
    assert "--data and --out belong to --sweep" in refused(capsys, *command, "--out", tmp_path / "o")
    assert "give one of them" in refused(capsys, *command, "--sweep", SWEEP, "--report", tmp_path)
    assert "x.npy" in refused(capsys, *command, "--sweep", SWEEP, "--data", tmp_path / "x.npy")
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    assert "was not written by codesign" in refused(capsys, *command, "--sweep", SWEEP, "--out", mine)
    assert [path.name for path in mine.iterdir()] == ["thesis.txt"]


def test_without_matplotlib_the_rest_is_written(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib.util

    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "matplotlib" else real(name))
    out = tmp_path / "out"
    assert main(["estimate", str(saved), *BOARD, "--sweep", "reuse=1,2", "--out", str(out)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "No picture: a plot needs matplotlib" in shown
    assert sorted(path.name for path in out.glob("sweep.*")) == ["sweep.csv", "sweep.json"]


def test_a_local_calibration_corrects_every_row() -> None:
    from tests.estimate.local.samples import pair

    graph, conditions = network(), Conditions(Flow.VITIS, part_target("xc7z007s-clg225-2"))
    plain = Corrected(fit(()))(graph, conditions)
    assert not plain.corrected
    halved = Corrected(fit(pair(1000.0, 500.0, number=number) for number in range(9)))(graph, conditions)
    assert plain.lut is not None
    assert halved.lut is not None
    assert halved.lut.value < plain.lut.value
