"""Synthesis with Yosys: how many cells of the board's family a project becomes."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codesign.artifact import make_folder
from codesign.board.board import Board, Family
from codesign.board.sources import RtlSources
from codesign.board.utilisation import Utilisation
from codesign.errors import OutputError, ToolFailedError
from codesign.toolchain.process import run_tool
from codesign.toolchain.yosys import find_yosys

LIMIT_S = 4 * 3600.0
STAT = "stat.json"

# Pads and clock buffers are the board's matter, not the design's.
_SYNTH: Mapping[Family, str] = {
    Family.XC7: "synth_xilinx -family xc7 -flatten -noiopad -noclkbuf -top {top}",
    Family.XCUP: "synth_xilinx -family xcup -flatten -noiopad -noclkbuf -top {top}",
    Family.ECP5: "synth_ecp5 -noiopad -top {top}",
    Family.ICE40: "synth_ice40 -dsp -top {top}",
    Family.GOWIN: "synth_gowin -family gw1n -noiopads -top {top}",
}

if set(_SYNTH) != set(Family):
    raise ImportError(f"no Yosys command for {set(Family) - set(_SYNTH)}")


def script(sources: RtlSources, family: Family, files: list[tuple[str, tuple[str, ...]]]) -> str:
    """The Yosys script.

    Args:
        sources: the project; its top module's name is plain.
        family: to synthesise for.
        files: plain names of the copied sources, each with the options that it is read with.
    """
    reads = [" ".join(["read_verilog", *options, name]) for name, options in files]
    passes = [f"hierarchy -check -top {sources.top}", _SYNTH[family].format(top=sources.top), "check"]
    return "\n".join([*reads, *passes, f"tee -q -o {STAT} stat -json", ""])


def read_stat(text: str) -> tuple[dict[str, int], str]:
    """(cells by type, version of Yosys) from what `stat -json` wrote.

    Raises:
        ValueError: it is none.
    """
    document: Any = json.loads(text)
    cells = document["design"]["num_cells_by_type"]
    modules = {name.lstrip("\\") for name in document["modules"]}
    version = re.search(r"Yosys\s+(\S+)", str(document.get("creator", "")))
    if not isinstance(cells, dict) or not all(isinstance(number, int) for number in cells.values()):
        raise ValueError("num_cells_by_type")
    leaves = {str(cell): number for cell, number in cells.items() if cell not in modules}
    return leaves, version[1] if version else "unknown"


def synthesise(sources: RtlSources, board: Board, work: Path) -> Utilisation:
    """Synthesise a project for a board's family and count its cells, as `synthesise_for`."""
    return synthesise_for(sources, board.family, work)


def synthesise_for(sources: RtlSources, family: Family, work: Path, *, limit_s: float = LIMIT_S) -> Utilisation:
    """Synthesise a project for a family and count its cells.

    Args:
        sources: the Verilog.
        family: of the part.
        work: where Yosys' log goes.
        limit_s: seconds that Yosys may take.

    Raises:
        ToolMissingError: Yosys is not installed.
        ToolFailedError: Yosys failed, or its answer cannot be read.
        OutputError: the working folder cannot be written.
    """
    yosys = find_yosys()
    make_folder(work)
    log = work / f"yosys-{family.value}.log"
    try:
        with tempfile.TemporaryDirectory(prefix="yosys-", dir=work) as name:
            place = Path(name).resolve()
            files = []
            for number, (path, options) in enumerate(sources.files()):
                plain = f"s{number:04d}{path.suffix}"  # no name of the project's reaches the script
                shutil.copyfile(path, place / plain)
                files.append((plain, options))
            (place / "synth.ys").write_text(script(sources, family, files))
            seconds = run_tool("Yosys", [*yosys.command, "synth.ys"], folder=place, log=log, limit_s=limit_s)
            cells, version = read_stat((place / STAT).read_text())
    except OSError as error:
        raise OutputError(f"cannot work in {work} ({error.strerror}); free space or give another --out") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ToolFailedError(f"Yosys' cell count cannot be read ({error}); its log is {log}") from error
    return Utilisation.of(family, cells, yosys.version or version, seconds)
