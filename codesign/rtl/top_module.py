"""The top module: units and what lies between them, behind the ports of a protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codesign.graph import Graph, Node
from codesign.rtl.manifest import Bus
from codesign.rtl.parts import Channel, instantiation
from codesign.rtl.stream import Unit

if TYPE_CHECKING:  # it needs alkaid
    from codesign.rtl.shell import Shell

CLOCK, RESET = "clk", "rst"


@dataclass(frozen=True)
class TopModule:
    """The text of the top module and what lies inside.

    Attributes:
        text: Verilog.
        layers: every node's channel, in order of the Graph.
    """

    text: str
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


def top_module(name: str, graph: Graph, shell: Shell, units: Mapping[str, Unit]) -> TopModule:
    """The top module of a design.

    Args:
        name: of the module.
        graph: the design.
        shell: its ports and parts.
        units: by node name.
    """
    network = shell.network
    lines = list(shell.before)
    outside = {channel.name for channel in network.outputs}
    for part in network.parts:
        for channel in part.gives:
            if channel.name not in outside:
                lines += _wires(channel)
        lines.append(instantiation(part))
    lines += shell.behind
    leaving = {channel.name for part in network.parts for channel in part.reads}
    leaving |= {channel.name for channel in (*network.outputs, *network.ends)}
    for part in network.parts:
        lines += [f"assign {channel.name}_ready = 1'b1;" for channel in part.gives if channel.name not in leaving]
    text = f"module {name} (\n    " + ",\n    ".join(shell.ports) + "\n);\n"
    text += "".join(f"    {line}\n" for line in lines) + "endmodule\n"
    layers = tuple(
        bus(node, network.results[node.name], units[node.name].module) for node in graph if graph.runs(node) == 1
    )
    return TopModule(text, layers)
