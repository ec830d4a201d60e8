"""Atomic writes: after a failure, a full disk or a kill, the old result or none is there, never half of one."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from codesign import artifact
from codesign.artifact import STAMP, is_current, make_folder, read_bytes, read_stamp, stage, write_atomic
from codesign.errors import CodesignError, GraphError, OutputError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def finish(folder: Path, key: str, **files: str) -> None:
    with stage(folder, key) as part:
        for name, text in files.items():
            (part / name).write_text(text)


def no_space(*_args: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


# --- one file


def test_write_makes_parents_and_replaces(tmp_path):
    path = tmp_path / "a" / "b" / "y.json"
    write_atomic(path, "one")
    write_atomic(path, b"two")
    assert read_bytes(path) == b"two"
    assert names(path.parent) == ["y.json"]
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_full_disk_leaves_the_old_file(tmp_path, monkeypatch, call):
    path = tmp_path / "y.json"
    write_atomic(path, "old")
    monkeypatch.setattr(artifact.os, call, no_space)
    if call == "replace":
        monkeypatch.setattr(Path, "replace", no_space)
    with pytest.raises(OutputError) as error:
        write_atomic(path, "new")
    assert str(error.value) == f"cannot write {path} (No space left on device); free space or give another --out"
    assert path.read_text() == "old"
    assert names(tmp_path) == ["y.json"]


WRITE_TOO_MUCH = """
import resource, sys
from pathlib import Path
from codesign.artifact import write_atomic
from codesign.errors import OutputError
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write_atomic(Path(sys.argv[1]), b"x" * 8192)
except OutputError as error:
    sys.exit(str(error))
"""


def test_the_system_refuses_to_write_on(tmp_path):
    path = tmp_path / "y.npy"
    write_atomic(path, "old")
    done = subprocess.run(
        [sys.executable, "-c", WRITE_TOO_MUCH, str(path)], capture_output=True, text=True, check=False
    )
    assert done.stderr == f"cannot write {path} (File too large); free space or give another --out\n"
    assert path.read_text() == "old"
    assert names(tmp_path) == ["y.npy"]


def test_a_file_where_a_folder_is_needed(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(OutputError, match="out is a file, not a folder; give another --out"):
        make_folder(tmp_path / "out")
    with pytest.raises(OutputError, match=r"cannot make folder .*out/deeper"):
        write_atomic(tmp_path / "out" / "deeper" / "y.json", "new")
    assert (tmp_path / "out").read_text() == "mine"


def test_a_folder_where_the_file_belongs(tmp_path):
    (tmp_path / "y.json").mkdir()
    with pytest.raises(OutputError, match=r"cannot write .*y\.json"):
        write_atomic(tmp_path / "y.json", "new")
    assert names(tmp_path) == ["y.json"]


def test_not_writable_is_said_before_work(tmp_path, monkeypatch):
    # The superuser may write anywhere, so the system's answer is put in its mouth.
    monkeypatch.setattr(artifact.os, "access", lambda *_: False)
    with pytest.raises(OutputError, match=r"is not writable; give another --out or change its permissions"):
        make_folder(tmp_path / "out")


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind the superuser")
def test_not_writable_for_real(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="cannot make folder"):
        make_folder(tmp_path / "out")
    with pytest.raises(OutputError, match="is not writable"), stage(tmp_path / "design", "k"):
        pass


# --- a folder


def test_stage_gives_the_finished_folder_and_its_key(tmp_path):
    folder = tmp_path / "deep" / "design"
    finish(folder, "k1", a="1")
    assert names(folder) == [STAMP, "a"]
    assert is_current(folder, "k1")
    assert not is_current(folder, "k2")
    assert folder.stat().st_mode & 0o777 == 0o755
    assert names(folder.parent) == ["design"]


def test_a_second_run_replaces_and_never_mixes(tmp_path):
    folder = tmp_path / "design"
    finish(folder, "k1", a="1", b="1")
    finish(folder, "k2", a="2")
    assert names(folder) == [STAMP, "a"]
    assert (folder / "a").read_text() == "2"
    assert is_current(folder, "k2")
    assert names(tmp_path) == ["design"]


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "design").mkdir()
    finish(tmp_path / "design", "k", a="1")
    assert names(tmp_path / "design") == [STAMP, "a"]


@pytest.mark.parametrize("error", [GraphError("layer 'fc'"), KeyboardInterrupt(), RuntimeError("bug")])
def test_a_failed_block_leaves_the_old_result(tmp_path, error):
    folder = tmp_path / "design"
    finish(folder, "k1", a="1")
    with pytest.raises(type(error)) as raised, stage(folder, "k2") as part:
        (part / "a").write_text("half")
        raise error
    assert raised.value is error
    assert (folder / "a").read_text() == "1"
    assert is_current(folder, "k1")
    assert names(tmp_path) == ["design"]


def test_full_disk_in_a_block_leaves_the_old_result(tmp_path, monkeypatch):
    folder = tmp_path / "design"
    finish(folder, "k1", a="1")
    monkeypatch.setattr(artifact.os, "fsync", no_space)
    with pytest.raises(OutputError, match="No space left on device"), stage(folder, "k2") as part:
        write_atomic(part / "a", "half")
    monkeypatch.undo()
    with pytest.raises(OutputError) as error, stage(folder, "k2"):
        no_space()
    assert str(error.value) == f"cannot write {folder} (No space left on device); free space or give another --out"
    assert is_current(folder, "k1")
    assert names(tmp_path) == ["design"]


def test_a_failed_swap_puts_the_old_result_back(tmp_path, monkeypatch):
    folder = tmp_path / "design"
    finish(folder, "k1", a="1")
    replace = Path.replace

    def fails_into_place(self, target):
        if Path(target) == folder and not self.name.endswith(".old"):
            no_space()
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fails_into_place)
    with pytest.raises(OutputError, match="No space left on device"):
        finish(folder, "k2", a="2")
    assert is_current(folder, "k1")
    assert (folder / "a").read_text() == "1"
    assert names(tmp_path) == ["design"]


@pytest.mark.parametrize("stamp", [None, "not json", "[]"])
def test_a_foreign_folder_is_never_replaced(tmp_path, stamp):
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "thesis.tex").write_text("mine")
    if stamp is not None:
        (folder / STAMP).write_text(stamp)
    with pytest.raises(OutputError) as error:
        finish(folder, "k", a="1")
    assert "exists and was not written by codesign; move it away or give another --out" in str(error.value)
    assert (folder / "thesis.tex").read_text() == "mine"
    assert names(tmp_path) == ["home"]


def test_a_folder_that_becomes_foreign_meanwhile_is_not_replaced(tmp_path):
    folder = tmp_path / "design"
    with pytest.raises(OutputError, match="was not written by codesign"), stage(folder, "k"):
        folder.mkdir()
        (folder / "thesis.tex").write_text("mine")
    assert names(folder) == ["thesis.tex"]
    assert names(tmp_path) == ["design"]


def test_a_file_is_never_replaced_by_a_folder(tmp_path):
    (tmp_path / "design").write_text("mine")
    with pytest.raises(OutputError, match="was not written by codesign"):
        finish(tmp_path / "design", "k", a="1")
    assert (tmp_path / "design").read_text() == "mine"


def test_a_link_to_a_folder_stays_a_link(tmp_path):
    finish(tmp_path / "disk" / "design", "k1", a="1")
    link = tmp_path / "design"
    link.symlink_to(tmp_path / "disk" / "design")
    finish(link, "k2", a="2")
    assert link.is_symlink()
    assert (tmp_path / "disk" / "design" / "a").read_text() == "2"


def test_no_stamp_where_nothing_is(tmp_path):
    assert read_stamp(tmp_path / "nowhere") is None
    assert not is_current(tmp_path / "nowhere", "k")


# --- kills

STAGE_AND_WAIT = """
import sys, time
from pathlib import Path
from codesign.artifact import stage
with stage(Path(sys.argv[1]), "k2") as part:
    (part / "a").write_text("half")
    print("ready", flush=True)
    time.sleep(600)
"""
WRITE_AND_WAIT = """
import sys, time
from pathlib import Path
from codesign import artifact
def wait(_):
    print("ready", flush=True)
    time.sleep(600)
artifact.os.fsync = wait
artifact.write_atomic(Path(sys.argv[1]), "half")
"""
SWAP_AND_WAIT = """
import sys, time
from pathlib import Path
from codesign.artifact import stage
replace = Path.replace
def slow(self, target):
    done = replace(self, target)
    if str(target).endswith(".old"):
        print("ready", flush=True)
        time.sleep(600)
    return done
Path.replace = slow
with stage(Path(sys.argv[1]), "k2") as part:
    (part / "a").write_text("2")
"""


class Child:
    """A codesign that has come to a certain point and waits there to be killed."""

    def __init__(self, script: str, target: Path) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", script, str(target)], stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Child:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"
        return self

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def __exit__(self, *_: object) -> None:
        self.kill()
        assert self.process.stdout is not None
        self.process.stdout.close()


def test_a_kill_inside_stage_leaves_the_old_result_and_the_next_run_cleans(tmp_path):
    folder = tmp_path / "design"
    finish(folder, "k1", a="1")
    with Child(STAGE_AND_WAIT, folder) as child:
        child.kill()
    assert is_current(folder, "k1")
    assert (folder / "a").read_text() == "1"
    assert len(names(tmp_path)) == 2
    finish(folder, "k3", a="3")
    assert names(tmp_path) == ["design"]
    assert (folder / "a").read_text() == "3"


def test_a_run_that_lives_is_left_alone(tmp_path):
    folder = tmp_path / "design"
    with Child(STAGE_AND_WAIT, folder):
        (part,) = tmp_path.iterdir()
        finish(folder, "k1", a="1")
        assert (part / "a").read_text() == "half"
    finish(folder, "k3", a="3")
    assert names(tmp_path) == ["design"]


def test_a_kill_in_mid_write_leaves_the_old_file_and_the_next_write_cleans(tmp_path):
    path = tmp_path / "y.json"
    write_atomic(path, "old")
    with Child(WRITE_AND_WAIT, path) as child:
        write_atomic(path, "other")  # the writer lives: its part stays
        assert len(names(tmp_path)) == 2
        child.kill()
    assert path.read_text() == "other"
    write_atomic(path, "new")
    assert names(tmp_path) == ["y.json"]
    assert path.read_text() == "new"


def test_a_kill_in_mid_swap_loses_nothing(tmp_path):
    folder = tmp_path / "design"
    finish(folder, "k1", a="1")
    with Child(SWAP_AND_WAIT, folder) as child:
        child.kill()
    assert not folder.exists()
    with pytest.raises(CodesignError), stage(folder, "k3"):
        assert is_current(folder, "k1")  # put back before the work begins
        raise GraphError("stop here")
    assert (folder / "a").read_text() == "1"
    assert names(tmp_path) == ["design"]


def test_only_our_own_leftovers_are_removed(tmp_path):
    foreign = [".tmp-design-abcdefgh", ".tmp-codesign-other-abcdefgh", ".tmp-codesign-design-notes", ".tmp-old-design"]
    for name in foreign:
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine").write_text("mine")
    (tmp_path / ".tmp-codesign-design-abcdefgh").symlink_to(tmp_path / ".tmp-design-abcdefgh")
    finish(tmp_path / "design", "k", a="1")
    assert names(tmp_path) == sorted([*foreign, "design", ".tmp-codesign-design-abcdefgh"])
    assert all((tmp_path / name / "mine").read_text() == "mine" for name in foreign)
