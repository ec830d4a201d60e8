"""Units that join the pixels of windows as they come, where windows do not overlap: cast, joined, finished."""

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
from codesign.rtl.windows import Axis

TEMPLATE = "cs_running.sv"


def in_one_clock(name: str, node: Node, sources: tuple[Node, ...], options: Options) -> NodeModule:
    """The module of a node's logic with at most one register, its last one."""
    return logic_module(name, node, sources, replace(options, cut=replace(options.cut, stages=False)))


def can_run(axes: tuple[Axis, Axis]) -> bool:
    """Whether pixels of windows can be joined as they come."""
    apart = all(axis.count == 1 or axis.stride >= axis.kernel for axis in axes)
    rows, columns = axes
    # What was kept of a window's row is written a clock later, and read a clock early.
    in_time = rows.kernel == 1 or columns.count == 1 or columns.length - columns.kernel > 1
    return apart and in_time and rows.before == columns.before == 0 and _inside(rows) and _inside(columns)


def _inside(axis: Axis) -> bool:
    return (axis.count - 1) * axis.stride + axis.kernel <= axis.length


def running(
    name: str,
    cast: NodeModule,
    join: NodeModule,
    finish: NodeModule,
    first: int,
    widths: Sequence[int],
    axes: tuple[Axis, Axis],
    inputs: Layout,
    output: Layout,
) -> Unit:
    """A unit that takes a pixel a clock and gives one when the last of a window is joined.

    Args:
        name: of the module.
        cast: logic that each pixel passes.
        join: logic of what is accumulated, `x0`, and the next pixel, `x1`; with at most one register.
        finish: logic that the accumulated word passes when it is complete.
        first: what stands for the accumulated word at the first pixel.
        widths: bits of a pixel, of a cast one, of the accumulated word, and of what is given.
        axes: where the windows are, down and across; as `can_run` asks for.
        inputs: the layout that is read.
        output: the layout that is given.
    """
    pixel, joined, kept, given = widths
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
        f"wire step = ce & {late};",
        "wire joins, ends;",
        "reg full;",
        "always @(posedge clk) if (rst) full <= 1'b0; else if (ce) full <= ends;",
        f"wire [{kept - 1}:0] total, so_far;",
        *_control(axes, kept, first),
    ]
    if join.latency:
        body.append(f"{join.name} join_one (.clk(clk), .ce(joins), .x0(so_far), .x1(entering), .y(total));")
    else:
        body += [
            f"wire [{kept - 1}:0] next;",
            f"reg [{kept - 1}:0] held;",
            f"{join.name} join_one (.clk(clk), .ce(joins), .x0(so_far), .x1(entering), .y(next));",
            "always @(posedge clk) if (joins) held <= next;",
            "assign total = held;",
        ]
    body += [
        f"{finish.name} finish (.clk(clk), .ce(ce), .x0(total), .y(out_data));",
        *pipeline_behind("full", finish.latency),
    ]
    rows, columns = axes
    gives = np.logical_and.outer(rows.hits, columns.hits).ravel()
    latency = cast.latency + 1 + finish.latency
    behaviour = Behaviour(
        np.ones((gives.size, 1), dtype=bool), gives, np.ones(gives.size, dtype=np.int64), latency, slots=latency
    )
    files = {f"{name}.v": "\n".join([module(name, [pixel], given, body), cast.text, join.text, finish.text])}
    stages = cast.stages + join.stages + finish.stages
    images = inputs.beats // gives.size
    lengths = tuple(len(each.stages) for each in (cast, join, finish))
    return Unit(name, (inputs,), output, repeated(behaviour, images), files, (TEMPLATE,), stages, lengths)


def _control(axes: tuple[Axis, Axis], kept: int, first: int) -> list[str]:
    """The template that tells which pixels are joined, and with what."""
    rows, columns = axes
    parameters = {
        "KEPT": kept,
        "HEIGHT": rows.length,
        "WIDTH": columns.length,
        "KERNEL_H": rows.kernel,
        "KERNEL_W": columns.kernel,
        "STRIDE_H": rows.stride if rows.count > 1 else rows.length,
        "STRIDE_W": columns.stride if columns.count > 1 else columns.length,
        "OUT_H": rows.count,
        "OUT_W": columns.count,
    }
    given = ", ".join(f".{key}({value})" for key, value in parameters.items())
    return [
        f"cs_running #({given}, .FIRST({kept}'h{first:x})) control (",
        "    .clk(clk), .rst(rst), .step(step), .total(total), .so_far(so_far), .joins(joins), .ends(ends)",
        ");",
    ]
