"""Simulating an RTL project clock by clock: once at full speed, once with pauses, from different power-up values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from codesign.artifact import make_folder
from codesign.errors import InputDataError, ToolFailedError
from codesign.rtl import Manifest
from codesign.simulate import Integers
from codesign.verify.dut import dut_of, inside
from codesign.verify.netlist import make_netlist
from codesign.verify.simulator import WAVEFORM, Simulator, build_simulator
from rtl_sim.beats import bounds, from_beats, to_beats
from rtl_sim.interface import Dut
from rtl_sim.observed import Observed
from rtl_sim.run_files import Order
from rtl_sim.scenario import STEADY_SCENARIO, Claims, Pattern, Plan, Scenario, compile_plan
from rtl_sim.timing import Timing, measure

# Pauses at both ends, short and long, while registers hold other values at power-up than in the steady run.
PAUSES = Scenario("pauses", starve=Pattern(0.2, 2.0), stall=Pattern(0.2, 2.0))
_MARGIN = 8  # cycles of a waveform before and after the frames that it is for


@dataclass(frozen=True)
class RtlRun:
    """What the RTL answered.

    Attributes:
        outputs: by output node, (n, *shape) integers of its type.
        layers: by node, (n, *shape) integers of its type; empty where they were not asked for.
        timing: as measured at full speed.
        faults: promises that the design broke although it answered: its own timing, and answers that depend on pauses
            or on what registers hold at power-up; a sentence each.
        waveform: of the last frame and the one before it; None where it was not asked for.
        notes: what else is to be told, by name.
    """

    outputs: dict[str, Integers]
    layers: dict[str, Integers]
    timing: Timing
    faults: tuple[str, ...] = field(default=())
    waveform: Path | None = None
    notes: Mapping[str, int | str] = field(default_factory=dict)

    @property
    def latency_cycles(self) -> int | None:
        """Clock cycles from the first beat of a sample taken to the last of its answer given, of an idle design."""
        return self.timing.latency

    @property
    def interval(self) -> int | None:
        """Clock cycles from answer to answer at full speed; None of fewer than four samples."""
        return self.timing.interval


def checked_inputs(manifest: Manifest, inputs: Mapping[str, Integers]) -> int:
    """The number of samples.

    Raises:
        InputDataError: they do not fit the design's ports.
    """
    ports = [bus.node for bus in manifest.inputs]
    if sorted(inputs) != sorted(ports):
        raise InputDataError(f"inputs are named {sorted(inputs)}, but the RTL's are {ports}")
    counts: set[int] = set()
    for bus, stream in zip(manifest.inputs, dut_of(manifest).inputs, strict=True):
        values = np.asarray(inputs[bus.node])
        if values.shape[1:] != bus.shape or values.dtype.kind not in "iuO":
            raise InputDataError(
                f"input {bus.node!r} is {values.dtype} of shape {values.shape}, expected integers of shape "
                f"(samples, {', '.join(map(str, bus.shape))})"
            )
        low, high = bounds(stream)
        if values.size and (int(values.min()) < low or int(values.max()) > high):
            raise InputDataError(
                f"input {bus.node!r} spans [{values.min()}, {values.max()}], but {bus.type} holds [{low}, {high}]"
            )
        counts.add(len(values))
    if len(counts) != 1:
        raise InputDataError(f"inputs have different numbers of samples: {sorted(counts)}")
    return counts.pop()


def _order(
    design: Dut, scenario: Scenario, inputs: Mapping[str, Integers], samples: int, claims: Claims, seed: int
) -> Order:
    plan = compile_plan(scenario, design, samples, claims, seed)
    words = {stream.name: to_beats(stream, inputs[stream.name]) for stream in design.inputs}
    patience = 1000 + 4 * (claims.latency + claims.interval)
    return Order(design, plan, words, seed=seed, patience=patience, quiet=64 + claims.latency)


def _numbers(observed: Observed, design: Dut, shapes: Mapping[str, tuple[int, ...]], samples: int) -> dict[str, Any]:
    found = {}
    for stream in (*design.outputs, *design.probes):
        if stream.name in observed.flows and stream.name in shapes:
            numbers = from_beats(stream, observed.flows[stream.name].words, samples)
            found[stream.name] = numbers.reshape(samples, *shapes[stream.name])
    return found


def _cycles(design: Dut, samples: int, claims: Claims) -> int:
    beats = max(stream.beats for stream in (*design.inputs, *design.outputs))
    return 2 * claims.latency + 3 * samples * max(claims.interval, beats)


@dataclass(frozen=True)
class _Design:
    """What simulating a project needs to know of it."""

    manifest: Manifest
    design: Dut
    sources: tuple[Path, ...]
    work: Path
    claims: Claims
    flags: tuple[str, ...] = ()

    def simulator(self, samples: int, *, probes: bool, traces: bool) -> Simulator:
        """A built one.

        Raises:
            CodesignError: as `build_simulator`.
        """
        cycles = _cycles(self.design, samples, self.claims)
        return build_simulator(
            self.design, self.sources, self.work, probes=probes, traces=traces, cycles=cycles, flags=self.flags
        )

    def run(self, simulator: Simulator, order: Order, name: str, trace: tuple[int, int] | None = None) -> Observed:
        """Carry out an order in its own folder.

        Raises:
            ToolFailedError: the simulator failed.
        """
        cycles = _cycles(self.design, order.plan.frames, self.claims) + order.patience
        return simulator.run(order, self.work / name, cycles=cycles, trace=trace)

    def waveform(self, order: Order, seen: Observed, first: int, last: int) -> Path:
        """Carry out an order again, with a waveform from one frame to another.

        Args:
            order: as it was carried out.
            seen: what was seen of it.
            first: frame; from the cycle in which its first beat was taken.
            last: frame; to the cycle in which its last answer was given, or the run ended.
        """
        simulator = self.simulator(order.plan.frames, probes=True, traces=True)
        begin = [_cycle(seen, s.name, first * s.beats) for s in self.design.inputs]
        end = [_cycle(seen, s.name, (last + 1) * s.beats - 1) for s in self.design.outputs]
        start = min(begin) - _MARGIN
        stop = max(end) + _MARGIN
        traced = replace(order, probes=True)
        self.run(simulator, traced, "failure", (max(start, 0), stop))
        return self.work / "failure" / WAVEFORM


def _cycle(seen: Observed, stream: str, beat: int) -> int:
    """In which a beat passed; the last cycle of the run where it never did."""
    cycles = seen.flows[stream].cycle
    return int(cycles[beat]) if beat < cycles.size else seen.cycles


def _frame_of(seen: Observed, plan: Plan, design: Dut) -> int:
    """The first frame of which an answer lacks."""
    whole = min(seen.flows[stream.name].cycle.size // stream.beats for stream in design.outputs)
    return min(whole, max(plan.frames - 1, 0))


def _check_protocol(made: _Design, order: Order, seen: Observed) -> None:
    """Stop where a rule was broken.

    Raises:
        ToolFailedError: naming the rule, the frame, the cycle, and the waveform that was left.
    """
    if not seen.violations:
        return
    violation = seen.violations[0]
    frame = _frame_of(seen, order.plan, made.design)
    waveform = made.waveform(order, seen, max(frame - 1, 0), frame)
    whose = f"{violation.stream}: " if violation.stream else ""
    raise ToolFailedError(
        f"the RTL of {made.design.top}: {whose}{violation.text} (frame {frame}, cycle {violation.cycle}, "
        f"seed {order.seed}); the waveform is {waveform}"
    )


def _first_difference(first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[int, str] | None:
    """(sample, node) that two runs answered differently, the earliest sample."""
    found = []
    for name, values in first.items():
        wrong = (values != second[name]).reshape(len(values), -1).any(axis=1)
        if wrong.any():
            found.append((int(np.argmax(wrong)), name))
    return min(found, default=None)


def simulate_rtl(
    project: Path,
    inputs: Mapping[str, Integers],
    work: Path,
    *,
    layers: bool = False,
    seed: int = 0,
    waveform: bool = False,
) -> RtlRun:
    """What an RTL project answers, its Verilog simulated as it stands.

    The samples are fed twice: at full speed, where latency and interval are measured; then with pauses of inputs and
    outputs, from other power-up values. Both runs must give the same answers.

    Args:
        project: folder with `manifest.json`.
        inputs: by input node, (n, *shape) integers of its type.
        work: where built simulators, logs, stimulus and answers of the last runs go; the same Verilog is built once.
        layers: also read every node's result.
        seed: of the pauses, the noise in them, and what registers hold before reset.
        waveform: leave one of the last two samples.

    Raises:
        DesignError: the manifest or a source is missing or damaged.
        InputDataError: the inputs do not fit the ports.
        ToolMissingError: no simulator is installed.
        ToolFailedError: the RTL does not build, breaks the protocol, gives an answer that nobody asked for, or never
            answers.
    """
    manifest = Manifest.load(project)
    manifest.require_verilog("the simulator of the rtl rung")
    samples = checked_inputs(manifest, inputs)
    sources = tuple(project / name for name in manifest.sources)
    claims = Claims(manifest.latency_cycles, manifest.interval)
    made = _Design(manifest, dut_of(manifest), sources, make_folder(work).resolve(), claims)
    return _simulate(made, inputs, samples, layers=layers, seed=seed, waveform=waveform)


def simulate_netlist(
    project: Path, inputs: Mapping[str, Integers], work: Path, *, seed: int = 0, waveform: bool = False
) -> RtlRun:
    """What the netlist that Yosys makes of an RTL project answers, its cells simulated by their models.

    Args:
        project: folder with `manifest.json`.
        inputs: by input node, (n, *shape) integers of its type.
        work: as for `simulate_rtl`; the netlist is kept there too.
        seed: as for `simulate_rtl`.
        waveform: leave one of the last two samples.

    Raises:
        UnsupportedLayerError: the family, or a cell of the netlist, has no models.
        CodesignError: as for `simulate_rtl`; Yosys is not installed or failed.
    """
    manifest = Manifest.load(project)
    manifest.require_verilog("Yosys")
    samples = checked_inputs(manifest, inputs)
    netlist = make_netlist(project, manifest, work)
    design = replace(dut_of(manifest), probes=())
    claims = Claims(manifest.latency_cycles, manifest.interval)
    made = _Design(manifest, design, netlist.sources, work.resolve(), claims, netlist.flags)
    run = _simulate(made, inputs, samples, layers=False, seed=seed, waveform=waveform)
    return replace(run, notes={"cells": netlist.cells, **({"note": netlist.note} if netlist.note else {})})


def _simulate(
    made: _Design, inputs: Mapping[str, Integers], samples: int, *, layers: bool, seed: int, waveform: bool
) -> RtlRun:
    """Both runs, and what they tell."""
    manifest = made.manifest
    simulator = made.simulator(samples, probes=layers or waveform, traces=waveform)
    steady = _order(made.design, STEADY_SCENARIO, inputs, samples, made.claims, seed)
    paused = _order(made.design, PAUSES, inputs, samples, made.claims, seed + 1)
    steady = replace(steady, probes=layers)
    seen = made.run(simulator, steady, "steady")
    _check_protocol(made, steady, seen)
    again = made.run(simulator, paused, "paused")
    _check_protocol(made, paused, again)
    buses = {bus.node: bus.shape for bus in (*manifest.inputs, *manifest.outputs)}
    points = {inside(bus.node): bus.shape for bus in manifest.layers} if layers else {}
    answers = _numbers(seen, made.design, {**buses, **points}, samples)
    outputs = {bus.node: answers[bus.node] for bus in manifest.outputs}
    timing = measure(made.design, steady.plan, seen)
    faults = list(timing.against(made.claims))
    differs = _first_difference(outputs, _numbers(again, made.design, buses, samples))
    left = None
    if differs is not None:
        sample, node = differs
        left = made.waveform(paused, again, max(sample - 1, 0), sample)
        faults.append(
            f"sample {sample}, node {node!r}: the answer depends on pauses or on power-up values (seed {paused.seed}); "
            f"the waveform is {left}"
        )
    elif waveform and samples:
        left = made.waveform(steady, seen, max(samples - 2, 0), samples - 1)
    return RtlRun(
        outputs=outputs,
        layers={bus.node: answers[inside(bus.node)] for bus in manifest.layers} if layers else {},
        timing=timing,
        faults=tuple(faults),
        waveform=left,
    )
