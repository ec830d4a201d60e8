"""Sweeps of our own RTL: quick estimates for the table, traced ones for the front, and which is which."""

import csv
import json

import pytest

from codesign.board import load_board
from codesign.cli import main
from codesign.estimate import Conditions, Flow, board_target, estimate, sweep
from codesign.estimate.sweep import tracing
from tests.road.test_estimating import network

BOARD = ("--board", "arty-a7-100t")
LARGE, SMALL = "weights=2..6 activations=2..7", "weights=2,3"
CONDITIONS = Conditions(Flow.RTL, board_target(load_board("arty-a7-100t")))


@pytest.fixture
def saved(tmp_path):
    network().save(tmp_path / "saved")
    return tmp_path / "saved"


def rows_of(folder):
    with (folder / "sweep.csv").open() as file:
        return list(csv.DictReader(file))


def test_the_front_of_a_large_sweep_is_traced(saved, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["estimate", str(saved), *BOARD, "--sweep", LARGE, "--out", str(out)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    rows = rows_of(out)
    quick = [row for row in rows if row["quick"] == "true"]
    assert 0 < len(quick) < len(rows) == 30
    assert len(rows) - len(quick) <= sweep.MOST_TRACED
    assert f"{len(quick)} configurations have quick estimates alone" in shown
    assert {row["quick"] for row in rows if row["front"] == "true"} == {"false"}
    exact = [row["latency_cycles_low"] == row["latency_cycles_high"] for row in rows]
    assert all(known for row, known in zip(rows, exact, strict=True) if row["quick"] == "false")
    assert not all(exact)
    document = json.loads((out / "sweep.json").read_text())
    assert document["original"]["quick"] is False
    assert [row["quick"] for row in document["rows"]] == [row["quick"] == "true" for row in rows]


def test_a_small_sweep_is_traced_whole_unless_quick_is_asked_for(saved, tmp_path, capsys):
    for extra, found in (((), "false"), (("--quick",), "true")):
        out = tmp_path / f"out{found}"
        assert main(["estimate", str(saved), *BOARD, "--sweep", SMALL, "--out", str(out), *extra]) == 0
        assert {row["quick"] for row in rows_of(out)} == {found}
        shown = " ".join(capsys.readouterr().out.split())
        assert ("All are quick estimates" in shown) is (found == "true")


def test_traced_rows_are_what_a_sweep_without_quick_estimates_has(monkeypatch):
    space = sweep.parse("weights=2..4")
    monkeypatch.setattr(tracing, "MOST_TRACED", 2)
    assert tracing.goes_quick(CONDITIONS, space)
    graph = network()
    plain = sweep.run(graph, CONDITIONS, space, workers=1)
    quick = sweep.run(graph, Conditions(**{**vars(CONDITIONS), "quick": True}), space, workers=1)
    assert all(row.quick for row in quick.rows)
    found = tracing.trace_front(quick, graph, CONDITIONS)
    assert found.original == plain.original
    assert found.conditions == CONDITIONS
    traced = [row for row in found.rows if not row.quick]
    assert 1 <= len(traced) <= 2
    assert all(row == plain.rows[row.point.index] for row in traced)
    assert set(sweep.front(found.rows)) <= set(traced)


def test_an_estimate_in_python_and_by_command(saved, capsys):
    assert main(["estimate", str(saved), *BOARD, "--quick", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    found = network().estimate("arty-a7-100t", quick=True)
    assert document["resources"]["lut"]["used"] == found.lut.document()
    assert document["fmax_mhz"] is None
    assert any(line.startswith("Quick: ") for line in found.basis)
    assert not any(line.startswith("Quick: ") for line in estimate(network(), CONDITIONS).basis)


def test_the_vitis_flow_is_as_ever():
    plain = network().estimate("arty-a7-100t", flow="vitis")
    quick = network().estimate("arty-a7-100t", flow="vitis", quick=True)
    assert (quick.lut, quick.ff, quick.layers) == (plain.lut, plain.ff, plain.layers)
    swept = sweep.run(network(), Conditions(Flow.VITIS, CONDITIONS.target, quick=True), sweep.parse(SMALL), workers=1)
    assert not any(row.quick for row in swept.rows)
