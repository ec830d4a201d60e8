"""Layers that move numbers: wires between layers in io_parallel, buffers and loops in io_stream."""

from __future__ import annotations

from codesign.estimate.conditions import Conditions
from codesign.estimate.vitis import fabric
from codesign.estimate.vitis.convolution import padding_cost, padding_cycles
from codesign.estimate.vitis.families import LayerFamily, finished
from codesign.estimate.vitis.module import Module, module
from codesign.estimate.vitis.streams import loop_cycles, pieces, process, repacks, streams
from codesign.graph import (
    Cropping,
    Node,
    ReadTimeStep,
    Reshape,
    Resize,
    Transpose,
    WriteTimeStep,
    ZeroPadding,
)


def _wires(node: Node, sources: tuple[Node, ...], family: LayerFamily) -> Module | None:
    """A module of casts, or none where nothing is cast."""
    casts = fabric.cast(sources[0].result, node.result).times(node.size)
    return finished(family, casts, 0, 1) if casts.lut else None


@module.register
def _(node: ZeroPadding, sources: tuple[Node, ...], conditions: Conditions) -> Module | None:
    if not streams(conditions):
        return _wires(node, sources, LayerFamily.PADDING)
    source = sources[0]
    axes = min(2, max(1, len(node.shape) - 1))
    cast = fabric.cast(source.result, node.result).times(node.shape[-1])
    cycles = padding_cycles(node.shape)
    cost = padding_cost(axes, source.shape[-1] * source.result.width) + cast
    return finished(LayerFamily.PADDING, cost, cycles, cycles + 1)


@module.register
def _(node: Cropping, sources: tuple[Node, ...], conditions: Conditions) -> Module | None:
    if not streams(conditions):
        return _wires(node, sources, LayerFamily.MOVEMENT)
    trips = pieces(sources[0].shape)
    cycles = loop_cycles(trips, 1, 2)
    inside = fabric.compare(16).times(2 * max(1, len(node.shape) - 1))
    cast = fabric.cast(sources[0].result, node.result).times(node.shape[-1])
    return finished(LayerFamily.MOVEMENT, process(trips) + inside + cast, cycles, cycles + 1)


@module.register
def _(node: Transpose, sources: tuple[Node, ...], conditions: Conditions) -> Module | None:
    if not streams(conditions):
        return _wires(node, sources, LayerFamily.MOVEMENT)
    source = sources[0]
    before, after, width = pieces(source.shape), pieces(node.shape), source.result.width
    cost = fabric.held(node.size, width) + fabric.multiplex(after, width).times(node.shape[-1])
    cost += process(before) + process(after) + fabric.cast(source.result, node.result).times(node.shape[-1])
    cycles = loop_cycles(before, 1, 2) + loop_cycles(after, 1, 2) + 1
    return finished(LayerFamily.MOVEMENT, cost, cycles, cycles + 1)


@module.register
def _(node: Resize, sources: tuple[Node, ...], conditions: Conditions) -> Module | None:
    if not streams(conditions):
        return None
    columns, channels = node.image[1], node.image[2]
    width = sources[0].result.width
    row = fabric.held(columns * channels, width) + fabric.multiplex(columns, width).times(channels)
    cycles = pieces(node.shape) + columns * node.image[0] + 2 * node.image[0]
    return finished(LayerFamily.MOVEMENT, row + process(cycles), cycles, cycles + 1)


@module.register
def _(node: Reshape, sources: tuple[Node, ...], conditions: Conditions) -> Module | None:
    source = sources[0]
    if not streams(conditions) or not repacks(node, source):
        return None
    width, before, after = node.result.width, source.shape[-1], node.shape[-1]
    lanes = max(before, after)
    cost = fabric.held(lanes, width) + fabric.multiplex(max(1, lanes // min(before, after)), width).times(after)
    trips = max(pieces(source.shape), pieces(node.shape))
    cycles = loop_cycles(trips, 1, 2)
    return finished(LayerFamily.MOVEMENT, cost + process(trips), cycles, cycles + 1)


@module.register
def _(node: ReadTimeStep, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    width, steps = node.result.width, node.n_time_steps
    if streams(conditions):
        cycles = loop_cycles(pieces(node.shape), 1, 2)
        return finished(LayerFamily.MOVEMENT, process(pieces(node.shape)), cycles, cycles + 1)
    step = fabric.multiplex(steps, width).times(node.size) + fabric.registers(node.size, width)
    return finished(LayerFamily.MOVEMENT, step, 1, 1)


@module.register
def _(node: WriteTimeStep, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    step = sources[0]
    if streams(conditions):
        cycles = loop_cycles(pieces(step.shape), 1, 2)
        return finished(LayerFamily.MOVEMENT, process(pieces(step.shape)), cycles, cycles + 1)
    return finished(LayerFamily.MOVEMENT, fabric.held(node.size, node.result.width), 1, 1)
