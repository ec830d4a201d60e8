"""Designs whose layers are processes that run side by side: all of io_stream, and those with convolutions.

hls4ml asks for that (`DATAFLOW`) there, and for one pipeline of all layers elsewhere (`top`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from codesign.estimate.conditions import Conditions
from codesign.estimate.vitis import fabric
from codesign.estimate.vitis.fabric import Cost
from codesign.estimate.vitis.families import FAMILY_OF
from codesign.estimate.vitis.matrix import parallel
from codesign.estimate.vitis.module import Module, module
from codesign.estimate.vitis.streams import fifo, loop_cycles, pieces, process, repacks, streams
from codesign.graph import (
    Convolution,
    Dense,
    DepthwiseConvolution,
    Graph,
    Gru,
    Input,
    Lstm,
    Node,
    Reshape,
)

_LOOPING = (Convolution, DepthwiseConvolution, Gru, Lstm)
"""Layers whose loops no pipeline unrolls."""
_CHANNEL = 12
"""LUTs of a channel for one number between processes, beyond its bits."""
_TOP_LUT = 2
"""LUTs that start and end a process, at the top."""
_STARTS = 2
"""Clocks that the top adds to processes one after another."""
_COLLECTED = 3
"""Clocks of a dense layer of a stream beyond its loop over the pieces and its product."""


def is_dataflow(graph: Graph, conditions: Conditions) -> bool:
    """Whether the layers of a design are processes."""
    return streams(conditions) or any(isinstance(node, _LOOPING) for node in graph)


def process_module(node: Node, sources: tuple[Node, ...], conditions: Conditions) -> Module | None:
    """What a node's module takes where tensors pass as streams.

    Layers without a model of their own for that do to each piece what they do to a whole tensor.

    Raises:
        UnsupportedLayerError: there is no model of it.
    """
    if isinstance(node, Dense) and streams(conditions):
        return _dense(node, sources, conditions)
    if type(node) in FAMILY_OF or not streams(conditions) or len(sources) != 1:
        return module(node, sources, conditions)
    trips, lanes = pieces(node.shape), node.shape[-1]
    one = module(replace(node, shape=(lanes,)), (replace(sources[0], shape=(lanes,)),), parallel(conditions))
    row = Module(0.0, 0.0, 0, 0, 0, 1) if one is None else one
    cycles = max(1, row.latency) if trips == 1 else loop_cycles(trips, row.interval, row.latency + 2)
    around = process(trips)
    return replace(row, lut=row.lut + around.lut, ff=row.ff + around.ff, latency=cycles, interval=cycles + 1)


def _dense(node: Dense, sources: tuple[Node, ...], conditions: Conditions) -> Module | None:
    """A dense layer that collects the pieces of a stream first."""
    one = module(node, sources, parallel(conditions))
    if one is None:
        return None
    trips = pieces(sources[0].shape)
    cost = process(trips)
    cycles = max(1, one.latency)
    if trips > 1:
        cost += fabric.registers(sources[0].size, sources[0].result.width)
        cycles = trips + one.latency + _COLLECTED
    return replace(one, lut=one.lut + cost.lut, ff=one.ff + cost.ff, latency=cycles, interval=cycles + 1)


def feeding(graph: Graph, node: Node, conditions: Conditions) -> tuple[Node, ...]:
    """The nodes that really feed a node: a stream that is only flattened keeps its pieces.

    Args:
        graph: that has the node.
        node: the reader.
        conditions: what is asked for.
    """
    return tuple(_origin(graph, source, conditions) for source in graph.sources(node))


def _origin(graph: Graph, node: Node, conditions: Conditions) -> Node:
    while streams(conditions) and isinstance(node, Reshape) and not repacks(node, graph.sources(node)[0]):
        node = graph.sources(node)[0]
    return node


def channels(graph: Graph, conditions: Conditions) -> Cost:
    """What joins the processes of a design: FIFOs of io_stream, else a channel for each number of a result.

    There is one for every reader of a result, and in io_stream as deep as hls4ml makes it. A stream with several
    readers is read by a process that copies it. The ends of the design are ports and none of them; neither is what is
    only flattened.
    """
    total, readers = Cost(), Counter[str]()
    for node in graph:
        if isinstance(node, Reshape) and not (streams(conditions) and repacks(node, graph.sources(node)[0])):
            continue
        for source in feeding(graph, node, conditions):
            readers[source.name] += 1
            if not isinstance(source, Input):
                total += _channel(source, conditions)
    if streams(conditions):
        for name, count in readers.items():
            if count > 1:
                source = graph[name]
                total += process(pieces(source.shape)) + (Cost() if isinstance(source, Input) else fifo_of(source))
    return total


def fifo_of(source: Node) -> Cost:
    """The FIFO that a result of io_stream passes through."""
    return fifo(source.shape[-1] * source.result.width, pieces(source.shape))


def _channel(source: Node, conditions: Conditions) -> Cost:
    if streams(conditions):
        return fifo_of(source)
    width = source.result.width
    return Cost(lut=width + _CHANNEL, ff=width).times(source.size)


def loops(node: Node) -> bool:
    """Whether a node's process works on a stream piece by piece, and so at the same time as its neighbours."""
    return pieces(node.shape) > 1


def dataflow_latency(latencies: list[tuple[int, bool]]) -> int:
    """Latency of processes that stream into each other, as the vendor's report adds it up.

    Loops run side by side: of those only the longest counts, and what has no loop comes on top.

    Args:
        latencies: of each process, with whether it loops.
    """
    if not latencies:
        return 0
    looping = [cycles for cycles, loop in latencies if loop]
    single = [cycles for cycles, loop in latencies if not loop]
    longest = max(cycles for cycles, _ in latencies)
    if longest in looping or not single:
        return longest + sum(single)
    return max(longest + sum(single) - max(single), max(looping, default=0))


def joined_processes(graph: Graph, rows: Mapping[str, Module], conditions: Conditions) -> tuple[Module, Module]:
    """What stands outside the modules, and the whole design; as `top.joined` has it for a pipeline."""
    between = channels(graph, conditions)
    if streams(conditions):
        latency = dataflow_latency([(row.latency, loops(graph[name])) for name, row in rows.items()])
    else:
        latency = _longest(graph, rows) + _STARTS
    interval = max((row.interval for row in rows.values()), default=1)
    outside = Module(between.lut + _TOP_LUT * len(rows), between.ff, 0, between.bram18, latency, interval)
    whole = Module(
        outside.lut + sum(row.lut for row in rows.values()),
        outside.ff + sum(row.ff for row in rows.values()),
        sum(row.dsp for row in rows.values()),
        between.bram18 + sum(row.bram18 for row in rows.values()),
        latency,
        interval,
    )
    return outside, whole


def _longest(graph: Graph, rows: Mapping[str, Module]) -> int:
    """Clocks of the longest chain of processes, each of which waits for those before it."""
    done: dict[str, int] = {}
    for node in graph:
        own = rows[node.name].latency if node.name in rows else 0
        done[node.name] = own + max((done[name] for name in node.inputs), default=0)
    return max(done[name] for name in graph.outputs)
