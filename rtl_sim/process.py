"""Running a simulator or a compiler: a process group of its own, its output in a log, an end to it on time."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_LAST_LINES = 6


class SimulatorError(Exception):
    """No simulator, one that cannot be built from this Verilog, or one that failed; says where its log is."""


def _end(process: subprocess.Popen[bytes]) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=3)
    process.wait()


def call(what: str, command: Sequence[str], folder: Path, log: Path, limit_s: float, more: Mapping[str, str]) -> None:
    """Run a tool to its end, in a process group of its own.

    Args:
        what: the tool, for messages.
        command: program and arguments; no shell sees them.
        folder: that it runs in.
        log: where its output goes.
        limit_s: seconds after which it is ended.
        more: to add to this process's environment.

    Raises:
        SimulatorError: it could not start, failed, or ran past its limit.
    """
    with log.open("wb") as stream:
        try:
            process = subprocess.Popen(
                list(command),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                env={**os.environ, **more},
                start_new_session=True,
            )
        except OSError as error:
            raise SimulatorError(f"{what} could not be started ({error.strerror})") from error
        try:
            status = process.wait(timeout=limit_s)
        except subprocess.TimeoutExpired:
            _end(process)
            raise SimulatorError(
                f"{what} ran past its limit of {limit_s:g} s and was ended; its log is {log}"
            ) from None
        except BaseException:
            _end(process)
            raise
    if status != 0:
        how = f"was killed by signal {-status}" if status < 0 else f"exited with status {status}"
        lines = [line.rstrip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
        raise SimulatorError(f"{what} {how}; its log is {log}, which ends: " + "\n".join(lines[-_LAST_LINES:]))
