"""Running one external program: an argument list, a log, and nothing left behind when the user stops it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_TAIL_LINES = 12


def run(command: Sequence[str | Path], *, cwd: Path, log: Path, temporary: Path) -> int:
    """Run a program in a process group of its own and wait for it.

    Args:
        command: the program and its arguments.
        cwd: folder to run in.
        log: takes what the program prints.
        temporary: folder for the program's own temporary files.

    Returns:
        Its exit status; negative where a signal ended it.

    Raises:
        OSError: it cannot be started, or the log cannot be written.
    """
    environment = {**os.environ, "LC_ALL": "C", "TMPDIR": str(temporary)}
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
        try:
            return process.wait()
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise


def ended(status: int) -> str:
    """How a program ended, in words."""
    if status >= 0:
        return f"exit status {status}"
    with suppress(ValueError):
        return f"killed by {signal.Signals(-status).name}"
    return f"killed by signal {-status}"


def tail(log: Path) -> str:
    """The last lines of a log, on one line."""
    text = log.read_bytes()[-4000:].decode(errors="replace")
    return " | ".join(line.strip() for line in text.splitlines()[-_TAIL_LINES:] if line.strip())


def first_error(log: Path) -> str:
    """The first line of a compiler's log that tells of an error; its last lines where none does."""
    for line in log.read_text(errors="replace").splitlines():
        if "error:" in line:
            return line.strip()
    return tail(log)
