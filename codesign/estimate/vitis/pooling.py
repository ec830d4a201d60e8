"""Pooling: the largest or the mean number of each window."""

from __future__ import annotations

import math

import numpy as np

from codesign.estimate.conditions import Conditions
from codesign.estimate.vitis import fabric
from codesign.estimate.vitis.fabric import Cost
from codesign.estimate.vitis.families import LayerFamily, finished
from codesign.estimate.vitis.module import Module, module
from codesign.estimate.vitis.streams import LINE_NS, line_buffer, loop_cycles, pieces, process, streams, window_counters
from codesign.graph import Node, Pooling, PoolingArithmetic, PoolingKind

_DEPTH = 2
"""Clocks that a window takes beyond its arithmetic: read and write."""


@module.register
def _(node: Pooling, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    if streams(conditions):
        return _stream(node, sources[0], conditions)
    cost, latency = Cost(), 0
    for real, padded, count in _windows(node, sources[0].shape):
        one, cycles = _window(node, real, padded, sources[0].result.width, conditions)
        cost, latency = cost + one.times(count), max(latency, cycles)
    waiting = fabric.registers(latency * node.size, node.accumulator.width)
    cost += waiting + fabric.ports(sources)
    return finished(LayerFamily.POOLING, cost, latency, conditions.reuse.get(node.name, 1))


def _windows(node: Pooling, shape: tuple[int, ...]) -> list[tuple[int, int, int]]:
    """How many windows have how many numbers of the source and cells of padding, over all channels."""
    reals = np.ones(1, dtype=np.int64)
    for length, size, stride, before, after in zip(
        node.lengths(shape), node.covered, node.stride, node.before, node.after, strict=True
    ):
        starts = np.arange(0, length + before + after - size + 1, stride) - before
        covered = np.minimum(starts + size, length) - np.maximum(starts, 0)
        reals = np.multiply.outer(reals, np.maximum(covered, 0)).ravel()
    channels = shape[0] if node.channels_first else shape[-1]
    values, counts = np.unique(reals, return_counts=True)
    total = math.prod(node.covered)
    return [(int(v), total - int(v), int(c) * channels) for v, c in zip(values, counts, strict=True)]


def _window(node: Pooling, real: int, padded: int, width: int, conditions: Conditions) -> tuple[Cost, int]:
    """What one window takes, and its clocks."""
    accumulator = node.accumulator.width
    cast = fabric.cast(node.accumulator, node.result)
    if node.kind is PoolingKind.MAX:
        steps = real + padded - 1
        cost = (fabric.compare(width) + fabric.choose(width)).times(steps) + cast
        return cost, fabric.stages(fabric.choose_delay(steps), conditions)
    cost = fabric.add_all(real, accumulator) + cast
    latency = fabric.stages(fabric.add_delay(math.ceil(math.log2(max(1, real)))), conditions)
    divisor = real + padded if node.count_padding else real
    if divisor & (divisor - 1):
        cost, latency = cost + fabric.divider(accumulator), latency + fabric.divider_cycles(accumulator)
    return cost, latency


def _stream(node: Pooling, source: Node, conditions: Conditions) -> Module:
    channels, width = source.shape[-1], source.result.width
    size = math.prod(node.window)
    one, cycles = _window(node, size, 0, width, conditions)
    trips = pieces(source.shape)
    written = fabric.registers(channels, node.result.width)
    waiting = fabric.registers(cycles * channels, node.accumulator.width)
    if node.arithmetic is PoolingArithmetic.RUNNING:  # global: one running number a channel, and no window
        step, _ = _window(node, 2, 0, width, conditions)
        running = fabric.registers(channels, node.accumulator.width)
        cost = step.times(channels) + running + written + process(trips)
        latency = loop_cycles(trips, 1, _DEPTH) + cycles
        return finished(LayerFamily.POOLING, cost, latency, latency + 1)
    stages = fabric.stages(LINE_NS + fabric.choose_delay(size - 1), conditions)
    cost = one.times(channels) + line_buffer(node.window, channels, width, copied=stages > 0) + written + waiting
    cost += window_counters(len(node.window), called=False)
    latency = loop_cycles(trips, 1, _DEPTH + max(stages, cycles))
    return finished(LayerFamily.POOLING, cost, latency, latency + 1)
