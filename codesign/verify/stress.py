"""Stress: an RTL project under every scenario of its protocol, each answer compared with the Graph's integers."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.artifact import make_folder, stage
from codesign.errors import DesignError, ToolFailedError, ToolMissingError
from codesign.graph import Graph
from codesign.rtl import Manifest
from codesign.simulate import execute
from codesign.verify.dut import dut_of, inside
from codesign.verify.extremes import extreme_inputs
from codesign.verify.stimulus import corner_words, random_inputs
from rtl_sim.engine import engine_for
from rtl_sim.process import SimulatorError
from rtl_sim.runner import find_simulator
from rtl_sim.scenario import Claims, LastError, Scenario, Words, standard_scenarios
from rtl_sim.stress import Case, Outcome, Subject, power_ups, prepare, stress

Progress = Callable[[str], None]
Frames = Mapping[str, npt.NDArray[Any]]

FORMAT = "codesign-stress"
WAVEFORM = "failure.vcd"
# Scenarios take some fifty cycles for each cycle of a frame's interval, all together.
_CYCLES = 500_000
_ALL = 50
_FEW, _MANY = 16, 256
# What goes wrong in numbers alone shows where nothing pauses, and needs more of them.
_MORE = 8


@dataclass(frozen=True)
class Stressed:
    """How a design came through.

    Attributes:
        outcomes: one for each scenario.
        frames: fed in each.
        seed: of everything drawn.
        folder: holds the waveforms of failures.
    """

    outcomes: tuple[Outcome, ...]
    frames: int
    seed: int
    folder: Path

    @property
    def passed(self) -> bool:
        """Every scenario held."""
        return all(outcome.passed for outcome in self.outcomes)

    def document(self) -> dict[str, Any]:
        """For machines."""
        scenarios = [{**asdict(outcome), "passed": outcome.passed} for outcome in self.outcomes]
        facts = {"passed": self.passed, "frames": self.frames, "seed": self.seed}
        return {"format": FORMAT, "version": 1, **facts, "scenarios": scenarios}


def subject_of(graph: Graph, manifest: Manifest) -> Subject:
    """An RTL project with the Graph as its reference."""

    def draw(words: Words, count: int, rng: np.random.Generator) -> Frames:
        inputs = random_inputs(graph, count, int(rng.integers(2**32)))
        if words is Words.RANDOM:
            return inputs
        bred = extreme_inputs(graph, count, int(rng.integers(2**32)))
        for node in graph.input_nodes:
            corners = np.array(corner_words(node.result), dtype=inputs[node.name].dtype)[: max(1, count // 4)]
            inputs[node.name] = bred[node.name]
            inputs[node.name][: len(corners)] = corners[:count].reshape(-1, *(1,) * len(node.shape))
        return inputs

    def answer(frames: Frames) -> Frames:
        results = execute(graph, dict(frames))
        ports = {name: results[name] for name in graph.outputs}
        return {**ports, **{inside(node.name): results[node.name] for node in graph}}

    return Subject(dut_of(manifest), Claims(manifest.latency_cycles, manifest.interval), draw, answer)


def frames_for(manifest: Manifest) -> int:
    """Frames a scenario that take no more than some ten seconds in all."""
    return max(_FEW, min(_MANY, _CYCLES // (_ALL * manifest.interval)))


def _count(scenario: Scenario, frames: int) -> int:
    quiet = not (scenario.starve.share or scenario.stall.share or scenario.resets or scenario.after_valid)
    return _MORE * frames if quiet and scenario.last is LastError.NONE else frames


def cases_of(subject: Subject, frames: int, seed: int, names: Sequence[str] = ()) -> list[Case]:
    """The scenarios for a design, or those that are named.

    Args:
        subject: the design.
        frames: fed in each; eight times as many where nothing pauses and nothing is reset.
        seed: of everything drawn.
        names: of the scenarios; none for all.

    Raises:
        DesignError: a name is unknown; says which there are.
    """
    scenarios = standard_scenarios(subject.design.protocol)
    chosen = [scenario for scenario in scenarios if not names or scenario.name in names]
    cases = [prepare(subject, scenario, _count(scenario, frames), seed) for scenario in chosen]
    cases += [case for case in power_ups(subject, seed) if not names or case.scenario.name in names]
    unknown = set(names) - {case.scenario.name for case in cases}
    if unknown:
        known = [scenario.name for scenario in scenarios] + [case.scenario.name for case in power_ups(subject, seed)]
        raise DesignError(f"scenario {sorted(unknown)[0]!r} is unknown; choose from {', '.join(map(repr, known))}")
    return cases


def stress_rtl(
    graph: Graph,
    project: Path,
    work: Path,
    folder: Path,
    *,
    frames: int | None = None,
    seed: int = 0,
    names: Sequence[str] = (),
    progress: Progress = lambda text: None,
) -> Stressed:
    """Put an RTL project under stress.

    Args:
        graph: the design.
        project: folder with `manifest.json`.
        work: where built simulators and logs go; the same Verilog is built once.
        folder: where the waveforms of failures go.
        frames: fed in each scenario; None for as many as take some seconds.
        seed: of everything drawn.
        names: of the scenarios; none for all.
        progress: told what is being done.

    Raises:
        DesignError: the manifest or a source is missing or damaged, or a scenario is unknown.
        ToolMissingError: no simulator is installed.
        ToolFailedError: the RTL does not build, or the simulator crashed.
    """
    manifest = Manifest.load(project)
    manifest.require_verilog("verify --stress")
    subject = subject_of(graph, manifest)
    count = frames or frames_for(manifest)
    cases = cases_of(subject, count, seed, names)
    sources = [project / name for name in manifest.sources]
    make_folder(work)
    try:
        install = find_simulator()
    except SimulatorError as error:
        raise ToolMissingError(f"{error}; see `codesign doctor`") from error
    try:
        progress("building the simulator")
        engine = engine_for(subject.design, sources, work, install=install)
        progress("stress")
        outcomes = stress(subject, engine, cases, work / "stress")
        with stage(folder, f"stress {seed} {count}") as place:
            for index, outcome in enumerate(outcomes):
                if outcome.first is not None:
                    progress("a waveform of the first failure")
                    engine.film(cases[index].order, outcome.window, place / WAVEFORM)
                    outcomes[index] = replace(outcome, waveform=str(folder / WAVEFORM))
                    break
    except SimulatorError as error:
        raise ToolFailedError(f"the RTL of {manifest.top}: {error}") from error
    except OSError as error:
        if not error.filename or not str(error.filename).startswith(str(project)):
            raise
        raise DesignError(f"{error.filename} cannot be read ({error.strerror}); write the RTL project again") from error
    shutil.rmtree(work / "stress", ignore_errors=True)
    return Stressed(tuple(outcomes), count, seed, folder)
