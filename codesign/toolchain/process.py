"""Running an external tool: its own process group, its output in a log, an end to it on time or on Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from codesign.artifact import make_folder
from codesign.errors import ToolFailedError

_LAST_LINES = 6


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the tool and everything that it started."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=3)
    process.wait()


def last_lines(log: Path, count: int = _LAST_LINES) -> str:
    """The last lines of a log that say anything."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join([line.rstrip() for line in lines if line.strip()][-count:])


def run_tool(
    tool: str,
    command: Sequence[str | Path],
    *,
    folder: Path,
    log: Path,
    limit_s: float,
    environment: Mapping[str, str] | None = None,
) -> float:
    """Run a tool to its end.

    Args:
        tool: its name, for messages.
        command: program and arguments; no shell sees them.
        folder: its working folder.
        log: where its standard output and error go.
        limit_s: seconds after which it is ended.
        environment: what to add to this process's environment.

    Returns:
        Seconds that it ran.

    Raises:
        ToolFailedError: it could not start, exited with a status other than 0, or ran past its limit.
    """
    make_folder(log.parent)
    started = time.monotonic()
    with log.open("wb") as stream:
        try:
            process = subprocess.Popen(
                [str(part) for part in command],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )
        except OSError as error:
            raise ToolFailedError(f"{tool} could not be started ({error.strerror}); see `codesign doctor`") from error
        try:
            status = process.wait(timeout=limit_s)
        except subprocess.TimeoutExpired:
            _end(process)
            raise ToolFailedError(
                f"{tool} ran past its limit of {limit_s:g} s and was ended; its log is {log}"
            ) from None
        except BaseException:
            _end(process)
            raise
    if status != 0:
        how = f"was killed by signal {-status}" if status < 0 else f"exited with status {status}"
        raise ToolFailedError(f"{tool} {how}; its log is {log}, which ends: {last_lines(log)}")
    return time.monotonic() - started
