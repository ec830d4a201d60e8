"""Padding, cropping, resizing and transposing of tensors that come place by place."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np

from codesign.graph import Activation, ActivationFunction, Cropping, Input, Node, Resize, Transpose, ZeroPadding
from codesign.rtl.logic import check_logic_exists
from codesign.rtl.stream import Behaviour, Layout, Unit, by_place
from codesign.rtl.units.base import Place, Plan, build, plan, prefers_places
from codesign.rtl.units.text import module
from codesign.rtl.units.unrolled import build_unrolled, logic_module, plan_unrolled
from codesign.rtl.units.windowed import pipeline_behind, windowed
from codesign.rtl.windows import Axis, Windows, image_axes

# Bits of a tensor that are gathered and rewired at once, rather than written into a memory.
_WIRED_BITS = 1024


@prefers_places.register(ZeroPadding)
@prefers_places.register(Cropping)
@prefers_places.register(Resize)
def _(node: Node) -> bool:
    return len(node.shape) > 1


def _comes_by_places(place: Place) -> bool:
    return place.sources[0].layout.beats > 1


# Padding and cropping.


def _streams(node: ZeroPadding | Cropping, place: Place) -> bool:
    return _comes_by_places(place) and len(node.shape) in (2, 3)


def _one_place(node: ZeroPadding | Cropping, source: Node) -> tuple[Node, Node]:
    """The node on one place, whose channels alone it pads or crops; and the port that it reads."""
    ones = (1,) * (len(node.shape) - 1)
    none = (0,) * len(ones)
    one = replace(node, shape=(*ones, node.shape[-1]), before=(*none, node.before[-1]), after=(*none, node.after[-1]))
    return one, Input(name=source.name, inputs=(), shape=(*ones, source.shape[-1]), result=source.result)


@plan.register(ZeroPadding)
@plan.register(Cropping)
def _(node: ZeroPadding | Cropping, place: Place) -> Plan:
    if not _streams(node, place):
        return plan_unrolled(node, place)
    one, port = _one_place(node, place.sources[0].node)
    check_logic_exists(one, [port])
    return Plan((by_place(place.sources[0].node.shape),), by_place(node.shape))


@build.register(ZeroPadding)
@build.register(Cropping)
def _(node: ZeroPadding | Cropping, place: Place) -> Unit:
    if not _streams(node, place):
        return build_unrolled(node, place)
    source = place.sources[0].node
    one, port = _one_place(node, source)
    sign = 1 if isinstance(node, ZeroPadding) else -1
    each = zip(source.shape[:-1], node.before[:-1], node.shape[:-1], strict=True)
    rows, columns = image_axes(tuple(Axis(length, 1, 1, sign * before, count) for length, before, count in each))
    windows = Windows(rows, columns, source.shape[-1] * source.result.width)
    logic = logic_module(f"{place.module}_logic", one, (port,), place.options)
    return windowed(place.module, windows, logic, by_place(source.shape), by_place(node.shape), node.result.width)


# Resizing.


def _ascends(node: Resize) -> bool:
    return bool(np.all(np.diff(node.rows) >= 0)) and bool(np.all(np.diff(node.columns) >= 0))


def _resizes_by_places(node: Resize, place: Place) -> bool:
    return _comes_by_places(place) and _ascends(node)


@plan.register
def _(node: Resize, place: Place) -> Plan:
    if not _resizes_by_places(node, place):
        return plan_unrolled(node, place)
    height, width, channels = node.image
    return Plan((Layout(channels, height * width),), Layout(channels, len(node.rows) * len(node.columns)))


@build.register
def _(node: Resize, place: Place) -> Unit:
    if not _resizes_by_places(node, place):
        return build_unrolled(node, place)
    height, width, channels = node.image
    bits = channels * node.result.width
    rows, columns = (np.bincount(taken, minlength=n) for taken, n in ((node.rows, height), (node.columns, width)))
    parameters: dict[str, object] = {"BITS": bits, "HEIGHT": height, "WIDTH": width, "REPEATS": int(rows.max() > 1)}
    for axis, copies in (("ROW", rows), ("COL", columns)):
        last = np.maximum(copies, 1) - 1
        size = max(int(last.max()).bit_length(), 1)
        word = sum(int(value) << (index * size) for index, value in enumerate(last))
        gives = sum(int(value > 0) << index for index, value in enumerate(copies))
        parameters[f"{axis}_BITS"] = size
        parameters[f"{axis}S_ALIKE"] = int(np.all(copies == copies[0]))
        parameters[f"{axis}_LAST"] = f"{copies.size * size}'h{word:x}"
        parameters[f"{axis}_GIVES"] = f"{copies.size}'h{gives:x}"
    takes, given = [], []
    for row in rows:
        for again in range(max(row, 1)):
            for column in columns:
                for copy in range(max(column, 1)):
                    takes.append(again == 0 and copy == 0)
                    given.append(row > 0 and column > 0)
    behaviour = Behaviour(
        np.array(takes, dtype=bool)[:, None], np.array(given, dtype=bool), np.ones(len(takes), dtype=np.int64), 1
    )
    return _from_template(place.module, "cs_resize", parameters, bits, plan(node, place), behaviour)


def _from_template(
    name: str, template: str, parameters: dict[str, object], bits: int, planned: Plan, behaviour: Behaviour
) -> Unit:
    """A unit that is a template with a unit's ports, whose beats have `bits` on both sides."""
    given = ", ".join(f".{key}({value})" for key, value in parameters.items())
    ports = ["clk", "rst"]
    ports += [f"{port}_{end}" for port in ("in0", "out") for end in ("data", "valid", "ready")]
    connected = ", ".join(f".{port}({port})" for port in ports)
    text = module(name, [bits], bits, [f"{template} #({given}) moved ({connected});"])
    return Unit(name, planned.inputs, planned.output, behaviour, {f"{name}.v": text}, (f"{template}.sv",))


# Transposing.


def _loops(node: Transpose, source: Node) -> tuple[int, list[tuple[int, int]]]:
    """Numbers that stay together, and the loops over such words in the order of the result: (turns, step in words)."""
    strides = [prod(source.shape[axis + 1 :]) for axis in range(len(source.shape))]
    loops: list[tuple[int, int]] = []
    for axis in node.axes:
        length, stride = source.shape[axis], strides[axis]
        if length == 1:
            continue
        if loops and loops[-1][1] == length * stride:
            loops[-1] = (loops[-1][0] * length, stride)
        else:
            loops.append((length, stride))
    if not loops:
        return 1, []
    word = loops.pop()[0] if loops[-1][1] == 1 else 1
    return word, [(turns, stride // word) for turns, stride in loops]


def _as_wires(node: Transpose, place: Place) -> Node | None:
    """What it is where it needs no memory: a cast of beats as they come, or wires between whole tensors."""
    source = place.sources[0].node
    _, loops = _loops(node, source)
    if not loops:
        return Activation(
            name=node.name,
            inputs=node.inputs,
            shape=node.shape,
            result=node.result,
            function=ActivationFunction.LINEAR,
        )
    bits = node.size * max(source.result.width, node.result.width)
    return node if not _comes_by_places(place) or bits <= _WIRED_BITS or len(loops) > 3 else None


@plan.register
def _(node: Transpose, place: Place) -> Plan:
    wires = _as_wires(node, place)
    if wires is not None:
        return plan_unrolled(wires, place)
    word, _ = _loops(node, place.sources[0].node)
    layout = Layout(word, node.size // word)
    cast, port = _cast(node, place.sources[0].node, word)
    check_logic_exists(cast, [port])
    return Plan((layout,), layout)


def _cast(node: Transpose, source: Node, word: int) -> tuple[Node, Node]:
    """The cast of a word, and what it reads."""
    cast = Activation(
        name=node.name,
        inputs=node.inputs,
        shape=(word,),
        result=node.result,
        function=ActivationFunction.LINEAR,
    )
    return cast, Input(name=source.name, inputs=(), shape=(word,), result=source.result)


@build.register
def _(node: Transpose, place: Place) -> Unit:
    wires = _as_wires(node, place)
    if wires is not None:
        return build_unrolled(wires, place)
    source = place.sources[0].node
    word, loops = _loops(node, source)
    cast, port = _cast(node, source, word)
    logic = logic_module(f"{place.module}_logic", cast, (port,), place.options)
    bits = word * source.result.width
    loops = [(1, 0)] * (3 - len(loops)) + loops
    back, steps = 0, []
    for turns, stride in reversed(loops):
        steps.append(stride - back)
        back += (turns - 1) * stride
    words = node.size // word
    parameters = {"BITS": bits, "WORDS": words}
    for index, ((turns, _), step) in enumerate(zip(loops, reversed(steps), strict=True)):
        parameters[f"COUNT_{index}"] = turns
        parameters[f"STEP_{index}"] = step
    given = ", ".join(f".{key}({value})" for key, value in parameters.items())
    body = [
        "wire ce;",
        f"wire [{bits - 1}:0] word;",
        "wire full;",
        f"cs_frame #({given}) frame (",
        "    .clk(clk), .rst(rst), .ce(ce), .in_data(in0_data), .in_valid(in0_valid), .in_ready(in0_ready),",
        "    .word(word), .valid(full)",
        ");",
        f"{logic.name} arithmetic (.clk(clk), .ce(ce), .x0(word), .y(out_data));",
        *pipeline_behind("full", logic.latency),
    ]
    text = module(place.module, [bits], word * node.result.width, body)
    given_words = np.arange(2 * words) >= words
    latency = logic.latency + 1
    behaviour = Behaviour(
        ~given_words[:, None], given_words, np.ones(2 * words, dtype=np.int64), latency, slots=latency
    )
    layout = Layout(word, words)
    files = {f"{place.module}.v": text + "\n" + logic.text}
    return Unit(place.module, (layout,), layout, behaviour, files, ("cs_frame.sv",), logic.stages)
