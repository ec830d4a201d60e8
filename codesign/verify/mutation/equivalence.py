"""Whether a fault changes anything: Yosys proves a module with it equal to the one without, where it ends in time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from codesign.artifact import make_folder, write_atomic
from codesign.errors import ToolFailedError, ToolMissingError
from codesign.toolchain.process import run_tool
from codesign.toolchain.yosys import find_yosys

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _script(top: str, gold: list[str], gate: list[str]) -> str:
    def read(files: list[str], name: str) -> list[str]:
        return [
            f"read_verilog -sv {' '.join(files)}",
            f"hierarchy -top {top}",
            "proc",
            "flatten",
            "memory_map",
            "opt_clean",
            f"rename {top} {name}",
            f"design -stash {name}",
        ]

    lines = [*read(gold, "gold"), *read(gate, "gate")]
    lines += ["design -copy-from gold -as gold gold", "design -copy-from gate -as gate gate"]
    lines += ["equiv_make gold gate equiv", "hierarchy -top equiv", "opt -share_all", "equiv_simple -undef"]
    lines += ["equiv_induct -undef", "equiv_status -assert"]
    return "\n".join(lines) + "\n"


def proven_equal(
    top: str, sources: Mapping[str, str], file: str, changed: str, folder: Path, *, limit_s: float = 60.0
) -> bool:
    """Whether a design with one file changed does the same as before, at every output in every cycle.

    Args:
        top: the module that is compared, without parameters.
        sources: by file name, the Verilog.
        file: that is changed.
        changed: its text then.
        folder: for the proof's files; names in it are ours.
        limit_s: seconds after which the proof is given up.

    Returns:
        True where Yosys proves it; False where it finds a difference, does not end in time, or is not installed.
    """
    if not _NAME.fullmatch(top):
        return False
    make_folder(folder)
    gold, gate = [], []
    for index, (name, text) in enumerate(sources.items()):
        place = f"gold{index}.sv"
        write_atomic(folder / place, text)
        gold.append(place)
        if name == file:
            place = f"gate{index}.sv"
            write_atomic(folder / place, changed)
        gate.append(place)
    write_atomic(folder / "equal.ys", _script(top, gold, gate))
    try:
        yosys = find_yosys()
        command = [*yosys.command, "equal.ys"]
        run_tool("Yosys", command, folder=folder, log=folder / "yosys.log", limit_s=limit_s)
    except (ToolMissingError, ToolFailedError):
        return False
    return True
