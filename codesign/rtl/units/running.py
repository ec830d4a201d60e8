"""Units that bring many beats together in an accumulator: cast, joined one by one, finished after the last one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from codesign.graph import Node
from codesign.rtl.node_module import NodeModule
from codesign.rtl.stream import Behaviour, Layout, Unit
from codesign.rtl.units.base import Options
from codesign.rtl.units.text import module
from codesign.rtl.units.unrolled import logic_module
from codesign.rtl.units.windowed import pipeline_behind, repeated

# More than any logic takes, in alkaid's units: what runs in a loop has one register.
_UNCUT = 1e9


def in_one_clock(name: str, node: Node, sources: tuple[Node, ...], options: Options) -> NodeModule:
    """The module of a node's logic with at most one register, its last one."""
    return logic_module(name, node, sources, replace(options, cut=_UNCUT))


def _steps(count: int) -> tuple[int, str]:
    """Bits of a counter of so many beats, and its last value."""
    bits = max((count - 1).bit_length(), 1)
    return bits, f"{bits}'d{count - 1}"


def running(
    name: str,
    cast: NodeModule,
    step: NodeModule,
    finish: NodeModule,
    first: int,
    widths: Sequence[int],
    inputs: Layout,
    output: Layout,
) -> Unit:
    """A unit that takes a beat a clock and gives one when the last of a group is joined.

    Args:
        name: of the module.
        cast: logic that each beat passes.
        step: logic of what is accumulated, `x0`, and the next beat, `x1`; with at most one register.
        finish: logic that the last accumulated word passes.
        first: what stands for the accumulated word at the first beat.
        widths: bits of a beat, of a cast one, of the accumulated word, and of what is given.
        inputs: the layout that is read.
        output: the layout that is given; each beat of it is made of equally many of those read.
    """
    beats = inputs.beats // output.beats
    beat, joined, kept, given = widths
    counter, last = _steps(beats)
    late = f"late[{cast.latency - 1}]" if cast.latency else "in0_valid"
    body = ["wire ce;", "assign in0_ready = ce;", f"wire [{joined - 1}:0] entering;"]
    if cast.latency:
        shifted = f"{{late[{cast.latency - 2}:0], in0_valid}}" if cast.latency > 1 else "in0_valid"
        body += [
            f"reg [{cast.latency - 1}:0] late;",
            f"always @(posedge clk) if (rst) late <= {cast.latency}'d0; else if (ce) late <= {shifted};",
        ]
    body += [
        f"{cast.name} entry (.clk(clk), .ce(ce), .x0(in0_data), .y(entering));",
        f"wire joins = ce & {late};",
        f"reg [{counter - 1}:0] at;",
        "reg full;",
        f"wire ends = at == {last};",
        "always @(posedge clk)",
        f"    if (rst) at <= {counter}'d0;",
        f"    else if (joins) at <= ends ? {counter}'d0 : at + 1'b1;",
        f"always @(posedge clk) if (rst) full <= 1'b0; else if (ce) full <= {late} & ends;",
        f"wire [{kept - 1}:0] total, so_far = at == {counter}'d0 ? {kept}'h{first:x} : total;",
    ]
    if step.latency:
        body.append(f"{step.name} join_one (.clk(clk), .ce(joins), .x0(so_far), .x1(entering), .y(total));")
    else:
        body += [
            f"wire [{kept - 1}:0] next;",
            f"reg [{kept - 1}:0] held;",
            f"{step.name} join_one (.clk(clk), .ce(joins), .x0(so_far), .x1(entering), .y(next));",
            "always @(posedge clk) if (joins) held <= next;",
            "assign total = held;",
        ]
    body += [
        f"{finish.name} finish (.clk(clk), .ce(ce), .x0(total), .y(out_data));",
        *pipeline_behind("full", finish.latency),
    ]
    gives = np.zeros(beats, dtype=bool)
    gives[-1] = True
    latency = cast.latency + 1 + finish.latency
    behaviour = Behaviour(
        np.ones((beats, 1), dtype=bool), gives, np.ones(beats, dtype=np.int64), latency, slots=latency
    )
    files = {f"{name}.v": "\n".join([module(name, [beat], given, body), cast.text, step.text, finish.text])}
    stages = cast.stages + step.stages + finish.stages
    return Unit(name, (inputs,), output, repeated(behaviour, output.beats), files, stages=stages)
