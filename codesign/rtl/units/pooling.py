"""Pooling: windows from line buffers; those that do not overlap are joined pixel by pixel as they come instead."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import Any

import numpy as np

from codesign.errors import UnsupportedLayerError
from codesign.graph import (
    Activation,
    ActivationFunction,
    FixedPoint,
    Input,
    Node,
    Overflow,
    Pooling,
    PoolingArithmetic,
    PoolingKind,
)
from codesign.rtl.family import TIMING
from codesign.rtl.logic import check_logic_exists, node_logic
from codesign.rtl.logic.pooling import JoinedNumbers, MarkedWindow, MeanOfSums, casts_first, marks_port, one_window
from codesign.rtl.logic.self_check import check_answers, samples
from codesign.rtl.node_module import NodeModule, node_module
from codesign.rtl.stream import Layout, Unit
from codesign.rtl.units.base import Options, Place, Plan, build, plan, prefers_places
from codesign.rtl.units.running import can_run, in_one_clock, running
from codesign.rtl.units.unrolled import logic_module
from codesign.rtl.units.windowed import windowed
from codesign.rtl.windows import Axis, Windows, image_axes
from codesign.simulate import Operand, run_node
from codesign.simulate.kernels.pooling import lowest_word, overlaps

# A window of more numbers would be an image of its own in registers.
_LARGEST_WINDOW = 1 << 12


@dataclass(frozen=True)
class _Images:
    """A pooling as one over images whose pixels come one a beat.

    Attributes:
        node: the operation.
        source: what it reads.
        count: images in a sample; a channel each where channels come first.
        channels: of an image.
    """

    node: Pooling
    source: Node

    @property
    def count(self) -> int:
        return self.source.shape[0] if self.node.channels_first else 1

    @property
    def channels(self) -> int:
        return 1 if self.node.channels_first else self.source.shape[-1]

    @property
    def lengths(self) -> tuple[int, ...]:
        return self.node.lengths(self.source.shape)

    @property
    def counts(self) -> tuple[int, ...]:
        """Windows along each axis."""
        node = self.node
        ends = zip(self.lengths, node.before, node.after, node.covered, node.stride, strict=True)
        return tuple((length + before + after - size) // step + 1 for length, before, after, size, step in ends)

    @property
    def axes(self) -> tuple[Axis, Axis]:
        node = self.node
        each = zip(self.lengths, node.covered, node.stride, node.before, self.counts, strict=True)
        return image_axes(tuple(Axis(*one) for one in each))

    @property
    def inputs(self) -> Layout:
        return Layout(self.channels, self.count * prod(self.lengths))

    @property
    def output(self) -> Layout:
        return Layout(self.channels, self.count * prod(self.counts))

    @property
    def runs(self) -> bool:
        """Whether the numbers of windows may be joined as they come."""
        node = self.node
        if not can_run(self.axes) or any(node.before + node.after):
            return False
        if node.kind is PoolingKind.MAX:
            return True
        if node.arithmetic is PoolingArithmetic.CHANNELS_FIRST:
            return False
        return node.arithmetic is not PoolingArithmetic.STREAM or node.accumulator.overflow is Overflow.WRAP

    @property
    def overlaps(self) -> tuple[int, ...]:
        """How many numbers of a window may be no padding, where a mean depends on it; one count elsewhere."""
        if self.node.kind is PoolingKind.MAX or self.node.count_padding:
            return (prod(self.node.covered),)
        return tuple(int(count) for count in np.unique(overlaps(self.node, self.source.shape)))


def _images(node: Pooling, source: Node) -> _Images:
    if len(node.window) > 2:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: pools over {len(node.window)} axes; the RTL flow pools sequences and images"
        )
    return _Images(node, source)


def _port(source: Node, shape: tuple[int, ...], type_: FixedPoint | None = None) -> Node:
    return Input(name=source.name, inputs=(), shape=shape, result=type_ or source.result)


@prefers_places.register
def _(node: Pooling) -> bool:
    return not node.channels_first


@plan.register
def _(node: Pooling, place: Place) -> Plan:
    source = place.sources[0].node
    images = _images(node, source)
    if not images.runs and prod(node.covered) * images.channels > _LARGEST_WINDOW:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: windows of {node.covered} with {images.channels} channels; the RTL flow holds at "
            f"most {_LARGEST_WINDOW} numbers of a window. Pool in two steps, or over the whole image"
        )
    _check(images)
    return Plan((images.inputs,), images.output)


def _check(images: _Images) -> None:
    """Refuse what no logic computes exactly."""
    one, shape = one_window(images.node, images.channels)
    if not images.runs:
        check_logic_exists(one, [_port(images.source, shape)])
        return
    for node, ports in _run(images):
        check_logic_exists(node, ports)


@build.register
def _(node: Pooling, place: Place) -> Unit:
    images = _images(node, place.sources[0].node)
    return _running(images, place) if images.runs else _windowed(images, place)


def _windowed(images: _Images, place: Place) -> Unit:
    node, source = images.node, images.source
    rows, columns = images.axes
    one, shape = one_window(node, images.channels)
    name, bits = f"{place.module}_logic", images.channels * source.result.width
    marked = images.overlaps != (prod(node.covered),)
    if marked:
        logic = _marked_logic(name, images, place.options)
        windows = Windows(rows, columns, bits + 1)
    else:
        logic = logic_module(name, one, (_port(source, shape),), place.options)
        windows = Windows(rows, columns, bits, _cell(images) if any(node.before + node.after) else 0)
    return windowed(
        place.module,
        windows,
        logic,
        images.inputs,
        images.output,
        node.result.width,
        images=images.count,
        marked=marked,
    )


def _cell(images: _Images) -> int:
    """What a pixel of padding holds."""
    if images.node.kind is PoolingKind.AVERAGE:
        return 0
    type_ = images.source.result
    word = lowest_word(type_) & ((1 << type_.width) - 1)
    return sum(word << (channel * type_.width) for channel in range(images.channels))


def _marked_logic(name: str, images: _Images, options: Options) -> NodeModule:
    """The logic of a window some of whose numbers are padding, checked with each number of rows and columns of it."""
    one, shape = one_window(images.node, images.channels)
    port, marks = _port(images.source, shape), marks_port(images.node)
    traced = MarkedWindow(
        name=one.name,
        inputs=(port.name, marks.name),
        shape=one.shape,
        result=one.result,
        pooling=one,
        counts=images.overlaps,
    )
    logic = node_logic(traced, (port, marks), ternary_adders=TIMING[options.family].ternary_adders)
    for ends in product(*(_ends(axis) for axis in images.axes[-len(shape) + 1 :])):
        before, after = zip(*ends, strict=True)
        inside = tuple(
            slice(start, size - stop) for start, size, stop in zip(before, images.node.covered, after, strict=True)
        )
        window: tuple[slice, ...] = (slice(None), *inside, slice(None))
        if images.node.channels_first:
            window = (slice(None), slice(None), *inside)
        padded = replace(one, before=before, after=after)
        values = samples(port.result, port.size, 0)
        numbers, marked = np.zeros((values.shape[0], *shape), dtype=np.int64), np.zeros(images.node.covered)
        real = values.reshape(numbers.shape)[window]
        numbers[window] = real
        marked[inside] = 1
        given = np.concatenate(
            [numbers.reshape(values.shape), np.broadcast_to(marked.ravel(), (values.shape[0], marked.size))], axis=1
        )
        check_answers(images.node, logic, given, run_node(padded, [Operand(real, port.result)]))
    return node_module(name, traced, (port, marks), logic, options.cut)


def _ends(axis: Axis) -> set[tuple[int, int]]:
    """How much of a window is padding before and behind the image, for all windows along an axis."""
    starts = [index * axis.stride - axis.before for index in range(axis.count)]
    return {(max(-start, 0), max(start + axis.kernel - axis.length, 0)) for start in starts}


def _run(images: _Images) -> tuple[tuple[Node, tuple[Node, ...]], ...]:
    """What a beat becomes, how it is joined with those before, what the last sum becomes: nodes and their ports."""
    node, source, channels = images.node, images.source, (images.channels,)
    largest, early = node.kind is PoolingKind.MAX, casts_first(node)
    entering = node.accumulator if early else source.result
    kept = source.result if largest and not early else node.accumulator
    common: dict[str, Any] = {"name": node.name, "inputs": node.inputs, "shape": channels}
    cast = Activation(**common, result=entering, function=ActivationFunction.LINEAR)
    join = JoinedNumbers(**common, result=kept, kind=node.kind)
    total = Input(name="total", inputs=(), shape=channels, result=kept)
    one, shape = one_window(node, images.channels)
    finish: Node = MeanOfSums(**common, result=node.result, pooling=one)
    last = _port(source, channels, kept)
    if largest:
        ones = (1,) * len(node.window)
        finish, shape = one_window(replace(node, window=ones, stride=ones), images.channels)
        last = _port(source, shape, kept)
    return (
        (cast, (_port(source, channels),)),
        (join, (total, _port(source, channels, entering))),
        (finish, (last,)),
    )


def _running(images: _Images, place: Place) -> Unit:
    cast, join, finish = _run(images)
    name, options = place.module, place.options
    kept = join[0].result
    first = kept.min_int if images.node.kind is PoolingKind.MAX else 0
    word = first & ((1 << kept.width) - 1)
    types = (images.source.result, cast[0].result, kept, images.node.result)
    return running(
        name,
        logic_module(f"{name}_entry", *cast, options),
        in_one_clock(f"{name}_step", *join, options),
        logic_module(f"{name}_finish", *finish, options),
        sum(word << (channel * kept.width) for channel in range(images.channels)),
        [images.channels * type_.width for type_ in types],
        images.axes,
        images.inputs,
        images.output,
    )
