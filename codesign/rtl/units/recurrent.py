"""Recurrent layers as units: a loop over the time steps, each of which begins when the one before has ended."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.graph import Direction, Gru, Input, Lstm, Recurrent
from codesign.rtl.logic import check_logic_exists
from codesign.rtl.logic.recurrent import input_sums, step, step_sources
from codesign.rtl.node_module import NodeModule
from codesign.rtl.stream import Behaviour, Unit, by_place, whole
from codesign.rtl.units.base import Place, Plan, build, plan, prefers_places
from codesign.rtl.units.text import module
from codesign.rtl.units.unrolled import logic_module


@prefers_places.register(Lstm)
@prefers_places.register(Gru)
def _(node: Recurrent) -> bool:
    return True


def _steps(place: Place) -> tuple[int, int]:
    steps, n_in = place.sources[0].node.shape
    return steps, n_in


def _one_step(place: Place) -> Input:
    """What a step reads."""
    _, n_in = _steps(place)
    return Input(name="step", inputs=(), shape=(n_in,), result=place.sources[0].node.result)


@plan.register(Lstm)
@plan.register(Gru)
def _(node: Recurrent, place: Place) -> Plan:
    check_logic_exists(input_sums(node, _steps(place)[1]), [_one_step(place)])
    check_logic_exists(step(node), step_sources(node))
    states = tuple(whole(source.node.shape) for source in place.sources[1:])
    output = by_place(node.shape) if node.sequences else whole(node.shape)
    return Plan((by_place(place.sources[0].node.shape), *states), output)


@dataclass(frozen=True)
class _Timing:
    """When a unit's steps begin and end.

    Attributes:
        steps: of a sample.
        before: clocks for the sums of what a step reads.
        loop: clocks from states to states.
        clocks: from one step to the next.
        last: clocks from the last step to what comes after it.
        back: the last step is read first.
        every: every step gives a result.
    """

    steps: int
    before: int
    loop: int
    clocks: int
    last: int
    back: bool
    every: bool

    def behaviour(self, states: int) -> Behaviour:
        """As phases: filling the memory, the steps, giving what they left."""
        n = self.steps
        fills, gives = n * int(self.back), n * int(self.back and self.every)
        taken = np.zeros((fills + n + gives, 1 + states), dtype=bool)
        taken[: n if not self.back else fills, 0] = True
        taken[fills, 1:] = True
        clocks = np.ones(fills + n + gives, dtype=np.int64)
        clocks[fills : fills + n] = self.clocks
        clocks[fills + n - 1] = self.last
        given = np.zeros(fills + n + gives, dtype=bool)
        if gives:
            given[fills + n :] = True
        else:
            given[fills + n - 1] = True
            given[fills : fills + n] |= self.every
        return Behaviour(taken, given, clocks, 1 if gives else self.before + self.loop)


def _timing(node: Recurrent, place: Place, before: int, loop: int) -> _Timing:
    steps, _ = _steps(place)
    back = node.direction is Direction.BACKWARD
    # The states before the first step wait in one register, which the next sample's must not reach too early.
    clocks = max(loop, -(-before // steps)) if len(place.sources) > 1 else loop
    stores = back and node.sequences
    return _Timing(
        steps, before, loop, clocks, max(before + loop + 1, clocks) if stores else clocks, back, node.sequences
    )


def _control(timing: _Timing, states: int) -> list[str]:
    parameters = {
        "STEPS": timing.steps,
        "CLOCKS": timing.clocks,
        "LAST": timing.last,
        "BEFORE": timing.before,
        "LOOP": timing.loop,
        "EVERY": int(timing.every),
        "BACK": int(timing.back),
    }
    bits = timing.steps.bit_length()
    valid = " & ".join(f"in{index}_valid" for index in range(1, 1 + states)) or "1'b1"
    lines = [
        "wire ce, fill, begins, loop_ce, loop_first, store, give, states_ready;",
        f"wire [{bits - 1}:0] at, stored;",
        f"cs_steps #({', '.join(f'.{name}({value})' for name, value in parameters.items())}) control (.clk(clk), "
        f".rst(rst), .in_valid(in0_valid), .in_ready(in0_ready), .states_valid({valid}), .states_ready(states_ready), "
        ".out_valid(out_valid), .out_ready(out_ready), .ce(ce), .fill(fill), .begins(begins), .at(at), "
        ".loop_ce(loop_ce), .loop_first(loop_first), .store(store), .give(give), .stored(stored));",
    ]
    return lines + [f"assign in{index}_ready = states_ready;" for index in range(1, 1 + states)]


def _read(timing: _Timing, bits: int, *, registered: bool) -> list[str]:
    """What the sums are made of: the wire `x`."""
    if timing.back:
        return [
            f"reg [{bits - 1}:0] memory [0:{timing.steps - 1}];",
            f"reg [{bits - 1}:0] x;",
            "always @(posedge clk) begin",
            "    if (fill) memory[at] <= in0_data;",
            f"    if (ce) x <= memory[{timing.steps - 1} - at];",
            "end",
        ]
    if registered:
        return [f"reg [{bits - 1}:0] x;", "always @(posedge clk) if (ce) x <= in0_data;"]
    return [f"wire [{bits - 1}:0] x = in0_data;"]


def _loop(node: Recurrent, made: NodeModule, states: int) -> list[str]:
    """The loop over the state: the wire `left`."""
    n = node.n_state * node.result.width
    total = node.STATES * n
    if states:
        given = "{" + ", ".join(f"in{index}_data" for index in range(states, 0, -1)) + "}"
        lines = [f"reg [{total - 1}:0] start;", f"always @(posedge clk) if (states_ready) start <= {given};"]
    else:
        lines = [f"wire [{total - 1}:0] start = {total}'d0;"]
    lines += [f"wire [{total - 1}:0] made, left;", f"wire [{total - 1}:0] state = loop_first ? start : left;"]
    words = ", ".join(f".x{1 + index}(state[{index * n + n - 1}:{index * n}])" for index in range(node.STATES))
    lines.append(f"{made.name} steps (.clk(clk), .ce(loop_ce), .x0(sums), {words}, .y(made));")
    if made.latency:
        return [*lines, "assign left = made;"]
    return [
        *lines,
        f"reg [{total - 1}:0] held;",
        "always @(posedge clk) if (loop_ce) held <= made;",
        "assign left = held;",
    ]


def _given(node: Recurrent, timing: _Timing) -> list[str]:
    bits = node.n_state * node.result.width
    if not (timing.back and timing.every):
        return [f"assign out_data = left[{bits - 1}:0];"]
    return [
        f"reg [{bits - 1}:0] results [0:{timing.steps - 1}];",
        f"reg [{bits - 1}:0] result;",
        "always @(posedge clk) begin",
        f"    if (store) results[{timing.steps - 1} - stored] <= left[{bits - 1}:0];",
        "    if (ce) result <= results[at];",
        "end",
        "assign out_data = result;",
    ]


@build.register(Lstm)
@build.register(Gru)
def _(node: Recurrent, place: Place) -> Unit:
    read = _one_step(place)
    sums = logic_module(f"{place.module}_sums", input_sums(node, read.size), [read], place.options)
    loop = logic_module(f"{place.module}_step", step(node), step_sources(node), place.options)
    states = len(place.sources) - 1
    registered = node.direction is Direction.BACKWARD or (states > 0 and sums.latency == 0)
    timing = _timing(node, place, sums.latency + int(registered), max(loop.latency, 1))
    widths = [source.node.shape[-1] * source.node.result.width for source in place.sources]
    columns = node.GATES * node.n_state * node.accumulator.width
    body = [
        *_control(timing, states),
        *_read(timing, widths[0], registered=registered),
        f"wire [{columns - 1}:0] sums;",
        f"{sums.name} reads (.clk(clk), .ce(ce), .x0(x), .y(sums));",
        *_loop(node, loop, states),
        *_given(node, timing),
    ]
    text = module(place.module, widths, node.n_state * node.result.width, body)
    planned = plan(node, place)
    return Unit(
        place.module,
        planned.inputs,
        planned.output,
        timing.behaviour(states),
        {f"{place.module}.v": "\n".join((text, sums.text, loop.text))},
        ("cs_steps.sv",),
        (*sums.stages, *loop.stages),
        (len(sums.stages), len(loop.stages)),
    )
