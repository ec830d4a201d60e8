"""`verify --stress` and `mutate` on a design folder: exit status, JSON, files, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codesign import rtl
from codesign.cli import main
from codesign.design import Design, claim, commit
from codesign.graph import digest, save
from tests.verify.test_stress import small


def folder_of(folder: Path, **more: Any) -> Path:
    """A design folder without a model."""
    claim(folder)
    graph = small()
    save(graph, folder)
    if "rtl_refused" not in more:
        rtl.write_project(graph, folder / "rtl", clock_ns=10, family=rtl.Family.XILINX_7SERIES, part="")
    commit(folder, Design("key", digest(graph), "", {}, 10.0, "", "model", {}, **more))
    return folder


def told(capsys: pytest.CaptureFixture[str], status: int, *argv: object) -> str:
    assert main([str(part) for part in argv]) == status
    captured = capsys.readouterr()
    return captured.out if status != 2 else captured.err


@pytest.mark.tools
@pytest.mark.slow
def test_stress(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    design = folder_of(tmp_path / "design")
    document = json.loads(told(capsys, 0, "verify", design, "--stress", "--frames", 30, "--seed", 5, "--json"))
    assert document["passed"] is True
    assert document["replay"] == []
    assert [item["seed"] for item in document["scenarios"]][:2] == [5, 5]
    kept = json.loads((design / "stress" / "stress.json").read_text())
    assert kept["scenarios"] == document["scenarios"]
    module = next((design / "rtl" / "src").glob("*relu.v"))
    module.write_text(module.read_text().replace("if (rst) valid", "if (1'b0) valid"))
    shown = told(capsys, 1, "verify", design, "--stress", "--frames", 100)
    assert "FAILED" in shown
    assert f"To see it again: codesign verify {design} --stress --scenario 'reset" in shown


@pytest.mark.tools
@pytest.mark.slow
def test_mutate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    design = folder_of(tmp_path / "design")
    command = ("mutate", design, "--faults", 12, "--frames", 60, "--json")
    document = json.loads(told(capsys, 0, *command, "--at-least", 50))
    assert len(document["faults"]) == 12
    assert json.loads((design / "mutation" / "mutation.json").read_text())["share"] == document["share"]
    assert main([str(part) for part in (*command, "--at-least", 100.1)]) == 1


def test_what_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused = folder_of(tmp_path / "refused", rtl_refused="layer 'big' is too wide")
    for command in (("verify", refused, "--stress"), ("mutate", refused)):
        assert "has no RTL project: layer 'big' is too wide" in told(capsys, 2, *command)
    design = folder_of(tmp_path / "design")
    line = told(capsys, 2, "verify", design, "--stress", "--scenario", "nonsense")
    assert "scenario 'nonsense' is unknown; choose from 'back to back'" in line
    (design / "rtl" / "manifest.json").unlink()
    assert "holds no RTL project: convert the model again" in told(capsys, 2, "mutate", design)
