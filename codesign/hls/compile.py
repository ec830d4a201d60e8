"""Compiling the C simulation of an HLS project with g++."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from codesign.artifact import is_current, make_folder, stage
from codesign.errors import DesignError, ToolMissingError
from codesign.hls.bridge import SOURCE
from codesign.hls.manifest import MANIFEST, Manifest
from codesign.toolchain.process import run_tool

PROGRAM = "csim"
FIRMWARE = "firmware"
_FOLDER = "program"
_LOG = "compile.log"
_LIMIT_S = 3600.0
# hls4ml compiles with -O3; the numbers are the same, and -O1 is what a few thousand samples are done soonest with.
_FLAGS = ("-O1", "-fPIC")
_STANDARDS = ("-std=c++23", "-std=c++11")  # hls4ml's build_lib.sh: the first that the compiler knows


def compiler() -> Path:
    """Where g++ is.

    Raises:
        ToolMissingError: it is not on PATH.
    """
    found = shutil.which("g++")
    if found is None:
        raise ToolMissingError(
            "g++ is not on PATH, and the C simulation is compiled with it; install it, for example with "
            "`sudo apt-get install g++`"
        )
    return Path(found)


@cache
def _version(program: Path, changed: int) -> str:
    """What a compiler says of itself; `changed` is the time of its last change, so that an upgrade is seen."""
    done = subprocess.run([str(program), "--version"], capture_output=True, text=True, errors="replace", check=False)
    return done.stdout


def _accepts(program: Path, standard: str) -> bool:
    command = [str(program), "-Werror", "-fsyntax-only", standard, "-x", "c++", os.devnull]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _key(folder: Path, program: Path) -> str:
    """A SHA-256 over the compiler, the flags and every file that is compiled; weights are read when it runs."""
    total = hashlib.sha256(f"{_version(program, program.stat().st_mtime_ns)}{_FLAGS}{_STANDARDS}".encode())
    for path in (folder / SOURCE, folder / MANIFEST, *sorted((folder / FIRMWARE).rglob("*"))):
        if path.is_file() and path.suffix != ".txt":
            name, content = path.relative_to(folder).as_posix().encode(), path.read_bytes()
            total.update(len(name).to_bytes(8, "little") + name + len(content).to_bytes(8, "little") + content)
    return total.hexdigest()


def compile_csim(folder: Path, work: Path) -> Path:
    """Compile the C simulation of an HLS project, unless `work` holds it already.

    Args:
        folder: an HLS project, as `write_project` left it; nothing is written there.
        work: takes the program, in a folder of its own; a program of an earlier project there is replaced.

    Returns:
        The program.

    Raises:
        DesignError: `folder` holds no whole HLS project.
        ToolMissingError: g++ is not installed.
        ToolFailedError: the project does not compile; the message names the log.
        OutputError: `work` cannot be written.
    """
    top = folder / FIRMWARE / f"{Manifest.load(folder).project}.cpp"
    for path in (folder / SOURCE, top):
        if not path.is_file():
            raise DesignError(f"{path} is missing, the HLS project is not whole; convert the model again")
    program = compiler()
    try:
        key = _key(folder, program)
    except OSError as error:
        raise DesignError(f"{folder} cannot be read ({error}); convert the model again") from error
    built = work / _FOLDER
    if is_current(built, key) and (built / PROGRAM).is_file():
        return built / PROGRAM
    standard = next((item for item in _STANDARDS if _accepts(program, item)), _STANDARDS[-1])
    make_folder(work)
    with stage(built, key) as place:
        include = f"-I{FIRMWARE}/ap_types"
        run_tool(
            "g++ on the HLS project",
            [program, *_FLAGS, standard, "-w", "-fmax-errors=3", include, SOURCE, "-o", place / PROGRAM],
            folder=folder,
            log=work / _LOG,
            limit_s=_LIMIT_S,
            environment={"LC_ALL": "C", "TMPDIR": str(place)},
        )
    return built / PROGRAM
