"""The doctor: tools that are there, lack, hang, or say nothing of use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codesign.errors import ToolMissingError
from codesign.report.doctor import table
from codesign.toolchain import doctor
from codesign.toolchain.doctor import TOOLS, diagnose, told_version


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is all of the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def fake(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def report(name: str) -> doctor.ToolReport:
    return next(item for item in diagnose().reports if item.tool.name == name)


def test_nothing_on_the_path(tools: Path) -> None:
    diagnosis = diagnose()
    assert not diagnosis.healthy
    lacking = report("g++")
    assert (lacking.usable, lacking.found) == (False, None)
    assert lacking.tool.mend == "apt-get install g++"
    entry = next(tool for tool in diagnosis.document()["tools"] if tool["name"] == "g++")
    assert (entry["where"], entry["version"], entry["mend"]) == (None, None, "apt-get install g++")
    json.dumps(diagnosis.document())


def test_versions_are_asked_for(tools: Path) -> None:
    path = fake(tools, "g++", "echo 'g++ (Somewhere 12.2.0-14) 12.2.0'")
    found = report("g++").found
    assert found == doctor.Found(path, "12.2.0")


def test_a_tool_that_says_nothing_of_use(tools: Path) -> None:
    fake(tools, "make", "echo ' rev vUNKNOWN-built'; exit 1")
    found = report("make").found
    assert found is not None
    assert found.version is None
    assert report("make").usable, "it is there; its version is unknown, not 0"


def test_a_tool_that_hangs(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_PATIENCE_S", 0.5)
    assert told_version(fake(tools, "vivado", "while :; do :; done"), "-version") is None


def test_a_required_tool_with_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ToolMissingError("Verilator needs g++: apt-get install g++")

    spoilt = tuple(
        doctor.Tool(tool.name, tool.needed_for, tool.required, tool.mend, broken) if tool.name == "Verilator" else tool
        for tool in TOOLS
    )
    monkeypatch.setattr(doctor, "TOOLS", spoilt)
    found = report("Verilator")
    assert not found.usable
    assert found.problem == "Verilator needs g++: apt-get install g++"
    assert not diagnose().healthy


def test_vendor_tools_are_optional(tools: Path) -> None:
    assert not report("Vivado").tool.required
    assert "vendor" in report("Vitis HLS").tool.mend
    fake(tools, "vivado", "echo 'Vivado v2023.2 (64-bit)'")
    found = report("Vivado").found
    assert found is not None
    assert found.version == "2023.2"


def test_every_tool_has_its_row() -> None:
    assert table(diagnose()).row_count == len(TOOLS)
    assert len({tool.name for tool in TOOLS}) == len(TOOLS)
