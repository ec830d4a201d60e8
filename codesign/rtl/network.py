"""A Graph's units joined by channels: forked where several read one result, cut anew where beats differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import gcd

from codesign.graph import Graph, Input, Node
from codesign.rtl.names import input_port, module_name, output_port, wire_name
from codesign.rtl.parts import Channel, Fifo, Fork, Gather, Part, Scatter, UnitPart
from codesign.rtl.stream import Layout, Unit, by_place, whole
from codesign.rtl.units import Options, Place, Plan, Source, build, plan, prefers_places


@dataclass(frozen=True)
class Planned:
    """A node with where its unit stands and what it will be like.

    Attributes:
        node: the operation.
        place: of its unit.
        plan: of its unit.
    """

    node: Node
    place: Place
    plan: Plan


@dataclass(frozen=True)
class Network:
    """A design as parts and channels.

    Attributes:
        parts: each after those whose channels it reads.
        inputs: channels that come from outside, in order of the Graph.
        outputs: channels that go outside, in order of the Graph.
        results: by node, the channel that its unit gives.
        joins: by name of a channel that is read together with another one, and may need a FIFO, its beats in a sample.
        ends: the channels behind `outputs`, in their order.
    """

    parts: tuple[Part, ...]
    inputs: tuple[Channel, ...]
    outputs: tuple[Channel, ...]
    results: Mapping[str, Channel]
    joins: Mapping[str, int]
    ends: tuple[Channel, ...]


def plan_units(graph: Graph, options: Options) -> tuple[Planned, ...]:
    """What every node's unit will be like, in order of the Graph.

    Raises:
        UnsupportedLayerError: a layer cannot be built.
    """
    places = any(prefers_places(node) for node in graph)
    layouts: dict[str, Layout] = {}
    spreads: dict[str, int] = {}
    found = []
    for index, node in enumerate(graph):
        if isinstance(node, Input):
            sources: tuple[Source, ...] = (Source(node, by_place(node.shape) if places else whole(node.shape)),)
        else:
            sources = tuple(Source(graph[name], layouts[name], spreads[name]) for name in node.inputs)
        place = Place(module_name(index, node.name), sources, options)
        planned = plan(node, place)
        layouts[node.name] = planned.output
        spreads[node.name] = planned.spread or max(source.spread for source in sources)
        found.append(Planned(node, place, planned))
    return tuple(found)


def build_units(planned: tuple[Planned, ...], make: Callable[[Node, Place], Unit] = build) -> dict[str, Unit]:
    """Every node's unit, by node name.

    Args:
        planned: from `plan_units`.
        make: makes a unit.

    Raises:
        UnsupportedLayerError: something inside one is too wide to be held exactly.
    """
    return {item.node.name: make(item.node, item.place) for item in planned}


@dataclass
class _Wiring:
    """Parts as they are put down."""

    fifos: Mapping[str, int]
    parts: list[Part] = field(default_factory=list)

    def cut(self, channel: Channel, layout: Layout) -> Channel:
        """The channel's numbers in another layout."""
        common = gcd(channel.layout.lanes, layout.lanes)
        for kind, lanes in ((Scatter, common), (Gather, layout.lanes)):
            if lanes != channel.layout.lanes:
                size = channel.layout.size
                name = f"{channel.name}_{'s' if kind is Scatter else 'g'}{lanes}"
                after = Channel(name, Layout(lanes, size // lanes), channel.bits)
                self.parts.append(kind(f"i_{name}", (channel,), (after,)))
                channel = after
        return channel

    def end_ready(self, channel: Channel) -> Channel:
        """The channel behind the smallest FIFO that loses no clock, whose ready depends on nothing behind it."""
        after = Channel(f"{channel.name}_r", channel.layout, channel.bits)
        self.parts.append(Fifo(f"i_{after.name}", (channel,), (after,), 2))
        return after

    def buffer(self, channel: Channel, key: str) -> Channel:
        """The channel behind a FIFO, where one is asked for."""
        depth = self.fifos.get(key, 0)
        if depth == 0:
            return channel
        after = Channel(f"{channel.name}_fifo", channel.layout, channel.bits)
        self.parts.append(Fifo(f"i_{after.name}", (channel,), (after,), depth))
        return after


def connect(
    graph: Graph, units: Mapping[str, Unit], fifos: Mapping[str, int], *, in_a_row: int | None = None
) -> Network:
    """The design's parts.

    Args:
        graph: the design.
        units: by node name.
        fifos: by name of the channel that is buffered, the depth; those of `Network.joins` may be.
        in_a_row: units that a ready signal may pass within a clock; behind as many, a FIFO ends its way. Any number
            where None.
    """
    readers: dict[str, list[str]] = {node.name: [] for node in graph}
    for node in graph:
        for position, name in enumerate(node.inputs):
            readers[name].append(f"{node.name}.{position}")
    for index, name in enumerate(graph.outputs):
        readers[name].append(f"output.{index}")
    wiring = _Wiring(fifos)
    ends: dict[str, Channel] = {}
    inputs: list[Channel] = []
    results: dict[str, Channel] = {}
    joins: dict[str, int] = {}
    passed: dict[str, int] = {}
    for index, node in enumerate(graph):
        unit = units[node.name]
        if isinstance(node, Input):
            port = Channel(input_port(len(inputs), node.name), unit.inputs[0], node.result.width)
            inputs.append(port)
            reads: list[Channel] = [port]
        else:
            reads = []
            for position, layout in enumerate(unit.inputs):
                channel = wiring.cut(ends[f"{node.name}.{position}"], layout)
                if len(unit.inputs) > 1:
                    joins[channel.name] = channel.layout.beats
                    channel = wiring.buffer(channel, channel.name)
                reads.append(channel)
        result = Channel(wire_name(index, node.name), unit.output, node.result.width)
        results[node.name] = result
        wiring.parts.append(UnitPart(f"i_{unit.module}", tuple(reads), (result,), unit))
        named = readers[node.name]
        passed[node.name] = 1 + max((passed[name] for name in node.inputs), default=0)
        if in_a_row is not None and passed[node.name] > in_a_row and named:
            result = wiring.end_ready(result)
            passed[node.name] = 0
        if len(named) == 1:
            ends[named[0]] = result
        elif named:
            branches = tuple(
                Channel(f"{result.name}_f{number}", result.layout, result.bits) for number in range(len(named))
            )
            wiring.parts.append(Fork(f"i_{result.name}_fork", (result,), branches))
            ends.update(zip(named, branches, strict=True))
    last = tuple(ends[f"output.{index}"] for index in range(len(graph.outputs)))
    outputs = tuple(
        Channel(output_port(index, node.name), end.layout, end.bits)
        for index, (node, end) in enumerate(zip(graph.output_nodes, last, strict=True))
    )
    return Network(tuple(wiring.parts), tuple(inputs), outputs, results, joins, last)
