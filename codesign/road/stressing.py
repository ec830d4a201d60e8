"""`verify --stress`: the RTL of a design folder under every scenario of its protocol."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from codesign.artifact import write_atomic
from codesign.design import Design, read_design, read_graph
from codesign.errors import DesignError
from codesign.road.verification import WORK
from codesign.rtl import Language, Manifest
from codesign.verify.stress import Stressed, stress_rtl

RECORD = "stress.json"


def rtl_project(folder: Path, design: Design) -> Path:
    """The RTL project of a design folder.

    Raises:
        DesignError: it has none; says why and what to do.
    """
    if design.rtl_refused:
        raise DesignError(f"{folder} has no RTL project: {design.rtl_refused}")
    project = folder / "rtl"
    if not (project / "manifest.json").is_file():
        raise DesignError(f"{project} holds no RTL project: convert the model again")
    if Manifest.load(project).language is not Language.VERILOG:
        raise DesignError(f"{project} is VHDL, which is not simulated here: convert with --language verilog")
    return project


def stress(
    folder: Path,
    *,
    frames: int | None = None,
    seed: int = 0,
    names: Sequence[str] = (),
    progress: Callable[[str], None] = lambda text: None,
) -> Stressed:
    """Put the RTL of a design folder under stress and write `stress/stress.json` into it.

    Args:
        folder: the design folder.
        frames: fed in each scenario; None for as many as take some seconds.
        seed: of everything drawn.
        names: of the scenarios; none for all.
        progress: told what is being done.

    Raises:
        CodesignError: the design is refused, a scenario is unknown, or a tool is missing or failed.
    """
    design = read_design(folder)
    graph = read_graph(folder, design)
    project = rtl_project(folder, design)
    place = folder / "stress"
    stressed = stress_rtl(
        graph, project, folder / WORK / "rtl", place, frames=frames, seed=seed, names=names, progress=progress
    )
    write_atomic(place / RECORD, json.dumps(stressed.document(), indent=1) + "\n")
    return stressed
