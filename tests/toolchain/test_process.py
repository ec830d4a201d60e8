"""Running tools: their output is kept, their ends are told, nothing of theirs is left behind."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from codesign.errors import ToolFailedError
from codesign.toolchain.process import last_lines, run_tool


def python(code: str, tmp_path: Path, limit_s: float = 30, **environment: str) -> float:
    command = [sys.executable, "-c", code]
    return run_tool(
        "the tool", command, folder=tmp_path, log=tmp_path / "log", limit_s=limit_s, environment=environment
    )


def test_output_goes_to_the_log(tmp_path: Path) -> None:
    seconds = python("import os, sys; print(os.getcwd()); sys.stderr.write(os.environ['X'])", tmp_path, X="y z")
    assert seconds > 0
    assert (tmp_path / "log").read_text().splitlines() == [str(tmp_path), "y z"]


def test_a_failure_names_status_and_log(tmp_path: Path) -> None:
    with pytest.raises(ToolFailedError, match=r"the tool exited with status 3; its log is .*log, which ends: why"):
        python("print('why'); raise SystemExit(3)", tmp_path)
    with pytest.raises(ToolFailedError, match="was killed by signal 11"):
        python("import os; os.kill(os.getpid(), 11)", tmp_path)


def test_a_tool_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ToolFailedError, match=r"could not be started .*No such file"):
        run_tool("it", [tmp_path / "none"], folder=tmp_path, log=tmp_path / "log", limit_s=1)


def test_past_its_limit_it_ends_with_all_that_it_started(tmp_path: Path) -> None:
    code = "import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)']);"
    code += "open('child', 'w').write(str(p.pid)); time.sleep(99)"
    with pytest.raises(ToolFailedError, match="ran past its limit of 3 s"):
        python(code, tmp_path, limit_s=3)
    child = int((tmp_path / "child").read_text())
    for _ in range(50):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            break
        if Path(f"/proc/{child}/stat").exists() and Path(f"/proc/{child}/stat").read_text().split()[2] == "Z":
            break
        time.sleep(0.1)
    else:
        pytest.fail("the tool's child lives on")


def test_last_lines(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a\n\n  \nb\nc\n")
    assert last_lines(tmp_path / "log", 2) == "b\nc"
    assert last_lines(tmp_path / "none") == ""
