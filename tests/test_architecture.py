"""The shape of the code: data flows one way, saved designs need no Keras, nothing names one machine."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

IGNORED = {".git", ".venv", "build", "dist", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}


def test_import_contracts_hold(checkout):
    code = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports('pyproject.toml', no_cache=True))"
    done = subprocess.run([sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


IMPORT_WITHOUT = """
import importlib, pkgutil, sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in sys.argv[1].split(","):
            raise ModuleNotFoundError(f"{name} is not to be imported here", name=name)
sys.meta_path.insert(0, Absent())
for name in sys.argv[2].split(","):
    module = importlib.import_module(name)
    inside = getattr(module, "__path__", []) if "." in name else []
    for found in pkgutil.walk_packages(inside, name + "."):
        importlib.import_module(found.name)
        print(found.name)
"""


def test_a_saved_design_is_used_without_keras_tensorflow_and_hls4ml(checkout):
    settings = tomllib.loads((checkout / "pyproject.toml").read_text())["tool"]["importlinter"]
    contracts = {item["id"]: item for item in settings["contracts"]}
    absent = ",".join([*contracts["saved-design-alone"]["forbidden_modules"], "sklearn"])
    sources = (contracts[name]["source_modules"] for name in ("saved-design-alone", "keras-behind-doors"))
    modules = ",".join(["codesign", *(module for listed in sources for module in listed)])
    done = subprocess.run([sys.executable, "-c", IMPORT_WITHOUT, absent, modules], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "codesign.graph.store" in done.stdout.split()


def packages(checkout: Path) -> list[Path]:
    return [path for name in ("codesign", "rtl_sim") for path in sorted((checkout / name).rglob("*.py"))]


def test_every_public_module_says_what_it_holds(checkout):
    public = [path for path in packages(checkout) if not path.stem.startswith("_") or path.stem == "__init__"]
    assert len(public) > 20
    silent = [str(path.relative_to(checkout)) for path in public if not ast.get_docstring(ast.parse(path.read_text()))]
    assert silent == []


def repository_files(checkout: Path) -> list[Path]:
    """The tracked files; where git is absent, every file that is not generated."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=checkout, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        found = (Path(folder) / name for folder, _, names in os.walk(checkout) for name in names)
        return [path for path in found if not IGNORED & set(path.relative_to(checkout).parts)]
    return [path for name in listed.stdout.split("\0") if name and (path := checkout / name).is_file()]


MACHINE_PATH = re.compile(r"(?<![\w.~}>-])/(?:home|root|Users|work|mnt|media)/[\w.]|[A-Z]:\\Users")


def test_no_file_names_a_place_on_one_machine(checkout):
    found = []
    for path in repository_files(checkout):
        text = path.read_bytes().decode("utf-8", errors="ignore")
        for number, line in enumerate(text.splitlines(), 1):
            if MACHINE_PATH.search(line) or str(checkout) + "/" in line:
                found.append(f"{path.relative_to(checkout)}:{number}: {line.strip():.100}")
    assert found == []


@pytest.mark.parametrize(
    ("line", "names_one"),
    [
        ("open('/home" + "/ann/model.keras')", True),
        ("cd /root" + "/net", True),
        ("C:" + r"\Users\ann", True),
        ("https://host/home/page", False),
        ("out/work/obj_dir", False),
    ],
)
def test_machine_paths_are_told_from_others(line, names_one):
    assert bool(MACHINE_PATH.search(line)) == names_one


def test_the_package_under_test_is_this_checkout(checkout):
    spec = importlib.util.find_spec("codesign")
    assert spec is not None
    assert Path(spec.origin or "").is_relative_to(checkout)
