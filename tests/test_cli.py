"""The command line: exit status, one line that says what and how to mend it, nothing half-written."""

from __future__ import annotations

import errno
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codesign.cli import main
from codesign.graph import (
    Activation,
    ActivationFunction,
    Dense,
    FixedPoint,
    Graph,
    Input,
    Overflow,
    Rounding,
    frozen,
    save,
)


@pytest.fixture
def graph_folder(tmp_path: Path) -> Path:
    """A saved Graph of one dense layer and a relu, 3 to 2."""
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
        name="act",
        inputs=("fc",),
        shape=(2,),
        result=FixedPoint(False, 4, 2, Rounding.RND_CONV, Overflow.SAT),
        function=ActivationFunction.RELU,
    )
    save(Graph("d", (x, fc, act), ("act",)), tmp_path / "design")
    return tmp_path / "design"


def refused(capsys: pytest.CaptureFixture[str], *argv: object) -> str:
    """Run a command that must be refused; its one line."""
    assert main([str(part) for part in argv]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("codesign: ")
    return line


def written_below(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


def test_no_command_and_a_wrong_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert "COMMAND" in refused(capsys)
    assert "'fly'" in refused(capsys, "fly")
    assert "--out" in refused(capsys, "convert", "m.keras")
    assert "--clock-ns" in refused(capsys, "convert", "m.keras", "--out", "d", "--clock-ns", "-3")


def test_help_of_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (
        "run",
        "train",
        "convert",
        "simulate",
        "verify",
        "verify-rtl",
        "estimate",
        "build",
        "boards",
        "doctor",
    ):
        with pytest.raises(SystemExit) as stopped:
            main([command, "--help"])
        assert stopped.value.code == 0
        assert "--json" in capsys.readouterr().out


def test_simulate(graph_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x = np.array([[0.5, -0.25, 1.0], [-1, 0, 1.5], [1.9375, 1.9375, -2]])
    np.save(tmp_path / "x.npy", x)
    command = ["simulate", graph_folder, "--input", tmp_path / "x.npy", "--output", tmp_path / "y.npy", "--trace"]
    assert main([*map(str, command)]) == 0
    text = capsys.readouterr().out
    assert "Overflowed on these samples: act" in text
    weight, bias = np.array([[1, -2], [3, 4], [-5, 6]]) / 4, np.array([1, -1]) / 4
    exact = np.clip(np.floor((x @ weight + bias) * 16) / 16, -8, 7.9375)
    expected = np.clip(np.round(np.maximum(exact, 0) * 4) / 4, 0, 3.75)
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), expected)
    assert main([*map(str, command), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["samples"], document["input_values_rounded"]) == (3, 0)
    assert [layer["node"] for layer in document["layers"]] == ["x", "fc", "act"]


def test_rounded_inputs_are_counted(graph_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "x.npy", np.array([[0.01, 0.5, 100.0]]))
    argv = ["simulate", graph_folder, "--input", tmp_path / "x.npy", "--output", tmp_path / "y.npy"]
    assert main([*map(str, argv)]) == 0
    assert "Of 3 input values, 1 were rounded" in " ".join(capsys.readouterr().out.split())


BAD_ARRAYS: dict[str, tuple[Any, str]] = {
    "shape": (np.zeros((5, 4)), r"shape (5, 4), expected (samples, 3)"),
    "flat": (np.zeros(3), r"shape (3,), expected (samples, 3)"),
    "empty": (np.zeros((0, 3)), "holds no samples"),
    "nan": (np.array([[np.nan, 0, np.inf]]), "2 values that are NaN or infinite"),
    "text": (np.array([["a", "b", "c"]]), "dtype <U1"),
}


@pytest.mark.parametrize("name", BAD_ARRAYS)
def test_bad_inputs(name: str, graph_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values, said = BAD_ARRAYS[name]
    np.save(tmp_path / "x.npy", values)
    line = refused(capsys, "simulate", graph_folder, "--input", tmp_path / "x.npy", "--output", tmp_path / "y.npy")
    assert said in line
    assert not (tmp_path / "y.npy").exists()


def test_a_pickle_is_never_opened(graph_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return os.system, (f"touch {tmp_path / 'boom'}",)

    (tmp_path / "x.npy").write_bytes(pickle.dumps(Bomb()))
    line = refused(capsys, "simulate", graph_folder, "--input", tmp_path / "x.npy", "--output", tmp_path / "y.npy")
    assert "pickled objects" in line
    assert not (tmp_path / "boom").exists()


def test_missing_and_damaged_designs(graph_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "x.npy", np.zeros((1, 3)))
    tail = ("--input", tmp_path / "x.npy", "--output", tmp_path / "y.npy")
    assert "graph.json" in refused(capsys, "simulate", tmp_path / "nowhere", *tail)
    assert "codesign convert MODEL" in refused(capsys, "verify", tmp_path / "nowhere")
    (graph_folder / "graph.npz").write_bytes(b"")
    assert "graph.npz" in refused(capsys, "simulate", graph_folder, *tail)


def test_json_errors(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["verify", str(tmp_path), "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["exit_status"] == 2
    assert "no finished design" in document["error"]


def test_output_that_cannot_be_written(
    graph_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    np.save(tmp_path / "x.npy", np.zeros((1, 3)))
    head = ("simulate", graph_folder, "--input", tmp_path / "x.npy", "--output")
    (tmp_path / "file").write_text("")
    assert "is a file, not a folder" in refused(capsys, *head, tmp_path / "file" / "y.npy")
    assert "ends in .npy" in refused(capsys, *head, tmp_path / "y.txt")

    def full(*args: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    before = written_below(tmp_path)
    assert "No space left on device" in refused(capsys, *head, tmp_path / "y.npy")
    assert written_below(tmp_path) == before, "nothing is left behind"


def test_bad_models_write_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("keras")
    (tmp_path / "cut.keras").write_bytes(b"PK\x03\x04")
    (tmp_path / "model.pkl").write_bytes(pickle.dumps({"a": 1}))
    out = tmp_path / "out"
    assert "missing.keras" in refused(capsys, "convert", tmp_path / "missing.keras", "--out", out)
    assert "cut.keras" in refused(capsys, "convert", tmp_path / "cut.keras", "--out", out)
    assert "model.pkl" in refused(capsys, "convert", tmp_path / "model.pkl", "--out", out)
    assert not out.exists()


def test_a_foreign_folder_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("hls4ml")
    from tests.frontend.models import mlp

    mlp().save(tmp_path / "m.keras")
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    line = refused(capsys, "convert", tmp_path / "m.keras", "--out", mine)
    assert "is not empty and is not a codesign design" in line
    assert [path.name for path in mine.iterdir()] == ["thesis.txt"]
    assert "is a file" in refused(capsys, "convert", tmp_path / "m.keras", "--out", mine / "thesis.txt")


def test_bad_precision_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.yml"
    tail = ("convert", tmp_path / "m.keras", "--out", tmp_path / "out", "--precision", path)
    path.write_text("layers: {fc1: {accum: 'fixd<3>'}}")
    assert "layers.fc1.accum: 'fixd<3>' is not a fixed-point type" in refused(capsys, *tail)
    path.write_text("fc1: {}")
    assert "exactly one key, layers" in refused(capsys, *tail)
    path.write_text("layers: [1]")
    assert "exactly one key, layers" in refused(capsys, *tail)
    assert "not a fixed-point type" in refused(
        capsys, "convert", "m", "--out", tmp_path / "o", "--input-precision", "flat<8>"
    )


def test_bad_recipes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "r.yml"
    path.write_text("name: x\nlayerz: []\n")
    assert "layerz" in refused(capsys, "run", path, "--out", tmp_path / "out")
    assert "does not exist" in refused(capsys, "train", tmp_path / "none.yml", "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_package_that_lacks_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a machine that has only what a saved design needs."""
    (tmp_path / "m.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 2000)
    monkeypatch.setitem(sys.modules, "h5py", None)
    line = refused(capsys, "convert", tmp_path / "m.h5", "--out", tmp_path / "out")
    assert "h5py" in line
    assert "pip install 'codesign[all]'" in line


def test_an_unknown_board_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    boards = ("--fit", "icebreaker", "--board", "pynq-z2")
    assert "two boards" in refused(capsys, "convert", "m.keras", "--out", tmp_path / "o", *boards)
    vhdl = ("--fit", "icebreaker", "--language", "vhdl")
    assert "drop --language vhdl" in refused(capsys, "convert", "m.keras", "--out", tmp_path / "o", *vhdl)
    line = refused(capsys, "convert", "m.keras", "--out", tmp_path / "o", "--board", "arty-a7-100")
    assert "arty-a7-100t" in line


def test_an_unknown_rung_is_named(capsys: pytest.CaptureFixture[str], graph_folder: Path) -> None:
    line = refused(capsys, "verify", graph_folder, "--rungs", "keras,moon")
    assert "no finished design" in line or "moon" in line


def test_the_netlist_and_proofs_are_climbed_on_request(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from codesign.road import verification
    from codesign.verify.rung import RungResult, Status

    asked: list[tuple[str, ...]] = []

    def climbed(folder: Path, *, names: tuple[str, ...], **more: object) -> verification.Verified:
        asked.append(names)
        results = tuple(
            RungResult(
                name, name, Status.SKIPPED if name == "netlist" else Status.EQUAL, 1, 0, (), None, (), "", 0.0, {}
            )
            for name in names
        )
        return verification.Verified(results, True, False, folder)

    monkeypatch.setattr(verification, "verify", climbed)
    assert main(["verify", str(tmp_path), "--formal"]) == 0
    assert main(["verify", str(tmp_path), "--netlist", "--formal"]) == 1, "what is asked for by name may not lack"
    assert main(["verify", str(tmp_path), "--rungs", "rtl,formal"]) == 0
    three = ("keras", "csim", "rtl")
    assert asked == [(*three, "formal"), (*three, "netlist", "formal"), ("rtl", "formal")]


def test_boards_and_doctor_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["boards", "--json"]) == 0
    boards = json.loads(capsys.readouterr().out)
    names = {"arty-a7-100t", "ulx3s-85f", "pynq-z2", "kr260", "tang-nano-9k"}
    assert names <= {board["name"] for board in boards["boards"]}
    assert main(["doctor", "--json"]) in (0, 1)
    tools = json.loads(capsys.readouterr().out)
    assert {"g++", "make", "Verilator", "Yosys", "Vivado"} <= {tool["name"] for tool in tools["tools"]}


def test_ctrl_c_ends_in_one_line(tmp_path: Path) -> None:
    """A real process, stopped while it trains."""
    pytest.importorskip("keras")
    recipe = Path(__file__).resolve().parent.parent / "examples" / "digits.yml"
    command = [sys.executable, "-m", "codesign.cli", "run", str(recipe), "--out", str(tmp_path / "out")]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # parallel tests ignore it
    )
    time.sleep(6)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "stopped; what was finished is kept" in err.splitlines()[-1]
    left = [path for path in (tmp_path / "out").rglob("*") if path.is_file()] if (tmp_path / "out").exists() else []
    assert not [path for path in left if ".tmp-" in str(path)], "nothing half-written is left"
