"""Tensors joined along an axis that is not the last: the beats of one source after those of another."""

from __future__ import annotations

from math import prod

import numpy as np

from codesign.graph import Activation, ActivationFunction, Concatenate, Input, Node
from codesign.rtl.logic import check_logic_exists
from codesign.rtl.node_module import NodeModule
from codesign.rtl.stream import Behaviour, Unit, by_place
from codesign.rtl.units.base import Place, Plan, build, plan
from codesign.rtl.units.text import module
from codesign.rtl.units.unrolled import build_unrolled, logic_module, plan_unrolled


def _by_turns(node: Concatenate, place: Place) -> bool:
    """Whether whole places of one source follow those of another, and come place by place."""
    return node.axis < len(node.shape) - 1 and any(source.layout.beats > 1 for source in place.sources)


def _cast(node: Concatenate, source: Node) -> tuple[Node, Node]:
    """The cast of a place of one source, and what it reads."""
    shape = (node.shape[-1],)
    cast = Activation(
        name=node.name, inputs=(source.name,), shape=shape, result=node.result, function=ActivationFunction.LINEAR
    )
    return cast, Input(name=source.name, inputs=(), shape=shape, result=source.result)


@plan.register
def _(node: Concatenate, place: Place) -> Plan:
    if not _by_turns(node, place):
        return plan_unrolled(node, place)
    for source in place.sources:
        cast, port = _cast(node, source.node)
        check_logic_exists(cast, [port])
    return Plan(tuple(by_place(source.node.shape) for source in place.sources), by_place(node.shape))


@build.register
def _(node: Concatenate, place: Place) -> Unit:
    if not _by_turns(node, place):
        return build_unrolled(node, place)
    planned = plan(node, place)
    made: list[NodeModule] = []
    for index, source in enumerate(place.sources):
        cast, port = _cast(node, source.node)
        made.append(logic_module(f"{place.module}_cast{index}", cast, (port,), place.options))
    turns = [prod(source.node.shape[node.axis : -1]) for source in place.sources]
    latency = max(each.latency for each in made)
    bits = node.shape[-1] * node.result.width
    body = [*_turns(turns), *_casts(made, bits, latency), *_handshake(len(turns), latency)]
    widths = [node.shape[-1] * source.node.result.width for source in place.sources]
    order = np.repeat(np.arange(len(turns)), turns)
    order = np.tile(order, prod(node.shape[: node.axis]))
    takes = order[:, None] == np.arange(len(turns))
    beats = np.ones(order.size, dtype=np.int64)
    behaviour = Behaviour(takes, np.ones(order.size, dtype=bool), beats, latency, slots=max(latency, 1))
    text = module(place.module, widths, bits, body)
    files = {f"{place.module}.v": "\n".join([text, *(each.text for each in made)])}
    stages = tuple(stage for each in made for stage in each.stages)
    lengths = tuple(len(each.stages) for each in made)
    return Unit(place.module, planned.inputs, planned.output, behaviour, files, stages=stages, lengths=lengths)


def _turns(turns: list[int]) -> list[str]:
    """Whose turn it is: `turn` has a bit for each source."""
    count = max((max(turns) - 1).bit_length(), 1)
    ends = " | ".join(f"turn[{index}] & at == {count}'d{beats - 1}" for index, beats in enumerate(turns))
    n = len(turns)
    return [
        "wire ce, step;",
        f"reg [{n - 1}:0] turn;",
        f"reg [{count - 1}:0] at;",
        f"wire ends = {ends};",
        "always @(posedge clk)",
        f"    if (rst) begin turn <= {n}'d1; at <= {count}'d0; end",
        "    else if (step) begin",
        f"        at <= ends ? {count}'d0 : at + 1'b1;",
        *([f"        if (ends) turn <= {{turn[{n - 2}:0], turn[{n - 1}]}};"] if n > 1 else []),
        "    end",
    ]


def _casts(made: list[NodeModule], bits: int, latency: int) -> list[str]:
    """Each source's beats, cast and as late as the latest; and the one whose turn it was."""
    lines = []
    for index, each in enumerate(made):
        lines += [
            f"wire [{bits - 1}:0] late{index}_{each.latency};",
            f"{each.name} cast{index} (.clk(clk), .ce(ce), .x0(in{index}_data), .y(late{index}_{each.latency}));",
        ]
        for clock in range(each.latency, latency):
            lines += [
                f"reg [{bits - 1}:0] late{index}_{clock + 1};",
                f"always @(posedge clk) if (ce) late{index}_{clock + 1} <= late{index}_{clock};",
            ]
    n = len(made)
    for clock in range(latency):
        before = f"turn{clock}" if clock else "turn"
        lines += [f"reg [{n - 1}:0] turn{clock + 1};", f"always @(posedge clk) if (ce) turn{clock + 1} <= {before};"]
    now = f"turn{latency}" if latency else "turn"
    chosen = " | ".join(f"({{{bits}{{{now}[{index}]}}}} & late{index}_{latency})" for index in range(n))
    return [*lines, f"assign out_data = {chosen};"]


def _handshake(sources: int, latency: int) -> list[str]:
    ready = [f"assign in{index}_ready = ce & turn[{index}];" for index in range(sources)]
    comes = " | ".join(f"in{index}_valid & turn[{index}]" for index in range(sources))
    lines = [f"wire comes = {comes};", "assign step = ce & comes;", *ready]
    if latency == 0:
        return [*lines, "assign ce = out_ready;", "assign out_valid = comes;"]
    shifted = f"{{valid[{latency - 2}:0], comes}}" if latency > 1 else "comes"
    return [
        *lines,
        f"reg [{latency - 1}:0] valid;",
        f"always @(posedge clk) if (rst) valid <= {latency}'d0; else if (ce) valid <= {shifted};",
        f"assign out_valid = valid[{latency - 1}];",
        "assign ce = out_ready | ~out_valid;",
    ]
