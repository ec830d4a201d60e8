"""The netlist that synthesis makes of an RTL project, for simulation with the family's own cell models."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codesign.artifact import is_current, make_folder, stage
from codesign.errors import DesignError, ToolFailedError, ToolMissingError, UnsupportedLayerError
from codesign.rtl import Family, Manifest
from codesign.toolchain.process import run_tool
from codesign.toolchain.yosys import YosysInstall, find_yosys

NETLIST = "netlist.v"
_STAT = "stat.json"
LIMIT_S = 4 * 3600.0


@dataclass(frozen=True)
class _Target:
    """How a family is synthesised for, and which of its cells can be simulated.

    Attributes:
        synth: Yosys' command; `{top}` is the top module.
        models: of its cells, files of Yosys' share folder.
        includes: folder of that share folder with the files that the models include; '' for none.
        closed: cells for which Yosys ships ports and no behaviour.
        without: options of the command that do without those.
    """

    synth: str
    models: tuple[str, ...]
    includes: str
    closed: frozenset[str]
    without: str


_TARGETS: Mapping[Family, _Target] = {
    Family.XILINX_7SERIES: _Target(
        "synth_xilinx -family xc7 -flatten -noiopad -noclkbuf -top {top}",
        ("xilinx/cells_sim.v",),
        "",
        frozenset({"RAMB18E1", "RAMB36E1", "FIFO18E1", "FIFO36E1"}),
        "-nobram",
    ),
    Family.ECP5: _Target(
        "synth_ecp5 -noiopad -top {top}",
        ("ecp5/cells_sim.v",),
        "ecp5",
        frozenset({"DP16KD", "PDPW16KD", "MULT18X18D", "ALU54B"}),
        "-nobram -nodsp",
    ),
    Family.ICE40: _Target("synth_ice40 -dsp -top {top}", ("ice40/cells_sim.v",), "", frozenset(), ""),
}


def refuse_family(family: Family) -> str | None:
    """Why netlists of a family cannot be simulated; None where they can."""
    if family in _TARGETS:
        return None
    legal = ", ".join(item.value for item in _TARGETS)
    return f"Yosys has no full set of cell models for {family.value}; convert for one of {legal}"


def _share(yosys: YosysInstall) -> Path:
    """The folder with Yosys' cell models.

    Raises:
        ToolMissingError: it is not where this Yosys should have it.
    """
    places = [yosys.where / "share", yosys.where.resolve().parent.parent / "share" / "yosys"]
    for place in places:
        if (place / "ice40" / "cells_sim.v").is_file():
            return place
    raise ToolMissingError(f"the cell models of Yosys are not at {places[0]}; pip install 'codesign[rtl]'")


def _script(manifest: Manifest, synth: str, files: list[str]) -> str:
    reads = [f"read_verilog -sv {name}" for name in files]
    passes = [f"hierarchy -check -top {manifest.top}", synth.format(top=manifest.top)]
    ends = [f"tee -q -o {_STAT} stat -json", f"write_verilog -noattr {NETLIST}"]
    return "\n".join([*reads, *passes, *ends, ""])


@dataclass(frozen=True)
class Netlist:
    """A synthesised project.

    Attributes:
        sources: the netlist and the models of its cells.
        flags: that Verilator needs for them.
        cells: in the netlist.
        note: what is not as on the FPGA, because its cells cannot be simulated; '' where all is.
    """

    sources: tuple[Path, ...]
    flags: tuple[str, ...]
    cells: int
    note: str


def _synthesised(manifest: Manifest, texts: Mapping[str, bytes], synth: str, work: Path, name: str) -> Path:
    """The folder with the netlist that a command makes; made now unless the same was made before.

    Raises:
        ToolMissingError: Yosys is not installed.
        ToolFailedError: Yosys failed.
    """
    yosys = find_yosys()
    plain = [f"s{number:04d}.v" for number in range(len(texts))]  # no name of the project's reaches the script
    script = _script(manifest, synth, plain)
    total = hashlib.sha256(f"{yosys.version}\n{script}".encode())
    for text in texts.values():
        total.update(hashlib.sha256(text).digest())
    folder, key = work / name, total.hexdigest()
    if is_current(folder, key):
        return folder
    make_folder(work)
    with tempfile.TemporaryDirectory(prefix="yosys-", dir=work) as temporary, stage(folder, key) as ready:
        place = Path(temporary).resolve()
        for file, text in zip(plain, texts.values(), strict=True):
            (place / file).write_bytes(text)
        (place / "netlist.ys").write_text(script)
        run_tool("Yosys", [*yosys.command, "netlist.ys"], folder=place, log=work / f"{name}.log", limit_s=LIMIT_S)
        for made in (NETLIST, _STAT):
            shutil.copyfile(place / made, ready / made)
    return folder


def _cells_of(folder: Path) -> dict[str, int]:
    """How many cells of each type a netlist has.

    Raises:
        ToolFailedError: Yosys' count cannot be read.
    """
    try:
        document: Any = json.loads((folder / _STAT).read_text())
        modules = {name.lstrip("\\") for name in document["modules"]}
        cells = document["design"]["num_cells_by_type"]
        return {str(name): int(number) for name, number in cells.items() if name not in modules}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ToolFailedError(f"Yosys' cell count in {folder} cannot be read ({error}); remove the folder") from error


def make_netlist(project: Path, manifest: Manifest, work: Path) -> Netlist:
    """Synthesise a project for the family of its manifest; the same Verilog is synthesised once.

    Cells without a model are synthesised around: memories become LUTs and registers then, products LUTs.

    Args:
        project: folder with the sources.
        manifest: of the project.
        work: where the netlist, Yosys' logs and its counts of cells go.

    Raises:
        UnsupportedLayerError: the family, or a cell that cannot be done without, has no model; says which.
        DesignError: a source cannot be read.
        ToolMissingError: Yosys is not installed.
        ToolFailedError: Yosys failed.
    """
    refused = refuse_family(manifest.family)
    if refused is not None:
        raise UnsupportedLayerError(refused)
    target, share = _TARGETS[manifest.family], _share(find_yosys())
    try:
        texts = {name: (project / name).read_bytes() for name in manifest.sources}
    except OSError as error:
        raise DesignError(f"{error.filename} cannot be read ({error.strerror}); write the RTL project again") from error
    folder = _synthesised(manifest, texts, target.synth, work, "netlist")
    cells = _cells_of(folder)
    closed, note = sorted(target.closed & set(cells)), ""
    if closed:
        found = ", ".join(f"{cells[name]} {name}" for name in closed)
        note = f"Yosys ships no model of {found}: simulated as synthesised with {target.without}"
        folder = _synthesised(manifest, texts, f"{target.synth} {target.without}", work, "netlist-modelled")
        cells = _cells_of(folder)
        left = sorted(target.closed & set(cells))
        if left:
            raise UnsupportedLayerError(
                f"the {manifest.family.value} netlist of {manifest.top} has {cells[left[0]]} {left[0]}, of which Yosys "
                "ships no model; convert for ice40, whose models are whole"
            )
    flags = (f"-I{share / target.includes}",) if target.includes else ()
    models = tuple(share / name for name in target.models)
    return Netlist((folder / NETLIST, *models), flags, sum(cells.values()), note)
