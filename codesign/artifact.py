"""Writing results so that a killed run leaves nothing half-written: temporary name, sync, rename."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from codesign.errors import OutputError

STAMP = ".codesign.json"
_PART = ".tmp-codesign-"
_OLD = ".old"


def _reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__


def _part_prefix(name: str) -> str:
    return f"{_PART}{name}-"


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
        raise OutputError(f"cannot make folder {folder} ({_reason(error)}); give another --out") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"folder {folder} is not writable; give another --out or change its permissions")
    return folder


@contextmanager
def _held(path: Path | str) -> Iterator[None]:
    """Lock an unfinished file or folder, so that other runs see that its writer lives; a kill frees the lock."""
    handle = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks: nobody sweeps there either
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def _is_abandoned(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(handle)


def _sweep(target: Path) -> None:
    """Remove what killed runs left unfinished beside `target`, and put back a result that one had moved aside."""
    ours = re.compile(re.escape(_part_prefix(target.name)) + r"[a-z0-9_]{8}(\.old)?")
    for path in sorted(target.parent.iterdir()):
        if not ours.fullmatch(path.name) or not _is_abandoned(path):
            continue
        if path.suffix == _OLD and not target.exists():
            path.replace(target)
        elif path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def write_atomic(path: Path, content: bytes | str) -> None:
    """Write a file under a temporary name beside it, then rename it into place.

    Raises:
        OutputError: it cannot be written (no space, no permission).
    """
    data = content.encode() if isinstance(content, str) else content
    make_folder(path.parent)
    temporary: Path | None = None
    try:
        _sweep(path)
        handle, made = tempfile.mkstemp(prefix=_part_prefix(path.name), dir=path.parent)
        temporary = Path(made)
        with os.fdopen(handle, "wb") as stream, _held(temporary):
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
            temporary.chmod(0o644)
            temporary.replace(path)
        temporary = None
    except OSError as error:
        raise OutputError(f"cannot write {path} ({_reason(error)}); free space or give another --out") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


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


def _swap(temporary: Path, folder: Path) -> None:
    """Put a finished folder into place; at every moment the old or the new one exists, whole."""
    if not folder.exists():
        temporary.replace(folder)
        return
    old = temporary.with_name(temporary.name + _OLD)
    with _held(folder):
        folder.replace(old)
        try:
            temporary.replace(folder)
        except BaseException:
            old.replace(folder)
            raise
        shutil.rmtree(old, ignore_errors=True)


def _refuse_foreign(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and read_stamp(folder) is None)):
        raise OutputError(f"{folder} exists and was not written by codesign; move it away or give another --out")


@contextmanager
def stage(folder: Path, key: str) -> Iterator[Path]:
    """Give a temporary folder to fill, and swap it into place as `folder` when the block ends well.

    What earlier, killed runs left unfinished beside `folder` is removed first; what a run that still lives is
    writing there stays.

    Args:
        folder: where the result belongs; an earlier result of ours there is replaced.
        key: names the inputs that the result is made from (see `is_current`).

    Raises:
        OutputError: `folder` holds something that we did not write, or cannot be written.
    """
    temporary: Path | None = None
    try:
        folder = folder.resolve()  # a link to a folder stays a link
        make_folder(folder.parent)
        _sweep(folder)
        _refuse_foreign(folder)
        temporary = Path(tempfile.mkdtemp(prefix=_part_prefix(folder.name), dir=folder.parent))
        with _held(temporary):
            temporary.chmod(0o755)
            yield temporary
            write_atomic(temporary / STAMP, json.dumps({"key": key}) + "\n")
            _refuse_foreign(folder)
            _swap(temporary, folder)
    except OSError as error:
        raise OutputError(f"cannot write {folder} ({_reason(error)}); free space or give another --out") from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
