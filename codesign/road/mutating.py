"""`mutate`: the mutation score of a design folder's RTL."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from codesign.artifact import stage, write_atomic
from codesign.design import key_of, read_design, read_graph
from codesign.road.stressing import rtl_project
from codesign.road.verification import WORK
from codesign.verify.mutation.score import Score, mutate_rtl

FOLDER = "mutation"
RECORD = "mutation.json"


def mutate(
    folder: Path,
    *,
    faults: int = 200,
    seed: int = 0,
    frames: int | None = None,
    progress: Callable[[str], None] = lambda text: None,
) -> Score:
    """Plant faults into the RTL of a design folder and write `mutation/mutation.json` into it.

    Args:
        folder: the design folder; its RTL project stays as it is.
        faults: how many to plant.
        seed: of everything drawn.
        frames: fed in each scenario; None for as many as take some seconds.
        progress: told what is being done.

    Raises:
        CodesignError: the design is refused, or a tool is missing or failed.
    """
    design = read_design(folder)
    graph = read_graph(folder, design)
    project = rtl_project(folder, design)
    work = folder / WORK / "mutation"
    score = mutate_rtl(graph, project, work, faults=faults, seed=seed, frames=frames, progress=progress)
    document = {"design": design.key, **score.document()}
    with stage(folder / FOLDER, key_of(document)) as place:
        write_atomic(place / RECORD, json.dumps(document, indent=1) + "\n")
    return score
