"""Beats that serve again and again: a scale of each channel for every pixel, a row of one place for all its places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import singledispatch
from math import prod

import numpy as np

from codesign.graph import Broadcast, Input, Merge, Node
from codesign.rtl.logic import check_logic_exists
from codesign.rtl.stream import Behaviour, Layout, Unit, by_place
from codesign.rtl.units.base import Place, Plan, build, plan
from codesign.rtl.units.text import module
from codesign.rtl.units.unrolled import build_unrolled, logic_module, plan_unrolled


@dataclass(frozen=True)
class Holding:
    """A node of which each beat is made of a beat that is held, and one of every other source.

    Attributes:
        beat: the node as if a beat were its whole result.
        ports: what that reads.
        held: the source whose beats are held.
        uses: beats of the result that are made with one that is held.
        output: the layout of the result.
    """

    beat: Node
    ports: tuple[Node, ...]
    held: int
    uses: int
    output: Layout

    @property
    def inputs(self) -> tuple[Layout, ...]:
        """The layouts that it reads."""
        beats = self.output.beats
        return tuple(
            Layout(port.size, beats // self.uses if index == self.held else beats)
            for index, port in enumerate(self.ports)
        )


def _port(source: Node, lanes: int) -> Node:
    return Input(name=source.name, inputs=(), shape=(lanes,), result=source.result)


@singledispatch
def holding(node: Node, sources: Sequence[Node]) -> Holding | None:
    """How a node is built by holding beats of a source; None where that is not how."""
    return None


@holding.register
def _(node: Merge, sources: Sequence[Node]) -> Holding | None:
    sizes, output = [source.size for source in sources], by_place(node.shape)
    held = int(np.argmin(sizes))
    if sizes[0] == sizes[1] or output.lanes % sizes[held] or output.beats == 1:
        return None
    lanes = [sizes[held] if index == held else output.lanes for index in range(2)]
    ports = tuple(_port(source, each) for source, each in zip(sources, lanes, strict=True))
    return Holding(replace(node, shape=(output.lanes,)), ports, held, output.beats, output)


@holding.register
def _(node: Broadcast, sources: Sequence[Node]) -> Holding | None:
    (source,) = sources
    output, places = by_place(node.shape), source.shape[:-1]
    repeated = [mine != theirs for mine, theirs in zip(places, node.shape, strict=False)]
    first = repeated.index(True) if any(repeated) else len(repeated)
    if output.beats == 1 or any(length != 1 for length in places[first:]):
        return None  # beats would come again after others
    beat = replace(node, shape=(output.lanes,))
    return Holding(beat, (_port(source, source.shape[-1]),), 0, output.beats // prod(places), output)


def _found(node: Node, place: Place) -> Holding | None:
    return holding(node, [source.node for source in place.sources])


@plan.register(Broadcast)
@plan.register(Merge)
def _(node: Broadcast | Merge, place: Place) -> Plan:
    found = _found(node, place)
    if found is None:
        return plan_unrolled(node, place)
    check_logic_exists(found.beat, found.ports)
    return Plan(found.inputs, found.output)


@build.register(Broadcast)
@build.register(Merge)
def _(node: Broadcast | Merge, place: Place) -> Unit:
    found = _found(node, place)
    if found is None:
        return build_unrolled(node, place)
    made = logic_module(f"{place.module}_logic", found.beat, found.ports, place.options)
    widths = [port.size * port.result.width for port in found.ports]
    words = [f"in{index}_data" if index != found.held else "now" for index in range(len(widths))]
    connected = "".join(f", .x{index}({word})" for index, word in enumerate(words))
    body = [
        *_hold(found.held, widths[found.held], found.uses),
        *_handshake(len(widths), found.held, made.latency),
        f"{made.name} arithmetic (.clk(clk), .ce(ce){connected}, .y(out_data));",
    ]
    beats = found.output.beats
    takes = np.ones((beats, len(widths)), dtype=bool)
    takes[:, found.held] = np.arange(beats) % found.uses == 0
    behaviour = Behaviour(
        takes,
        np.ones(beats, dtype=bool),
        np.ones(beats, dtype=np.int64),
        made.latency,
        slots=max(made.latency, 1),
    )
    text = module(place.module, widths, found.output.lanes * node.result.width, body)
    files = {f"{place.module}.v": text + "\n" + made.text}
    return Unit(place.module, found.inputs, found.output, behaviour, files, stages=made.stages)


def _hold(held: int, bits: int, uses: int) -> list[str]:
    """The beat that counts `now`: one that comes, or the one that is kept since it came."""
    count = max((uses - 1).bit_length(), 1)
    return [
        "wire ce, step;",
        f"reg [{count - 1}:0] at;",
        f"wire first = at == {count}'d0;",
        f"reg [{bits - 1}:0] kept;",
        f"wire [{bits - 1}:0] now = first ? in{held}_data : kept;",
        "always @(posedge clk)",
        f"    if (rst) at <= {count}'d0;",
        f"    else if (step) at <= at == {count}'d{uses - 1} ? {count}'d0 : at + 1'b1;",
        f"always @(posedge clk) if (step & first) kept <= in{held}_data;",
    ]


def _handshake(inputs: int, held: int, latency: int) -> list[str]:
    """A pipeline's, but for the beats that are held."""
    there = [f"in{index}_valid" if index != held else f"(~first | in{index}_valid)" for index in range(inputs)]
    lines = [f"wire comes = {' & '.join(there)};", "assign step = ce & comes;"]
    for index in range(inputs):
        others = "".join(f" & {there[other]}" for other in range(inputs) if other != index)
        lines.append(f"assign in{index}_ready = ce{' & first' if index == held else ''}{others};")
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
