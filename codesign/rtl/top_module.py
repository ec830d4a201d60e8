"""The core module: units and what lies between them, with valid/ready streams at its border."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from codesign.graph import Graph, Node
from codesign.rtl.manifest import Bus
from codesign.rtl.network import Network
from codesign.rtl.parts import Channel, Part, instance
from codesign.rtl.stream import Unit

CLOCK, RESET = "clk", "rst"


@dataclass(frozen=True)
class TopModule:
    """The text of the core module and what its streams carry.

    Attributes:
        text: Verilog.
        inputs: ports, in order of the Graph.
        outputs: ports, in order of the Graph.
        layers: every node's channel, in order of the Graph.
    """

    text: str
    inputs: tuple[Bus, ...]
    outputs: tuple[Bus, ...]
    layers: tuple[Bus, ...]


def bus(node: Node, channel: Channel, module: str = "") -> Bus:
    """What a channel with a node's result carries."""
    return Bus(
        node=node.name,
        signal=f"{channel.name}_data",
        shape=tuple(int(length) for length in node.shape),
        bits=node.result.width,
        signed=node.result.signed,
        type=str(node.result),
        lanes=channel.layout.lanes,
        beats=channel.layout.beats,
        slot=node.result.width,
        valid=f"{channel.name}_valid",
        ready=f"{channel.name}_ready",
        module=module,
    )


def _wires(channel: Channel) -> list[str]:
    return [f"wire [{channel.width - 1}:0] {channel.name}_data;", f"wire {channel.name}_valid, {channel.name}_ready;"]


def _connections(part: Part) -> list[str]:
    found = [f".{CLOCK}({CLOCK})", f".{RESET}({RESET})"]
    for index, channel in enumerate(part.reads):
        found += [f".in{index}_{end}({channel.name}_{end})" for end in ("data", "valid", "ready")]
    for end in ("data", "valid", "ready"):
        names = [f"{channel.name}_{end}" for channel in part.gives]
        found.append(f".out_{end}({names[0] if len(names) == 1 else '{' + ', '.join(reversed(names)) + '}'})")
    return found


def top_module(name: str, graph: Graph, network: Network, units: Mapping[str, Unit]) -> TopModule:
    """The core module of a design.

    Args:
        name: of the module.
        graph: the design.
        network: its parts.
        units: by node name.
    """
    lines: list[str] = []
    read = {channel.name for part in network.parts for channel in part.reads}
    for part in network.parts:
        for channel in part.gives:
            lines += _wires(channel)
        lines.append(f"{instance(part)[0]} {part.name} (" + ", ".join(_connections(part)) + ");")
    for port, end in zip(network.outputs, network.ends, strict=True):
        lines += [
            f"assign {port.name}_data = {end.name}_data;",
            f"assign {port.name}_valid = {end.name}_valid;",
            f"assign {end.name}_ready = {port.name}_ready;",
        ]
    leaving = read | {end.name for end in network.ends}
    for part in network.parts:
        lines += [f"assign {channel.name}_ready = 1'b1;" for channel in part.gives if channel.name not in leaving]
    ports = [f"input wire {CLOCK}", f"input wire {RESET}"]
    for channels, into, back in ((network.inputs, "input", "output"), (network.outputs, "output", "input")):
        for channel in channels:
            ports += [
                f"{into} wire [{channel.width - 1}:0] {channel.name}_data",
                f"{into} wire {channel.name}_valid",
                f"{back} wire {channel.name}_ready",
            ]
    text = f"module {name} (\n    " + ",\n    ".join(ports) + "\n);\n"
    text += "".join(f"    {line}\n" for line in lines) + "endmodule\n"
    return TopModule(
        text,
        tuple(bus(node, channel) for node, channel in zip(graph.input_nodes, network.inputs, strict=True)),
        tuple(bus(node, channel) for node, channel in zip(graph.output_nodes, network.outputs, strict=True)),
        tuple(bus(node, network.results[node.name], units[node.name].module) for node in graph),
    )
