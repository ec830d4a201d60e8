"""Writing results so that a killed run leaves nothing half-written: temporary name, sync, rename."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from codesign.errors import CodesignError, OutputError

STAMP = ".codesign.json"


def read_bytes(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        OSError: as the system says.
    """
    return path.read_bytes()


def make_folder(folder: Path) -> Path:
    """Create a folder and its parents.

    Raises:
        OutputError: it is a file, or cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise OutputError(f"{folder} is a file, not a folder; give another --out") from None
    except OSError as error:
        raise OutputError(f"cannot make folder {folder} ({error.strerror}); give another --out") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"folder {folder} is not writable; give another --out or change its permissions")
    return folder


def write_atomic(path: Path, content: bytes | str) -> None:
    """Write a file under a temporary name beside it, then rename it into place.

    Raises:
        OutputError: it cannot be written (no space, no permission).
    """
    data = content.encode() if isinstance(content, str) else content
    make_folder(path.parent)
    temporary: str | None = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=".tmp-", dir=path.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
        temporary = None
    except OSError as error:
        raise OutputError(f"cannot write {path} ({error.strerror}); free space or give another --out") from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def read_stamp(folder: Path) -> dict[str, Any] | None:
    """What `stage` recorded about a folder when it was finished; None where it did not finish one."""
    try:
        stamp = json.loads((folder / STAMP).read_text())
    except (OSError, ValueError):
        return None
    return stamp if isinstance(stamp, dict) else None


def is_current(folder: Path, key: str) -> bool:
    """Whether `folder` was finished from exactly the inputs that `key` names."""
    stamp = read_stamp(folder)
    return stamp is not None and stamp.get("key") == key


@contextmanager
def stage(folder: Path, key: str) -> Iterator[Path]:
    """Give a temporary folder to fill, and swap it into place as `folder` when the block ends well.

    Args:
        folder: where the result belongs; an earlier result of ours there is replaced.
        key: names the inputs that the result is made from (see `is_current`).

    Raises:
        OutputError: `folder` holds something that we did not write, or cannot be written.
    """
    make_folder(folder.parent)
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and read_stamp(folder) is None)):
        raise OutputError(f"{folder} exists and was not written by codesign; move it away or give another --out")
    try:
        temporary = Path(tempfile.mkdtemp(prefix=f".tmp-{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise OutputError(f"cannot write below {folder.parent} ({error.strerror}); give another --out") from error
    try:
        temporary.chmod(0o755)
        yield temporary
        write_atomic(temporary / STAMP, json.dumps({"key": key}) + "\n")
        if folder.exists():
            discarded = Path(tempfile.mkdtemp(prefix=f".tmp-old-{folder.name}-", dir=folder.parent))
            os.replace(folder, discarded / folder.name)
            os.replace(temporary, folder)
            shutil.rmtree(discarded)
        else:
            os.replace(temporary, folder)
    except CodesignError:
        raise
    except OSError as error:
        raise OutputError(f"cannot write {folder} ({error.strerror}); free space or give another --out") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
