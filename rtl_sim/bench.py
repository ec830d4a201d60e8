"""A bench around any design that a `Dut` describes: it carries out a plan and keeps what it saw.

In each cycle the pins are driven at the clock's falling edge, settle, and are read before the rising one: what every
simulator agrees on, also where ready follows valid through logic.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, ReadOnly, Timer

from rtl_sim.beats import to_beats, width
from rtl_sim.driver import StreamDriver
from rtl_sim.interface import Control, Dut, Protocol
from rtl_sim.monitor import FlagMonitor, StreamMonitor
from rtl_sim.observed import Flow, Observed, Violation
from rtl_sim.packing import Bytes, to_rows
from rtl_sim.scenario import STEADY_SCENARIO, Claims, Plan, Scenario, Segment, compile_plan
from rtl_sim.scoreboard import judge
from rtl_sim.signals import BreachError, Signal
from rtl_sim.start_driver import StartDriver
from rtl_sim.watchdog import Watchdog
from rtl_sim.waveform import PERIOD_NS

# How often ready is turned around for a moment to see whether valid follows; prime, to fall on all phases of a frame.
_CONTRADICT_EVERY = 13


class Bench:
    """Drives a design, watches it, and knows the cycle.

    Attributes:
        design: what is known of it.
        cycle: since the clock started.
        drivers: of the inputs.
        monitors: of the outputs.
        probes: of the points inside.
    """

    def __init__(
        self, dut: Any, design: Dut, *, seed: int = 0, probes: bool = False, patience: int = 1000, quiet: int = 64
    ) -> None:
        """
        Args:
            dut: cocotb's handle of the top module.
            design: its ports.
            seed: of what is on the inputs while they pause.
            probes: watch the points inside too.
            patience: cycles without a handshake after which the design is given up.
            quiet: cycles after the last answer in which no other may come.

        Raises:
            BreachError: the design has no such ports.
        """
        self.design = design
        self.cycle = 0
        self._clock = Signal(dut, design.clock)
        self._reset = Signal(dut, design.reset) if design.reset else None
        self._tied = [Signal(dut, name) for name in design.tied]
        control = design.control or Control()
        started = design.protocol is Protocol.AP_CTRL_HS
        self.drivers: list[StreamDriver | StartDriver] = (
            [StartDriver(dut, control, design.inputs, seed)]
            if started
            else [StreamDriver(dut, stream, seed) for stream in design.inputs]
        )
        self.monitors: list[StreamMonitor | FlagMonitor] = [
            FlagMonitor(dut, stream, control.done) if started else StreamMonitor(dut, stream, drives_ready=True)
            for stream in design.outputs
        ]
        self.probes = [StreamMonitor(dut, stream, drives_ready=False) for stream in design.probes if probes]
        self._done = Signal(dut, control.done) if started else None
        self._dones = 0
        self._quiet = quiet
        self._watchdog = Watchdog(patience)
        self._marks: list[tuple[int, dict[str, int]]] = []
        self._first = self._in_segment = 0
        self._misframed = False
        self._running = False

    async def start(self, *, clock: bool = True) -> None:
        """Start the clock, if it does not run yet; the design is in reset after it."""
        self._rest()
        for signal in self._tied:
            signal.write(0)
        self._running = True
        if clock:
            Clock(self._clock.handle, PERIOD_NS, "ns").start()
        await FallingEdge(self._clock.handle)

    def _rest(self) -> None:
        if self._reset is not None:
            self._reset.write(0 if self.design.reset_low else 1)
        for agent in (*self.drivers, *self.monitors, *self.probes):
            agent.rest()

    async def reset(self, cycles: int) -> None:
        """Hold reset for so many cycles; nothing is offered and nothing taken meanwhile."""
        self._rest()
        for _ in range(cycles):
            await FallingEdge(self._clock.handle)
            self.cycle += 1
        if self._reset is not None:
            self._reset.write(1 if self.design.reset_low else 0)
        self._in_segment = self._dones = 0
        self._watchdog.see(self.cycle, "the reset")

    async def step(self) -> None:
        """One clock cycle, from a falling edge to the next.

        Raises:
            BreachError: the design broke a rule.
        """
        for driver in self.drivers:
            driver.drive()
        for monitor in self.monitors:
            monitor.drive(self._in_segment)
        if self.cycle % _CONTRADICT_EVERY == 0:
            await self._contradict()
        await ReadOnly()
        self._sample()
        await FallingEdge(self._clock.handle)
        self.cycle += 1
        self._in_segment += 1

    async def _contradict(self) -> None:
        await ReadOnly()
        await Timer(1, "ns")
        before = [monitor.contradict() for monitor in self.monitors]
        await ReadOnly()
        await Timer(1, "ns")
        for monitor, flag in zip(self.monitors, before, strict=True):
            monitor.insist(flag)  # type: ignore[arg-type]

    def _sample(self) -> None:
        for driver in self.drivers:
            if driver.sample(self.cycle):
                self._watchdog.see(self.cycle, f"a beat taken in at {driver.queues[0].stream.name}")
        for probe in self.probes:
            probe.sample(self.cycle)
        for monitor in self.monitors:
            if monitor.sample(self.cycle):
                self._watchdog.see(self.cycle, f"a beat given at {monitor.stream.name}")
                if not self._misframed:
                    self._check_asked(monitor)
        if self._done is not None and self._done.flag():
            self._dones += 1
            self._check_done()

    def _check_asked(self, monitor: StreamMonitor | FlagMonitor) -> None:
        """No answer may come before a beat of its question: it would be left over from before a reset, or made up."""
        frame = self._first + -(-monitor.count // monitor.stream.beats)
        asked = max(driver.started for driver in self.drivers)
        if frame > asked:
            raise BreachError(
                monitor.stream.name, f"gave a beat of frame {frame - 1}, of which nothing was taken in since the reset"
            )

    def _check_done(self) -> None:
        asked = self.drivers[0].started - self._first
        if self._dones > asked:
            raise BreachError("", f"{self._done_name} is high for the {self._dones}th time after {asked} starts")

    @property
    def _done_name(self) -> str:
        return self._done.name if self._done is not None else ""

    def load(self, plan: Plan, words: Mapping[str, Mapping[str, Bytes]]) -> None:
        """Take the frames and the cycles of a plan; those of an earlier one are forgotten.

        Args:
            plan: for the design's streams.
            words: by input, its words by data signal, as `to_beats` gives them.
        """
        self._marks.clear()
        self._misframed = plan.misframed
        for agent in (*self.drivers, *self.monitors, *self.probes):
            agent.clear()
        for driver in self.drivers:
            for queue in driver.queues:
                name = queue.stream.name
                last = plan.last.get(name)
                gaps = plan.gaps[name].tolist()
                queue.load(words[name], gaps, None if last is None else last.tolist())
        for monitor in self.monitors:
            if isinstance(monitor, StreamMonitor):
                pattern = plan.ready.get(monitor.stream.name, np.ones(1, dtype=bool))
                monitor.load(pattern.tolist(), misframed=plan.misframed, after_valid=plan.after_valid)

    def _answered(self, segment: Segment) -> bool:
        return all(monitor.count >= segment.answered * monitor.stream.beats for monitor in self.monitors) and all(
            driver.done for driver in self.drivers
        )

    async def _segment(self, segment: Segment) -> None:
        for driver in self.drivers:
            driver.begin(segment.first, segment.frames)
        self._first = segment.first
        agents = [agent.describe for agent in (*self.drivers, *self.monitors)]
        if segment.abort >= 0:
            while self._in_segment < segment.abort:
                await self.step()
            return
        while not self._answered(segment):
            await self.step()
            self._watchdog.check(self.cycle, agents)
        for _ in range(self._quiet):
            await self.step()
        if self._done is not None and self._dones != segment.answered:
            raise BreachError("", f"{self._done_name} was high {self._dones} times for {segment.answered} frames")

    def _mark(self) -> None:
        counts = {queue.stream.name: len(driver.taken) for driver in self.drivers for queue in driver.queues}
        counts.update({monitor.stream.name: len(monitor.given) for monitor in (*self.monitors, *self.probes)})
        self._marks.append((self.cycle, counts))

    async def carry_out(self, plan: Plan) -> Observed:
        """Do what a plan says with the frames that were loaded; stops where the design breaks a rule."""
        violations: list[Violation] = []
        for number, segment in enumerate(plan.segments):
            await self.reset(plan.reset_cycles)
            self._mark()
            try:
                await self._segment(segment)
            except BreachError as breach:
                violations.append(Violation(self.cycle, number, breach.stream, breach.text))
                await FallingEdge(self._clock.handle)  # out of the phase in which nothing can be driven
                self.cycle += 1
                break
        return self._observed(tuple(violations))

    def _observed(self, violations: tuple[Violation, ...]) -> Observed:
        flows: dict[str, Flow] = {}
        for driver in self.drivers:
            for queue in driver.queues:
                flows[queue.stream.name] = self._flow(queue.stream.name, driver.taken, {})
        for monitor in (*self.monitors, *self.probes):
            name, count, bits = monitor.stream.name, len(monitor.given), width(monitor.stream)
            words = {
                signal: to_rows(column[:count], bits)
                for signal, column in zip(monitor.stream.data, monitor.words, strict=True)
            }
            flows[name] = self._flow(name, monitor.given, words)
        starts = np.array([cycle for cycle, _ in self._marks], dtype=np.int64)
        return Observed(starts, self.cycle, flows, violations)

    def _flow(self, name: str, cycles: list[int], words: Mapping[str, Bytes]) -> Flow:
        begins = np.array([counts[name] for _, counts in self._marks], dtype=np.int64)
        segment = np.searchsorted(begins, np.arange(len(cycles)), side="right") - 1
        return Flow(np.array(cycles, dtype=np.int64), np.asarray(segment, dtype=np.int64), words)

    async def check(
        self,
        frames: Mapping[str, npt.NDArray[Any]],
        expected: Mapping[str, npt.NDArray[Any]],
        scenario: Scenario = STEADY_SCENARIO,
        *,
        claims: Claims = Claims(1, 1),  # noqa: B008 frozen
        seed: int = 0,
    ) -> tuple[Observed, Plan]:
        """Feed frames in the manner of a scenario and compare every answer.

        Args:
            frames: by input, (n, ...) integers.
            expected: by output or probe, (n, ...) integers.
            scenario: how.
            claims: what the design says of its timing, where the scenario resets it.
            seed: of the scenario's plan.

        Returns:
            What was seen, and the plan that was carried out.

        Raises:
            AssertionError: an answer is wrong, lacks or is one too many, or a rule is broken; says the first one.
        """
        count = len(next(iter(frames.values())))
        plan = compile_plan(scenario, self.design, count, claims, seed)
        if not self._running:
            await self.start()
        self.load(plan, {stream.name: to_beats(stream, frames[stream.name]) for stream in self.design.inputs})
        observed = await self.carry_out(plan)
        faults = judge(self.design, plan, observed, expected)
        assert not faults, f"scenario {scenario.name!r}, seed {seed}: {faults[0].text}"
        return observed, plan
