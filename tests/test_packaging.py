"""The wheel: built, installed elsewhere and run from there, it finds all that it needs in itself."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

RUN_FROM_INSTALL = """
import json, sys
from pathlib import Path
target, checkout = map(Path, sys.argv[1:])
sys.path[:] = [str(target)] + [p for p in sys.path if Path(p).resolve() != checkout]
import codesign, rtl_sim
from codesign.resources import resource
from importlib.metadata import entry_points, version
print(json.dumps({
    "codesign": codesign.__file__,
    "rtl_sim": rtl_sim.__file__,
    "boards": str(resource("boards")),
    "board_files": sorted(p.name for p in resource("boards").rglob("*") if p.is_file()),
    "hls_templates": str(resource("hls_templates")),
    "template_files": sorted(p.name for p in resource("hls_templates").rglob("*") if p.is_file()),
    "version": version("codesign"),
    "path": sys.path,
}))
"""
RUN_COMMAND = """
import sys
from pathlib import Path
target, checkout = map(Path, sys.argv[1:3])
sys.path[:] = [str(target)] + [p for p in sys.path if Path(p).resolve() != checkout]
from codesign.cli import main
sys.exit(main(sys.argv[3:]))
"""


@pytest.fixture(scope="module")
def wheel(checkout, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("elsewhere") / "site"
    options = ["--quiet", "--no-deps", "--no-index", "--no-compile", "--target", str(target)]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, str(wheel)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return target


def run(script: str, *arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-c", script, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


def test_the_wheel_holds_the_packages_their_data_and_no_tests(wheel, checkout):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = next(archive.read(name).decode() for name in names if name.endswith(".dist-info/METADATA"))
    assert {"codesign/py.typed", "codesign/graph/store.py", "rtl_sim/__init__.py"} <= names
    roots = {name.split("/")[0] for name in names}
    assert roots == {"codesign", "rtl_sim", wheel.name.removesuffix("-py3-none-any.whl") + ".dist-info"}
    assert not [name for name in names if "test_" in name.split("/")[-1] or name.endswith((".pyc", ".so"))]
    for folder in ("boards", "hls_templates"):
        ours = {f"codesign/_data/{p.relative_to(checkout)}" for p in (checkout / folder).rglob("*") if p.is_file()}
        assert ours
        assert {name for name in ours if "__pycache__" not in name} <= names
    core = [line for line in metadata.splitlines() if line.startswith("Requires-Dist:") and "extra ==" not in line]
    assert sorted(line.split()[1].split("<")[0].split(">")[0] for line in core) == [
        "numpy",
        "pyyaml",
        "rich",
        "threadpoolctl",
    ]


def test_an_install_elsewhere_finds_its_own_data(installed, checkout, tmp_path):
    done = run(RUN_FROM_INSTALL, installed, checkout, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert str(checkout) not in found["path"]
    for name in ("codesign", "rtl_sim", "boards", "hls_templates"):
        assert Path(found[name]).is_relative_to(installed)
    assert [name for name in found["board_files"] if name.endswith(".yaml")]
    assert found["template_files"]


def test_the_command_runs_from_an_install_elsewhere(installed, checkout, tmp_path):
    done = run(RUN_COMMAND, installed, checkout, "boards", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)
    assert list(tmp_path.iterdir()) == []


def test_make_refuses_an_interpreter_that_is_too_old(checkout, tmp_path):
    old = tmp_path / "python3.9"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    command = ["make", "--no-print-directory", f"PYTHON={old}", f"VENV={tmp_path / 'venv'}", "demo"]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == (
        f"codesign needs Python 3.10 to 3.13, but {old} is not one of them; name one that is: "
        "make PYTHON=python3.12 demo"
    )
    assert not (tmp_path / "venv").exists()


def test_make_installs_again_only_when_the_project_file_is_newer(checkout, tmp_path):
    venv = tmp_path / "venv"
    venv.mkdir()
    for stamp in (".made", ".installed-all", ".installed-dev"):
        (venv / stamp).touch()
    command = ["make", "--no-print-directory", "-n", f"VENV={venv}", "demo", "test"]
    plain = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True)
    assert "pip install" not in plain.stdout
    assert "codesign run examples/digits.yml --out build/digits" in plain.stdout
    assert "-m pytest -n auto --dist loadfile -m" in plain.stdout
    again = subprocess.run([*command, "-W", "pyproject.toml"], cwd=checkout, capture_output=True, text=True, check=True)
    assert again.stdout.count("pip install") == 2
