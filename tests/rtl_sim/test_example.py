"""The example of a test by hand runs as its README says, and fails where the RTL is wrong."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "hand_written_rtl"


def run(folder):
    command = [sys.executable, str(folder / "check_accumulate.py")]
    path = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, cwd=folder, env=path, capture_output=True, text=True, check=False)


@pytest.mark.tools
@pytest.mark.slow
def test_right_and_wrong(tmp_path):
    folder = tmp_path / "example"
    shutil.copytree(EXAMPLE, folder)
    done = run(folder)
    assert done.returncode == 0, done.stderr
    source = folder / "accumulate.sv"
    source.write_text(source.read_text().replace("first + a + b", "first + a"))
    done = run(folder)
    assert done.returncode == 1
    assert "y of frame" in done.stderr
    assert "expected" in done.stderr
