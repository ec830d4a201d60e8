"""`verify`: the ladder over a design folder."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codesign import rtl
from codesign.artifact import stage, write_atomic
from codesign.board.rtl_family import rtl_family
from codesign.design import Design, key_of, read_design, read_graph, read_samples
from codesign.errors import DesignError
from codesign.graph import Graph
from codesign.simulate import Integers
from codesign.simulate.samples import quantize, read_arrays
from codesign.verify.float_reference import float32_approximations
from codesign.verify.formal import result as formal
from codesign.verify.ladder import climb
from codesign.verify.record import junit, passed, record, to_json
from codesign.verify.rung import MissingRung, Rung, RungResult, Status
from codesign.verify.rungs import CsimRung, NetlistRung, RtlRung
from codesign.verify.stimulus import joined, random_inputs

Progress = Callable[[str], None]

RUNGS = ("keras", "csim", "rtl")
ON_REQUEST = ("netlist", "formal")
WORK = "work"


@dataclass(frozen=True)
class Verified:
    """A climbed ladder.

    Attributes:
        results: one per rung.
        passed: no rung differs, and at least one was climbed.
        complete: every rung was climbed.
        folder: holds `verify.json` and `junit.xml`; None where nothing was written.
    """

    results: tuple[RungResult, ...]
    passed: bool
    complete: bool
    folder: Path | None


def _keras_rung(folder: Path, design: Design, graph: Graph) -> Rung:
    if not design.model:
        return MissingRung("keras", "QKeras model (float32)", "the design keeps no model")
    lacking = [name for name in ("keras", "tensorflow", "qkeras") if importlib.util.find_spec(name) is None]
    if lacking:
        why = f"{', '.join(lacking)} not installed: pip install 'codesign[train]'"
        return MissingRung("keras", "QKeras model (float32)", why)
    from codesign.frontend.keras_import import import_keras
    from codesign.frontend.loading import load_model

    import_keras()  # silently; the next import would start TensorFlow with all its log lines
    from codesign.frontend.reference import KerasRung

    return KerasRung(lambda: load_model(folder / design.model), graph, design.layer_nodes)


def _rtl_rung(folder: Path, design: Design, work: Path, seed: int) -> Rung:
    if design.rtl_refused:
        return MissingRung(RtlRung.name, RtlRung.title, f"no RTL project: {design.rtl_refused}")
    return RtlRung(folder / "rtl", work / "rtl", seed)


def _netlist_rung(folder: Path, design: Design, work: Path, seed: int) -> Rung:
    if design.rtl_refused:
        return MissingRung(NetlistRung.name, NetlistRung.title, f"no RTL project: {design.rtl_refused}")
    return NetlistRung(folder / "rtl", work / "netlist", seed)


def _rungs(folder: Path, design: Design, graph: Graph, names: Sequence[str], work: Path, seed: int) -> list[Rung]:
    legal = (*RUNGS, *ON_REQUEST)
    unknown = [name for name in names if name not in legal]
    if unknown or not names:
        raise DesignError(f"rung {', '.join(unknown) or '(none)'} is unknown; choose from {', '.join(legal)}")
    made: Mapping[str, Callable[[], Rung]] = {
        "keras": lambda: _keras_rung(folder, design, graph),
        "csim": lambda: CsimRung(folder / "hls", work / "csim"),
        "rtl": lambda: _rtl_rung(folder, design, work, seed),
        "netlist": lambda: _netlist_rung(folder, design, work, seed),
    }
    return [made[name]() for name in legal if name in names and name in made]


def climb_design(
    folder: Path,
    graph: Graph,
    inputs: Mapping[str, Integers],
    names: Sequence[str] = RUNGS,
    *,
    seed: int = 0,
    progress: Progress = lambda text: None,
) -> list[RungResult]:
    """Climb rungs of a design folder with given samples.

    Args:
        folder: the design folder.
        graph: what to compare with.
        inputs: by port, (samples, *shape) integers.
        names: of the rungs.
        seed: of the gaps between samples in RTL simulation.
        progress: told what is being done.

    Raises:
        DesignError: the folder holds no design, or a rung is unknown.
        ToolMissingError: a rung's tool is not installed.
        ToolFailedError: a rung's tool failed.
    """
    design = read_design(folder)
    rungs = _rungs(folder, design, graph, names, folder / WORK, seed)
    results = climb(graph, rungs, inputs, approximate={"keras": float32_approximations(graph)}, progress=progress)
    if formal.NAME in names:
        progress(formal.TITLE)
        results.append(formal.climb_formal(folder / "rtl", graph, folder / WORK / "formal"))
    return results


def climb_fresh_rtl(folder: Path, graph: Graph, inputs: Mapping[str, Integers], clock_ns: float) -> list[RungResult]:
    """Write RTL for a Graph into `folder` and climb only that rung.

    Raises:
        UnsupportedLayerError: the RTL flow cannot build a layer.
        ToolMissingError: no simulator is installed.
    """
    rtl.check_supported(graph)
    rtl.write_project(graph, folder / "rtl", clock_ns=clock_ns, family=rtl_family(None), part="")
    return climb(graph, [RtlRung(folder / "rtl", folder / WORK, 0)], inputs)


def verify(
    folder: Path,
    *,
    names: Sequence[str] = RUNGS,
    random_samples: int = 2000,
    seed: int = 0,
    data: Path | None = None,
    facts: Mapping[str, Any] | None = None,
    progress: Progress = lambda text: None,
) -> Verified:
    """Climb the ladder of a design folder and write `verify/verify.json` and `verify/junit.xml` into it.

    Args:
        folder: the design folder.
        names: of the rungs.
        random_samples: random samples over the input types' full range, after the design's own samples.
        seed: of these, and of the gaps between samples.
        data: samples to use in place of the design's own.
        facts: to keep in `verify.json`.
        progress: told what is being done.

    Raises:
        CodesignError: the design or data are refused, or a tool is missing or failed.
    """
    design = read_design(folder)
    graph = read_graph(folder, design)
    own = quantize(graph, read_arrays(data), where=str(data)).inputs if data is not None else read_samples(folder)
    inputs = joined(own, random_inputs(graph, random_samples, seed)) if random_samples else own
    if not inputs:
        raise DesignError(f"{folder} keeps no samples and no random ones are asked for; give --data or --random")
    results = climb_design(folder, graph, inputs, names, seed=seed, progress=progress)
    climbed = [result for result in results if result.status is not Status.SKIPPED]
    kept = 0 if own is None else len(next(iter(own.values())))
    document = record(
        results,
        {
            "design": design.key,
            "graph_digest": design.graph_digest,
            "own_samples": kept,
            "random_samples": random_samples,
            "seed": seed,
            **(facts or {}),
        },
    )
    with stage(folder / "verify", key_of(document)) as temporary:
        write_atomic(temporary / "verify.json", to_json(document))
        write_atomic(temporary / "junit.xml", junit(results, graph.name))
    return Verified(tuple(results), passed(results) and bool(climbed), len(climbed) == len(results), folder / "verify")
