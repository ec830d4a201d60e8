"""`estimate`: whatever the user names is read as it is, nothing is written, and what is wrong is told in a line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import codesign
from codesign.cli import main
from codesign.errors import EstimateError, UsageError
from codesign.estimate import Estimate, Figure
from codesign.graph import Activation, ActivationFunction, Dense, FixedPoint, Input, Overflow, frozen
from codesign.rtl import project


def network() -> codesign.Graph:
    """3-2 with a relu."""
    x = Input(name="x", inputs=(), shape=(3,), result=FixedPoint(True, 6, 2))
    fc = Dense(
        name="fc",
        inputs=("x",),
        shape=(2,),
        result=FixedPoint(True, 8, 4, overflow=Overflow.SAT),
        weight=frozen([[1, -2], [3, 4], [-5, 6]]),
        weight_type=FixedPoint(True, 4, 2),
        bias=frozen([1, -1]),
        bias_type=FixedPoint(True, 4, 2),
        accumulator=FixedPoint(True, 14, 8),
    )
    act = Activation(
        name="act", inputs=("fc",), shape=(2,), result=FixedPoint(False, 4, 2), function=ActivationFunction.RELU
    )
    return codesign.Graph("net", (x, fc, act), ("act",))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    network().save(tmp_path / "saved")
    return tmp_path / "saved"


def document(capsys: pytest.CaptureFixture[str], *argv: object) -> dict:
    assert main([*map(str, argv), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], *argv: object) -> str:
    assert main([str(part) for part in argv]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    return line


def test_the_example_of_the_design() -> None:
    pytest.importorskip("alkaid")
    found = network().estimate(board="ulx3s-85f", flow="rtl")
    assert isinstance(found, Estimate)
    assert found.interval == Figure.exactly(1)
    assert found.conditions.target.part.startswith("LFE5U-85F")
    assert found.conditions.clock_ns == 10.0
    with pytest.raises(AttributeError):
        found.lut = None  # type: ignore[misc]


def test_latency_is_that_of_the_rtl(tmp_path: Path) -> None:
    pytest.importorskip("alkaid")
    graph = network()
    for reuse in (1, 2):
        found = graph.estimate("arty-a7-100t", clock_ns=4.0, reuse={"fc": reuse})
        made = project.write_project(
            graph,
            tmp_path / str(reuse),
            clock_ns=4.0,
            family=found.conditions.target.family,
            part="",
            reuse={"fc": reuse},
        )
        assert (found.latency_cycles, found.interval) == (
            Figure.exactly(made.latency_cycles),
            Figure.exactly(made.interval),
        )


def test_a_saved_graph_needs_no_keras(saved: Path) -> None:
    pytest.importorskip("alkaid")
    code = (
        "import sys; from codesign.cli import main; "
        f"status = main(['estimate', {str(saved)!r}, '--board', 'icebreaker', '--clock-ns', '40', '--json']); "
        "print([m for m in ('tensorflow', 'keras', 'hls4ml') if m in sys.modules], status)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[] 0"


def test_a_model_is_converted_in_memory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("keras")
    pytest.importorskip("hls4ml")
    from tests.frontend.models import mlp

    mlp().save(tmp_path / "m.keras")
    model = (tmp_path / "m.keras", "--input-precision", "fixed<6,1>", "--board", "arty-a7-100t")
    from_model = document(capsys, "estimate", *model)
    assert [path.name for path in tmp_path.iterdir()] == ["m.keras"], "nothing is written"
    assert main(["convert", *map(str, model), "--out", str(tmp_path / "d")]) == 0
    capsys.readouterr()
    from_design = document(capsys, "estimate", tmp_path / "d")
    assert from_design["board"] == "arty-a7-100t", "the design's own"
    assert {**from_design, "model": ""} == {**from_model, "model": ""}
    folded = document(capsys, "estimate", *model, "--reuse-factor", 4)
    assert folded["interval"]["value"] > from_model["interval"]["value"]
    one = document(capsys, "estimate", *model, "--reuse", "fc1=2,fc2=1")
    assert from_model["latency_cycles"]["value"] < one["latency_cycles"]["value"]
    line = refused(capsys, "estimate", tmp_path / "d", "--precision", tmp_path / "none.yml")
    assert "none.yml" in line


def test_the_clock_is_the_designs_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from codesign.design import Design, commit
    from codesign.graph import digest

    graph = network()
    graph.save(tmp_path)
    commit(tmp_path, Design("k", digest(graph), "", {}, 40.5, "icebreaker", "model", {}))
    found = document(capsys, "estimate", tmp_path)
    assert (found["clock_ns"], found["board"]) == (40.5, "icebreaker")
    found = document(capsys, "estimate", tmp_path, "--clock-ns", "50", "--part", "LFE5U-25F-6BG381C")
    assert (found["clock_ns"], found["board"], found["family"]) == (50.0, None, "ecp5")
    assert found["latency_ns"]["value"] == 50 * found["latency_cycles"]["value"]


def test_bad_input_is_told_in_a_line(saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    board = ("--board", "arty-a7-100t")
    line = refused(capsys, "estimate", saved, "--board", "arty-a7-100")
    assert "'arty-a7-100' is unknown" in line
    assert "arty-a7-100t" in line
    line = refused(capsys, "estimate", saved, *board, "--flow", "quartus")
    assert "quartus" in line
    assert "rtl" in line
    assert "vitis" in line
    line = refused(capsys, "estimate", saved, "--part", "10M50DAF484")
    for word in ("10M50DAF484", "xilinx_7series", "xilinx_ultrascale_plus", "ecp5", "ice40", "gowin", "--uncalibrated"):
        assert word in line
    assert "name a board" in refused(capsys, "estimate", saved)
    assert "both given" in refused(capsys, "estimate", saved, *board, "--part", "xc7a35t")
    assert "layers with one are: fc" in refused(capsys, "estimate", saved, *board, "--reuse", "fc9=2")
    for bad in ("0", "fc", "fc=", "fc=0", "fc=two", "4,5"):
        assert "reuse factor, as 4 or fc1=4,fc2=2" in refused(capsys, "estimate", saved, *board, "--reuse", bad)
    assert "a clock period of 1e-06 ns makes no sense" in refused(
        capsys, "estimate", saved, *board, "--clock-ns", "0.000001"
    )
    assert "neither a design (design.json) nor a saved Graph" in refused(capsys, "estimate", tmp_path, *board)
    assert "does not exist; name a design folder" in refused(capsys, "estimate", tmp_path / "none.keras", *board)
    assert "the vitis flow makes hardware for" in refused(
        capsys, "estimate", saved, "--board", "icebreaker", "--flow", "vitis"
    )
    (saved / "graph.npz").write_bytes(b"")
    assert "graph.npz" in refused(capsys, "estimate", saved, *board)


def test_an_uncalibrated_part_only_if_asked(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "estimate", saved, "--part", "10M50DAF484", "--uncalibrated")
    assert found["calibrated"] is False
    assert main(["estimate", str(saved), "--part", "10M50DAF484", "--uncalibrated"]) == 0
    assert "Nothing was calibrated for part 10M50DAF484" in " ".join(capsys.readouterr().out.split())


def test_what_surely_does_not_fit_fails(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from codesign.road import estimating

    real = estimating.estimate
    for low, status in ((5281, 1), (5280, 0)):
        found = Figure(6000, low, 7000)
        monkeypatch.setattr(estimating, "estimate", lambda *given, lut=found: replace(real(*given), lut=lut))
        assert main(["estimate", str(saved), "--board", "icebreaker", "--clock-ns", "40"]) == status
        assert ("does NOT fit" in capsys.readouterr().out) is bool(status)


def test_the_api_refuses_by_name() -> None:
    graph = network()
    with pytest.raises(UsageError, match="flow 'hls' is none of rtl, vitis"):
        graph.estimate("arty-a7-100t", flow="hls")
    with pytest.raises(UsageError, match="multipliers 'clb' is none of auto, dsp, lut"):
        graph.estimate("arty-a7-100t", multipliers="clb")
    with pytest.raises(UsageError, match="io_type 'serial' is none of io_parallel, io_stream"):
        graph.estimate("arty-a7-100t", io_type="serial")
    with pytest.raises(UsageError, match="name a board"):
        graph.estimate()
    with pytest.raises(EstimateError, match="no layer of 'net'"):
        graph.estimate("arty-a7-100t", reuse={"fc7": 2})


def test_types_that_are_stated(saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    board = ("--board", "arty-a7-100t", "--flow", "vitis")
    path = tmp_path / "p.yml"
    path.write_text("layers: {fc: {weight: 'fixed<2,1>'}}")
    as_it_is = document(capsys, "estimate", saved, *board)
    narrower = document(capsys, "estimate", saved, *board, "--precision", path)
    assert narrower["resources"]["lut"]["used"]["value"] != as_it_is["resources"]["lut"]["used"]["value"]
    from_api = network().estimate("arty-a7-100t", flow="vitis", precision={"fc": {"weight": "fixed<2,1>"}})
    assert from_api.document()["resources"] == narrower["resources"]
    path.write_text("layers: {fc9: {weight: 'fixed<2,1>'}}")
    assert "names layer 'fc9', which design 'net' lacks" in refused(
        capsys, "estimate", saved, *board, "--precision", path
    )


VITIS = ("--part", "xc7z007s-clg225-2", "--flow", "vitis")


def test_truth_stands_beside_it(saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tests.hls.reports.written import csynth

    report = tmp_path / "design_csynth.xml"
    report.write_text(csynth(latency="4", interval="1", counts={"BRAM_18K": 0, "DSP": 0, "FF": 100, "LUT": 200}))
    command = ("estimate", saved, *VITIS, "--clock-ns", 5, "--report", report)
    found = document(capsys, *command)
    (of_report,) = found["reports"]
    assert of_report["stage"] == "csynth"
    figures = of_report["figures"]
    assert figures["lut"]["truth"] == 200
    assert figures["lut"]["estimate"] == found["resources"]["lut"]["used"]
    assert figures["lut"]["error"] == pytest.approx(figures["lut"]["estimate"]["value"] / 200 - 1)
    assert found["calibration"] is None, "nothing is kept unless it is asked for"
    assert main([*map(str, command)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "estimate and truth: design, C synthesis" in shown
    assert f"{figures['lut']['error']:+.1%}" in shown
    other_clock = refused(capsys, "estimate", saved, *VITIS, "--report", report)
    assert "estimate with --clock-ns 5" in other_clock
    report.write_text(report.read_text()[:900])
    assert "design_csynth.xml" in refused(capsys, *command)
    assert "holds no report" in refused(capsys, *command[:-1], saved)


def test_pairs_correct_what_comes_after(saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tests.hls.reports.written import csynth

    report, file = tmp_path / "design_csynth.xml", tmp_path / "mine" / "calibration.json"
    command = ("estimate", saved, *VITIS, "--clock-ns", 5)
    plain = document(capsys, *command)["resources"]["lut"]["used"]["value"]
    assert "holds no pair of estimate and truth yet; add some with --report DIR --calibrate" in refused(
        capsys, *command, "--calibration", file
    )
    counts = {"BRAM_18K": 0, "DSP": 0, "FF": 100, "LUT": round(8 * plain)}
    report.write_text(csynth(latency="4", interval="1", counts=counts))
    tail = ("--report", report, "--calibrate", "--calibration", file)
    found = document(capsys, *command, *tail)
    assert found["calibration"] == {"file": str(file), "pairs": 1}
    assert found["resources"]["lut"]["used"]["value"] == plain, "its own truth does not correct it"
    found = document(capsys, *command, "--calibrate", "--calibration", file)
    assert found["resources"]["lut"]["used"]["value"] == pytest.approx(plain * 2, rel=1e-2), "one pair is a third"
    assert "local calibration towards csynth" in " ".join(found["basis"])
    assert main([*map(str, (*command, *tail))]) == 0
    assert f"Added to {file}, which now holds 1" in " ".join(capsys.readouterr().out.split()), "the same pair, again"
    found = document(capsys, *command, *tail)
    assert found["resources"]["lut"]["used"]["value"] == plain, "nor does it the second time"
    file.write_text("{")
    assert f"local calibration {file} is damaged" in refused(capsys, *command, "--calibration", file)


def test_the_users_own_file(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    line = refused(capsys, "estimate", saved, *VITIS, "--calibrate")
    assert str(tmp_path / "codesign" / "calibration.json") in line


def test_what_is_left_of_a_clock_for_routing(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ("estimate", saved, *VITIS, "--clock-ns", "5", "--clock-uncertainty")
    found = [document(capsys, *command, part)["latency_cycles"]["value"] for part in ("0.125", "0.8")]
    assert found[0] < found[1]
    assert (
        found[1]
        == network()
        .estimate(part=VITIS[1], flow="vitis", clock_ns=5.0, clock_uncertainty=0.8)
        .document()["latency_cycles"]["value"]
    )
    assert "uncertainty" in refused(capsys, *command, "1.5")
