"""The road on a small model: every rung equal; then one thing is changed at a time, and each change is caught."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codesign.cli import main
from codesign.design import RECORD, read_design
from codesign.graph import Dense, Graph, Softmax, digest, load, save
from codesign.graph.nodes import replace_arrays
from codesign.road.verification import Verified, verify
from codesign.verify.rung import Status

pytestmark = pytest.mark.tools

pytest.importorskip("keras")
pytest.importorskip("hls4ml")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A design of an 8-6-4 model with a softmax, and its folder."""
    from tests.frontend.models import mlp

    folder = tmp_path_factory.mktemp("road")
    model = folder / "small.keras"
    mlp(activation="softmax").save(model)
    samples = folder / "x.npy"
    np.save(samples, np.random.default_rng(0).integers(0, 32, (40, 8)) / 16)
    command = ["convert", str(model), "--out", str(folder / "design"), "--input-precision", "ufixed<5,1>"]
    assert main([*command, "--data", str(samples), "--clock-ns", "20"]) == 0
    return folder / "design"


@pytest.fixture
def design(made: Path, tmp_path: Path) -> Path:
    """A copy to spoil; compiled simulators come along."""
    shutil.copytree(made, tmp_path / "design")
    return tmp_path / "design"


def climb(folder: Path, *names: str) -> Verified:
    return verify(folder, names=names or ("keras", "csim", "rtl"), random_samples=100)


def change(path: Path, old: str, new: str, count: int = 1) -> None:
    text = path.read_text()
    assert old in text, f"{path} has no {old!r}"
    path.write_text(text.replace(old, new, count))


def the(verified: Verified, rung: str) -> Any:
    return next(result for result in verified.results if result.rung == rung)


def test_every_rung_is_equal(made: Path) -> None:
    verified = climb(made)
    assert verified.passed
    assert verified.complete
    status = {result.rung: result.status for result in verified.results}
    assert status == {"keras": Status.APPROXIMATE, "csim": Status.EQUAL, "rtl": Status.EQUAL}
    assert {result.samples for result in verified.results} == {140}
    keras = the(verified, "keras")
    assert {"fc1", "relu1"} <= set(keras.compared), "what is exact in float32 is compared exactly"
    (approximation,) = keras.approximations
    assert "lookup tables" in approximation.reason
    assert approximation.max_error < 0.02
    document = json.loads((made / "verify" / "verify.json").read_text())
    assert document["passed"]
    assert (document["own_samples"], document["random_samples"]) == (40, 100)
    assert (made / "verify" / "junit.xml").read_text().count("<testcase") == 3
    rtl = json.loads((made / "rtl" / "manifest.json").read_text())
    assert the(verified, "rtl").facts["latency_cycles"] == rtl["latency_cycles"]
    assert the(verified, "rtl").facts["interval"] == rtl["interval"] == 1


def test_what_the_rtl_flow_cannot_build_is_a_design_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Inputs of 56 bits: too wide for the RTL flow's logic, no trouble for the Graph and the C simulation."""
    from tests.frontend.models import mlp

    mlp().save(tmp_path / "m.keras")
    out = tmp_path / "design"
    command = ["convert", str(tmp_path / "m.keras"), "--out", str(out), "--input-precision"]
    assert main([*command, "fixed<8,3>"]) == 0
    assert (out / "rtl").is_dir()
    assert main([*command, "fixed<56,3>"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "No RTL project: layer 'fc1': its logic would hold numbers of" in said
    assert not (out / "rtl").exists(), "the RTL of the earlier design must not stay"
    verified = climb(out)
    assert verified.passed
    assert the(verified, "csim").status is Status.EQUAL
    assert the(verified, "rtl").status is Status.SKIPPED
    assert "no RTL project: layer 'fc1'" in the(verified, "rtl").note
    assert main(["build", str(out), "--board", "ulx3s-85f"]) == 2
    assert "has no RTL project to synthesise: layer 'fc1'" in capsys.readouterr().err
    assert main([*command, "fixed<56,3>"]) == 0
    assert "Up to date" in capsys.readouterr().out


def test_one_weight_by_one_bit_in_the_hls_project(design: Path) -> None:
    path = design / "hls" / "firmware" / "weights" / "w2.txt"
    values = path.read_text().split(",")
    values[7] = f"{float(values[7]) + 2**-5:.5f}"
    path.write_text(",".join(values))
    verified = climb(design, "csim", "rtl")
    assert not verified.passed
    first = the(verified, "csim").first
    assert (first.node, first.layer, first.index) == ("fc1", "fc1", (7 % 6,))
    assert the(verified, "rtl").status is Status.EQUAL


def test_one_weight_by_one_bit_in_the_graph(design: Path) -> None:
    """The Graph itself is wrong: the model, the C++ and the RTL all say so, at the same layer."""

    def bump(node: Dense) -> Dense:
        weight = node.weight.copy()
        weight[3, 2] += 1 if weight[3, 2] < node.weight_type.max_int else -1
        return Dense(**replace_arrays(node, weight=weight))

    spoil_graph(design, "fc1", bump)
    verified = climb(design)
    for rung in ("keras", "csim", "rtl"):
        first = the(verified, rung).first
        assert (first.node, first.index) == ("fc1", (2,)), rung
        assert "a weight, a table entry or the arithmetic differs; " in first.reason


def spoil_graph(design: Path, name: str, bump: Any) -> None:
    """Change one node of a design's Graph, its commit record included."""
    graph = load(design, Graph)
    nodes = tuple(bump(node) if node.name == name else node for node in graph.nodes)
    spoilt = Graph(graph.name, nodes, graph.outputs, graph.origin)
    save(spoilt, design)
    record = json.loads((design / RECORD).read_text())
    record["graph_digest"] = digest(spoilt)
    (design / RECORD).write_text(json.dumps(record))
    assert read_design(design).graph_digest == digest(spoilt)


def test_one_table_entry(design: Path) -> None:
    graph = load(design, Graph)
    softmax = next(node for node in graph if isinstance(node, Softmax))

    def bump(node: Softmax) -> Softmax:
        return Softmax(**replace_arrays(node, exp_table=np.concatenate([[node.exp_table[0] - 64], node.exp_table[1:]])))

    spoil_graph(design, softmax.name, bump)
    verified = climb(design, "csim", "rtl")
    for rung in ("csim", "rtl"):
        assert the(verified, rung).first.node == softmax.name, rung
        assert the(verified, rung).mismatching == 140, "the largest logit always reads entry 0"


def test_one_rounding_mode_in_the_hls_project(design: Path) -> None:
    defines = design / "hls" / "firmware" / "defines.h"
    line = next(line for line in defines.read_text().splitlines() if "RND_CONV" in line and "layer3_t" in line)
    change(defines, line, line.replace("AP_RND_CONV", "AP_TRN"))
    verified = climb(design, "csim")
    first = the(verified, "csim").first
    assert first.node == "relu1"
    assert "looks like rounding TRN instead of RND_CONV" in first.reason


def test_the_rtl_text(design: Path) -> None:
    """An adder in the first layer's module subtracts."""
    manifest = json.loads((design / "rtl" / "manifest.json").read_text())
    modules = {layer["node"]: layer["module"] for layer in manifest["layers"]}
    path = next(p for p in sorted((design / "rtl").rglob("*.v")) if f"module {modules['fc1']}" in p.read_text())
    text = path.read_text()
    changed, hits = re.subn(r"(shift_adder #\((?:-?\d+,){7})0\)", r"\g<1>1)", text, count=1)
    assert hits == 1
    path.write_text(changed)
    verified = climb(design, "rtl")
    result = the(verified, "rtl")
    assert result.status is Status.DIFFERENT
    assert result.first.node == "fc1"


def test_a_changed_samples_file_is_seen(design: Path) -> None:
    (design / "samples.npz").write_bytes(b"PK\x03\x04 nothing")
    assert main(["verify", str(design)]) == 2


def test_convert_again_changes_nothing_and_another_option_redoes(design: Path, made: Path) -> None:
    model = made.parent / "small.keras"
    command = ["convert", str(model), "--out", str(design), "--input-precision", "ufixed<5,1>"]
    same = [*command, "--data", str(made.parent / "x.npy"), "--clock-ns", "20"]
    before = {path: path.stat().st_mtime_ns for path in design.rglob("*") if path.is_file()}
    assert main(same) == 0
    assert {path: path.stat().st_mtime_ns for path in design.rglob("*") if path.is_file()} == before
    key = read_design(design).key
    assert main([*same[:-1], "40"]) == 0
    assert read_design(design).key != key
    assert read_design(design).clock_ns == 40
    assert not (design / "verify").exists(), "what an earlier design led to is gone"


def test_a_killed_conversion_leaves_no_design(design: Path, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from codesign.road import conversion

    def stop(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(conversion.rtl, "write_project", stop)
    command = ["convert", str(made.parent / "small.keras"), "--out", str(design), "--clock-ns", "33"]
    assert main(command) == 130
    assert not (design / RECORD).exists()
    assert main(["verify", str(design)]) == 2
    monkeypatch.undo()
    assert main(command) == 0
    assert replace(read_design(design), key="").clock_ns == 33
