"""Building a simulator of a design that others made, and saying in its own terms why it does not build."""

from __future__ import annotations

import re
from pathlib import Path

from codesign.artifact import make_folder
from codesign.errors import DesignError, RtlError, ToolFailedError
from codesign.verify.simulator import Simulator, build_simulator
from codesign.verify.vendor.design import FoundDesign, write_sources

_MISSING_MODULE = re.compile(r"(?:Cannot find file containing module: '|Unknown module type: )(\w+)")
_NUMBERED = re.compile(r"\b(?:source|\d+_)?(?:\d+_)?(\d{4})_\w+\.s?v\b")
_ERROR_LINE = re.compile(r"^(?:%Error.*|.*: (?:syntax )?error.*)$", re.MULTILINE)
_LOGS = ("verilator.log", "icarus.log")
# As Verilog of 2005, but what ends in .sv: `bit` and `final` are names there.
_OLDER = ("--default-language", "1364-2005", "+1800-2017ext+sv")


def build_design(design: FoundDesign, folder: Path, *, traces: bool = False) -> Simulator:
    """A simulator of the design; the same text is built once.

    Args:
        design: found before.
        folder: for the sources as they are simulated, the simulator, and the logs.
        traces: it can write a waveform.

    Raises:
        RtlError: the RTL does not elaborate; says the first error and where the log is.
        ToolMissingError: there is no simulator.
        ToolFailedError: the simulator's C++ does not compile.
    """
    place = make_folder(folder / "sources")
    for old in (*place.iterdir(), *(folder / name for name in _LOGS)):
        old.unlink(missing_ok=True)
    sources = write_sources(design, place)
    dut = design.wrapped.dut
    try:
        return build_simulator(dut, sources, folder, traces=traces)
    except (ToolFailedError, DesignError) as error:
        text = _log(folder)
        if "syntax error" in text:
            try:
                return build_simulator(dut, sources, folder, traces=traces, flags=_OLDER)
            except (ToolFailedError, DesignError):
                (folder / _LOGS[0]).write_text(text)
        why = _why(design, text, folder)
        if why is None:
            raise
        raise RtlError(why) from error


def _log(folder: Path) -> str:
    paths = [folder / name for name in _LOGS if (folder / name).is_file()]
    return paths[0].read_text(errors="replace") if paths else ""


def _why(design: FoundDesign, text: str, folder: Path) -> str | None:
    """The first complaint in a log, in the names that the design's own files have; None where there is none."""
    log = next((folder / name for name in _LOGS if (folder / name).is_file()), folder)
    names = [source.path.name for source in design.sources.files]
    text = _NUMBERED.sub(lambda found: names[int(found[1])] if int(found[1]) < len(names) else found[0], text)
    missing = _MISSING_MODULE.search(text)
    if missing is not None:
        return (
            f"the RTL of {design.top!r} uses module {missing[1]!r}, which no file in {design.sources.folder} defines; "
            f"put its Verilog there; the log is {log}"
        )
    found = _ERROR_LINE.search(text)
    return found and f"the RTL of {design.top!r} does not elaborate: {' '.join(found[0].split())}; the log is {log}"
