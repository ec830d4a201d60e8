"""The commands that make a simulator of a design with the harness inside, and the makefile of its C++.

Verilator's own makefile precompiles headers, compiles many small files, and each in the same way. Most of a small
design's time goes there. Here the C++ that runs in every cycle is compiled with some optimization, all that runs once
without any, a few large files in place of many; and what does not depend on the design is compiled once for all.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from enum import Enum
from pathlib import Path

PREFIX = "Vtop"
PROGRAM = "simulator"
CONTROL = "harness.vlt"
WRAPPER_FILE = "harness.sv"
TABLE_FILE = "design.cpp"
MAKEFILE = "harness.mk"
RUNTIME_MAKEFILE = "runtime.mk"
HARNESS = ("harness.cpp", "design.h", "feed.h", "monitors.h", "streams.h")

# Registers start at random, so that a design that lives on zeros it never wrote is found out.
_VERILATE = (
    *("--cc", "--no-timing", "--timescale", "1ns/1ps", "-O3", "-Wno-fatal"),
    *("--x-assign", "unique", "--x-initial", "unique", "--output-split", "20000"),
    # A port that the description gets wrong; the sources' own sins are switched off by the control file.
    *("-Werror-WIDTHTRUNC", "-Werror-WIDTHEXPAND", "-Werror-IMPLICIT"),
)
_GLOBAL = re.compile(r"^VM_GLOBAL_(?:FAST|SLOW) \+= ((?:.*\\\n)*.*)$", re.MULTILINE)
_ROOT = re.compile(r"^VERILATOR_ROOT = (.+)$", re.MULTILINE)


class Effort(str, Enum):
    """How hard the compiler works on what runs in every cycle.

    QUICK compiles in half the time of FAST; what it makes takes a fifth longer a cycle.
    """

    QUICK = "-Og"
    FAST = "-O1"


def control_text() -> str:
    """A Verilator control file: nothing is said of the design's style, only of how the wrapper fits it."""
    return '`verilator_config\nlint_off -file "source*"\n'


def verilate(program: Path, top: str, sources: Sequence[str], flags: Sequence[str], *, traces: bool) -> list[str]:
    """The command that writes a design's C++ into the folder that it runs in.

    Args:
        program: the `verilator` script.
        top: the wrapper.
        sources: files in that folder.
        flags: more, for designs that need them.
        traces: the simulator can write a waveform of everything.
    """
    trace = ("--trace-vcd", "--trace-structs") if traces else ()
    names = ("--top-module", top, "--prefix", PREFIX, "-Mdir", ".")
    return [str(program), *_VERILATE, *trace, *names, *flags, CONTROL, WRAPPER_FILE, *sources]


def include_folder(folder: Path) -> Path:
    """Where the headers lie that the C++ in `folder` needs.

    Raises:
        ValueError: Verilator wrote another makefile than it used to.
    """
    found = _ROOT.search((folder / f"{PREFIX}.mk").read_text())
    if found is None:
        raise ValueError(f"{PREFIX}.mk names no VERILATOR_ROOT")
    return Path(found[1].strip()) / "include"


def runtime_sources(folder: Path) -> list[str]:
    """Verilator's own C++ files that a design in `folder` is linked with."""
    text = (folder / f"{PREFIX}_classes.mk").read_text()
    names = [name for group in _GLOBAL.findall(text) for name in group.replace("\\", " ").split()]
    return [f"{name}.cpp" for name in names]


def _flags(*, traces: bool) -> str:
    return (
        "-std=gnu++17 -w -fcf-protection=none -I. -Iinclude -Iinclude/vltstd "
        f"-DVERILATOR=1 -DVM_TRACE={int(traces)} -DVM_TRACE_VCD={int(traces)} -DVM_COVERAGE=0 -DVM_SC=0"
    )


def runtime_makefile(names: Sequence[str], *, traces: bool) -> str:
    """Compiles what every design shares: Verilator's own C++, unoptimized, and the harness."""
    objects = " ".join(f"{Path(name).stem}.o" for name in names)
    rules = "".join(f"{Path(n).stem}.o:\n\tg++ {_flags(traces=traces)} -O0 -c include/{n} -o $@\n" for n in names)
    harness = f"harness.o:\n\tg++ {_flags(traces=traces)} -O2 -c harness.cpp -o $@\n"
    return f"all: {objects} harness.o\n{rules}{harness}"


def _groups(files: Sequence[Path], most: int) -> list[list[Path]]:
    """Files shared out so that each group has about as much text."""
    groups: list[list[Path]] = [[] for _ in range(max(1, min(most, len(files))))]
    sizes = [0] * len(groups)
    for path in sorted(files, key=lambda path: (-path.stat().st_size, path.name)):
        least = sizes.index(min(sizes))
        groups[least].append(path)
        sizes[least] += path.stat().st_size
    return groups


def write_makefile(folder: Path, effort: Effort, jobs: int, *, traces: bool) -> None:
    """Share out the C++ in a folder among a few files, and write the makefile that compiles and links them.

    Args:
        folder: `verilate` ran there; it has the runtime's objects under `runtime`.
        effort: for what runs in every cycle.
        jobs: compilers at a time.
        traces: as for `verilate`.
    """
    made = sorted(folder.glob(f"{PREFIX}*.cpp"))
    slow = [path for path in made if "Slow" in path.name or "__Syms" in path.name or "__Trace" in path.name]
    fast = [path for path in made if path not in slow]
    units: dict[str, tuple[str, list[str]]] = {}
    small = sum(path.stat().st_size for path in fast) < 200_000
    for number, group in enumerate(_groups([*fast, folder / TABLE_FILE], 1 if small else jobs)):
        units[f"fast{number}"] = (effort.value, [path.name for path in group])
    if small:
        units["fast0"] = (effort.value, [*units["fast0"][1], *(path.name for path in slow)])
    else:
        units["slow"] = ("-O0", [path.name for path in slow])
    for name, (_, files) in units.items():
        (folder / f"{name}.cc").write_text("".join(f'#include "{file}"\n' for file in files))
    objects = " ".join(f"{name}.o" for name in units)
    rules = "".join(
        f"{name}.o:\n\tg++ {_flags(traces=traces)} {level} -c {name}.cc -o $@\n" for name, (level, _) in units.items()
    )
    link = f"{PROGRAM}: {objects}\n\tg++ {objects} runtime/*.o -o $@ -pthread -latomic\n"
    (folder / MAKEFILE).write_text(link + rules)


def compile_command(makefile: str, jobs: int) -> list[str]:
    """The command that compiles by one of the makefiles here, in its folder."""
    return ["make", f"-j{jobs}", "-f", makefile]


def available_jobs() -> int:
    """Compilers that can run at a time."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
