"""`verify-rtl`: RTL that others made, held against a Graph in value and in cycle."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from codesign.artifact import STAMP, make_folder, read_stamp, write_atomic
from codesign.design import RECORD, read_design, read_graph, read_samples
from codesign.errors import CodesignError, InputDataError, OutputError, RtlBehaviourError
from codesign.graph import Graph, load
from codesign.graph.store import pack_arrays
from codesign.simulate import Integers, execute
from codesign.simulate.samples import quantize, read_arrays
from codesign.verify.ladder import climb_rung
from codesign.verify.record import junit, passed, record, to_json
from codesign.verify.rung import RungResult, Status
from codesign.verify.stimulus import joined, random_inputs
from codesign.verify.vendor.build import build_design
from codesign.verify.vendor.design import FoundDesign, Where, find_design
from codesign.verify.vendor.report import Claims
from codesign.verify.vendor.rung import PAUSING, STEADY, Timing, VendorRung, timing, timing_result
from codesign.verify.vendor.simulation import answers_of, film, write_waveform
from codesign.verify.vendor.stress import stress_design
from rtl_sim.run_files import Order

Progress = Callable[[str], None]

_MARK = "check of other RTL"
_TITLE = "RTL, samples back to back"
_PAUSED = "RTL, starts and outputs pausing"


@dataclass(frozen=True)
class Checked:
    """What came of checking RTL.

    Attributes:
        results: values back to back, values with pauses, and cycles where somebody claims them.
        design: what was found.
        timing: as measured; None where nothing was answered.
        passed: nothing differs.
        folder: holds `verify.json`, `junit.xml`, `answers.npz`, and the logs under `work`.
        waveform: VCD of the first sample that failed; None where none did, or none could be made.
    """

    results: tuple[RungResult, ...]
    design: FoundDesign
    timing: Timing | None
    passed: bool
    folder: Path
    waveform: Path | None = None


@dataclass(frozen=True)
class Check:
    """How to check.

    Attributes:
        latency: claimed cycles from a start to its answer; None to take the vendor's report, where there is one.
        interval: claimed cycles from one answer to the next; likewise.
        seed: of random samples, pauses, and what registers hold before they are written.
        patience: cycles without a handshake after which the design is given up; None for a default.
        waveform: leave one of the first sample that fails.
        stress: run every scenario of the protocol too.
    """

    latency: int | None = None
    interval: int | None = None
    seed: int = 0
    patience: int | None = None
    waveform: bool = True
    stress: bool = False


def read_any_graph(folder: Path, cls: type[Graph] = Graph) -> Graph:
    """The Graph of a design folder, or of a folder with `graph.json` and `graph.npz`; the file's own path will do.

    Raises:
        GraphError: files are missing or damaged.
        DesignError: the design's record does not fit.
    """
    if folder.name == "graph.json" and not folder.is_dir():
        folder = folder.parent
    if (folder / RECORD).exists():
        return read_graph(folder, read_design(folder), cls)
    return load(folder, cls)


def gather_samples(
    folder: Path, graph: Graph, data: Path | None, random_samples: int, seed: int
) -> dict[str, Integers]:
    """The user's samples, or those kept with the design; then random ones.

    Raises:
        InputDataError: the data do not fit, or there are no samples at all.
    """
    own: Mapping[str, Integers] | None = None
    if data is not None:
        own = quantize(graph, read_arrays(data), where=str(data)).inputs
    elif (folder / RECORD).exists():
        own = read_samples(folder)
    if random_samples:
        return joined(own, random_inputs(graph, random_samples, seed))
    if own is None:
        raise InputDataError("there are no samples; give --data FILE, or --samples N for random ones")
    return dict(own)


def _claim(folder: Path) -> Path:
    """Make the folder ours before anything is written into it.

    Raises:
        OutputError: it holds something else.
    """
    make_folder(folder)
    stamp = read_stamp(folder)
    if stamp is None and any(folder.iterdir()):
        raise OutputError(f"{folder} is not empty and is no check of RTL; give an empty or a new folder with --out")
    if stamp is not None and stamp.get("key") != _MARK:
        raise OutputError(f"{folder} belongs to another stage of codesign; give another folder with --out")
    write_atomic(folder / STAMP, json.dumps({"key": _MARK}) + "\n")
    return folder.resolve()


def _claims(design: FoundDesign, check: Check) -> Claims | None:
    """What the user says, else the report; of streams it counts other cycles than a testbench can see."""
    if check.latency is not None or check.interval is not None:
        pair = [None if value is None else (value, value) for value in (check.latency, check.interval)]
        return Claims("the claim", pair[0], pair[1])
    return design.claims if design.wrapped.dut.control is not None else None


def _expected(claims: Claims | None) -> tuple[int, int] | None:
    if claims is None or claims.latency is None:
        return None
    return claims.latency[1], (claims.interval or claims.latency)[1]


def document(checked: Checked) -> dict[str, Any]:
    """Everything, for machines."""
    design, dut = checked.design, checked.design.wrapped.dut
    found = checked.timing
    pieces = {"inputs": design.wrapped.inputs, "outputs": design.wrapped.outputs}
    return record(
        checked.results,
        {
            "top": design.top,
            "protocol": design.wrapped.protocol.value,
            "clock": dut.clock,
            "reset": dut.reset,
            "reset_active_low": dut.reset_low,
            **{side: [vars(piece) for piece in items] for side, items in pieces.items()},
            "sources": [str(source.path) for source in design.sources.files],
            "memory_files": [str(rom.path) for rom in design.roms],
            "first_answer_cycle": None if found is None else found.first,
            "interval": None if found is None or found.intervals is None else list(found.intervals),
            "report": None if design.claims is None else vars(design.claims),
            "waveform": None if checked.waveform is None else str(checked.waveform),
            "folder": str(checked.folder),
        },
    )


def _write(checked: Checked, arrays: Mapping[str, np.ndarray[Any, Any]], name: str) -> None:
    write_atomic(checked.folder / "verify.json", to_json(document(checked)))
    write_atomic(checked.folder / "junit.xml", junit(checked.results, name))
    if arrays:
        write_atomic(checked.folder / "answers.npz", pack_arrays(arrays))


def _waveform(rung: VendorRung, work: Path, sample: int | None, progress: Progress) -> Path | None:
    """Of the sample that failed, else of the first one that was not answered; None where no run is at hand."""
    if rung.run is None:
        return None
    progress("writing a waveform")
    try:
        return write_waveform(rung.design, work, rung.run, answers_of(rung.run) if sample is None else sample)
    except CodesignError:  # what failed is told already
        return None


def _film(design: FoundDesign, work: Path, order: Order, cycles: tuple[int, int], progress: Progress) -> Path | None:
    progress("writing a waveform")
    try:
        return film(design, work, order, cycles)
    except CodesignError:  # as above
        return None


def check_design(
    graph: Graph,
    where: Where,
    inputs: Mapping[str, Integers],
    out: Path,
    check: Check | None = None,
    *,
    progress: Progress = lambda text: None,
) -> Checked:
    """Hold a design against a Graph: samples back to back, again with pauses, then the cycles against the claims.

    Args:
        graph: what it should compute.
        where: it lies.
        inputs: by Graph input, (n, *shape) integers.
        out: for results, logs and the built simulator; an earlier check there is replaced, its simulator used again.
        check: how.
        progress: told what is being done.

    Raises:
        RtlError: the RTL is incomplete, does not fit the Graph, or does not elaborate.
        RtlBehaviourError: it never answers, breaks its protocol, or answers what is unknown; what was found before is
            written.
        ToolMissingError: no simulator is installed.
        OutputError: `out` holds something else.
    """
    check = check or Check()
    progress("reading the RTL")
    design = find_design(where, graph)
    claims = _claims(design, check)
    folder = _claim(out)
    for name in ("verify.json", "junit.xml", "answers.npz"):
        (folder / name).unlink(missing_ok=True)
    progress("building the simulator")
    work = make_folder(folder / "work")
    simulator = build_design(design, work)
    progress("simulating the Graph")
    expected = execute(graph, inputs)
    samples = len(next(iter(inputs.values())))
    more: dict[str, Any] = {"expected": _expected(claims or design.claims), "patience": check.patience}
    results: list[RungResult] = []
    measured: Timing | None = None
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    waveform: Path | None = None
    for number, (name, title, scenario) in enumerate((("rtl", _TITLE, STEADY), ("paused", _PAUSED, PAUSING))):
        rung = VendorRung(name, title, design, graph, simulator, scenario, work / name, check.seed + number, **more)
        progress(title)
        try:
            results.append(climb_rung(graph, rung, inputs, expected, {}))
        except RtlBehaviourError as error:
            waveform = _waveform(rung, work, None, progress) if check.waveform else None
            text = str(error) if waveform is None else f"{error}; the waveform is {waveform}"
            results.append(RungResult(name, title, Status.DIFFERENT, samples, samples, (), None, (), text, 0.0, {}))
            _write(Checked(tuple(results), design, measured, False, folder, waveform), arrays, graph.name)
            raise RtlBehaviourError(text) from error
        if results[-1].first is not None and check.waveform and waveform is None:
            waveform = _waveform(rung, work, results[-1].first.sample, progress)
        if scenario is STEADY and rung.seen is not None:
            measured = timing(rung.seen)
            arrays = {"done_cycle": rung.seen.answered, **rung.numbers}
            if claims is not None:
                results.append(timing_result(measured, claims, samples))
    if check.stress and measured is not None:
        progress("stress")
        most = 1 if measured.intervals is None else measured.intervals[1]
        result, case, cycles = stress_design(
            design, graph, simulator, work, latency=measured.first, interval=most, seed=check.seed
        )
        results.append(result)
        if case is not None and check.waveform and waveform is None:
            waveform = _film(design, work, case.order, cycles, progress)
    checked = Checked(tuple(results), design, measured, passed(results), folder, waveform)
    _write(checked, arrays, graph.name)
    return checked


def verify_rtl(
    graph_folder: Path,
    where: Where,
    out: Path,
    *,
    data: Path | None = None,
    random_samples: int = 500,
    check: Check | None = None,
    progress: Progress = lambda text: None,
) -> Checked:
    """Hold a design against a saved Graph.

    Args:
        graph_folder: of a design, or with `graph.json` and `graph.npz`.
        where: the RTL lies.
        out: as for `check_design`.
        data: .npy or .npz samples; those kept with the design without it.
        random_samples: over the whole range of the input types, after the others.
        check: how.
        progress: told what is being done.

    Raises:
        CodesignError: as `check_design`, `read_any_graph` and `gather_samples`.
    """
    check = check or Check()
    graph = read_any_graph(graph_folder)
    inputs = gather_samples(graph_folder, graph, data, random_samples, check.seed)
    return check_design(graph, where, inputs, out, check, progress=progress)
