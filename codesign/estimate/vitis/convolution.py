"""Convolutions: a matrix product for every window, and what brings the windows to it.

io_parallel: a loop over the windows, each taken out of the whole source by multiplexers, into registers of the whole
result. io_stream: a loop over the numbers of the source with padding, which shift through line buffers.
"""

from __future__ import annotations

import math

import numpy as np

from codesign.estimate.conditions import Conditions
from codesign.estimate.vitis import fabric
from codesign.estimate.vitis.fabric import Cost
from codesign.estimate.vitis.families import FAMILY_OF, finished
from codesign.estimate.vitis.matrix import Matrix, MatrixModule, channel_modules, matrix_module
from codesign.estimate.vitis.module import Module, module
from codesign.estimate.vitis.streams import (
    LINE_NS,
    line_buffer,
    loop_cycles,
    pieces,
    process,
    streams,
    window_call,
    window_counters,
)
from codesign.graph import Convolution, DepthwiseConvolution, Node

AnyConvolution = Convolution | DepthwiseConvolution

_AROUND = 2
"""Clocks of a window beyond those of its product: read and write."""
_SERIAL = 3
"""Clocks around the loop over the reuse factor, where windows do not overlap."""
_PIPELINED = ("latency", "distributed_arithmetic")


@module.register(Convolution)
@module.register(DepthwiseConvolution)
def _convolution(node: AnyConvolution, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    source, reuse = sources[0], conditions.reuse.get(node.name, node.reuse_factor)
    one = window_product(node, source, conditions)
    if streams(conditions):
        # Depthwise windows and those of one number are computed inside the loop, others by a function that it calls.
        called = isinstance(node, Convolution) and math.prod(node.kernel) > 1
        return _stream(node, source, one, conditions, reuse, called=called)
    return _parallel(node, source, one, reuse)


def window_product(node: AnyConvolution, source: Node, conditions: Conditions) -> MatrixModule:
    """The product of one window and the weights.

    Raises:
        UnsupportedLayerError: there is no model of its strategy.
    """
    flat = node.weight.reshape(-1, node.weight.shape[-1])
    matrix = Matrix(
        node,
        source.result,
        flat,
        node.weight_type,
        node.bias,
        node.bias_type,
        node.accumulator,
        node.result,
        node.strategy,
        conditions.reuse.get(node.name, node.reuse_factor),
        node.product,
        node.exponent_width,
    )
    if isinstance(node, DepthwiseConvolution):
        return channel_modules(matrix, flat.shape[0], conditions)
    return matrix_module(matrix, conditions)


def _parallel(node: AnyConvolution, source: Node, one: MatrixModule, reuse: int) -> Module:
    """The loop over windows (hls4ml's partitions, one window each)."""
    windows, width = math.prod(node.shape[:-1]), source.result.width
    cells = math.prod(node.kernel) * source.shape[-1]
    gather = fabric.multiplex(windows, width).times(cells) + fabric.registers(cells, width)
    kept = fabric.held(node.size, node.result.width)
    if reuse == 1 or node.strategy in _PIPELINED:
        latency = loop_cycles(windows, reuse, one.latency + _AROUND)
    else:
        latency = windows * (one.latency + _SERIAL) + 1
    return finished(FAMILY_OF[type(node)], one.cost + gather + kept + process(windows), latency, latency + 1)


def _stream(
    node: AnyConvolution, source: Node, one: MatrixModule, conditions: Conditions, reuse: int, *, called: bool
) -> Module:
    """The loop over the source: padding is a layer of its own before it, so its numbers pass through here."""
    width, channels, axes = source.result.width, source.shape[-1], len(node.kernel)
    lengths = np.add(np.add(source.shape[:-1], node.padding_before), node.padding_after)
    trips = int(np.prod(lengths))
    if math.prod(node.kernel) == 1:  # hls4ml has a function without any buffer for it
        cost = one.cost + process(trips)
    else:
        terms = math.prod(node.kernel) * (channels if called else 1)
        arithmetic = fabric.product_delay(1) + fabric.add_delay(math.ceil(math.log2(terms)))
        copied = called and fabric.stages(LINE_NS + arithmetic, conditions) > 0
        cost = one.cost + line_buffer(node.kernel, channels, width, copied=copied)
        cost += window_counters(axes, called=called) + (window_call() if called else process(trips))
    if reuse > 1 and node.strategy not in _PIPELINED:
        latency = trips * (one.latency + _SERIAL) + 1
        return finished(FAMILY_OF[type(node)], cost + padding_stage(node, source), latency, latency + 1)
    latency = stream_cycles(trips, one.latency, reuse, called=called)
    return finished(FAMILY_OF[type(node)], cost + padding_stage(node, source), latency, latency + 1)


def stream_cycles(trips: int, product_latency: int, reuse: int, *, called: bool) -> int:
    """Latency of a convolution that streams.

    Where windows are computed by a function of its own, which keeps its counters between calls, the next one starts
    when it has written them.

    Args:
        trips: pieces that pass, with padding.
        product_latency: clocks of one window's product.
        reuse: times that one multiplier is used for a window.
        called: windows are computed by a function of its own.
    """
    if called:
        return loop_cycles(trips, max(reuse, product_latency + _AROUND), max(2, product_latency + 1) + 2)
    return loop_cycles(trips, reuse, product_latency + _AROUND)


def padding_stage(node: AnyConvolution, source: Node) -> Cost:
    """The layer that hls4ml inserts before a stream that is padded."""
    if not any(node.padding_before + node.padding_after):
        return Cost()
    return padding_cost(len(node.kernel), source.shape[-1] * source.result.width)


def padding_cost(axes: int, piece_bits: int) -> Cost:
    """What a process that puts zeros around a stream takes: two short loops and a long one.

    Args:
        axes: that are padded, 1 or 2.
        piece_bits: of the stream.
    """
    return Cost(lut=219.0 * axes, ff=28.0 * axes + piece_bits)


def padding_cycles(shape: tuple[int, ...]) -> int:
    """Clocks of such a process: every piece of its result, and the starts of its loops."""
    return pieces(shape) + _PADDING_STARTS


_PADDING_STARTS = 13
