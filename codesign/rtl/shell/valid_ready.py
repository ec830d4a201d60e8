"""The core's own streams as the ports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codesign.graph import Graph
from codesign.rtl.facing import Facing
from codesign.rtl.parts import Channel
from codesign.rtl.shell.base import Events, Shell
from codesign.rtl.top_module import CLOCK, RESET, bus

if TYPE_CHECKING:  # it needs alkaid
    from codesign.rtl.network import Network


def _port(channel: Channel, into: str, back: str) -> tuple[str, ...]:
    return (
        f"{into} wire [{channel.width - 1}:0] {channel.name}_data",
        f"{into} wire {channel.name}_valid",
        f"{back} wire {channel.name}_ready",
    )


def _counter(way: str, channel: Channel) -> str:
    return (
        f"cs_frame_end #(.BEATS({channel.layout.beats})) i_frame_{way} (.{CLOCK}({CLOCK}), .{RESET}({RESET}), "
        f".beat({channel.name}_valid & {channel.name}_ready), .last(frame_{way}));"
    )


def valid_ready(graph: Graph, core: Network, facing: Facing) -> tuple[Shell, Events]:
    """Ports `x<i>_<node>_…` and `y<i>_<node>_…`, data, valid and ready, as the core has them."""
    ports = [f"input wire {CLOCK}", f"input wire {RESET}"]
    for channel in core.inputs:
        ports += _port(channel, "input", "output")
    for channel in core.outputs:
        ports += _port(channel, "output", "input")
    behind = []
    for port, end in zip(core.outputs, core.ends, strict=True):
        behind += [
            f"assign {port.name}_data = {end.name}_data;",
            f"assign {port.name}_valid = {end.name}_valid;",
            f"assign {end.name}_ready = {port.name}_ready;",
        ]
    into, out = core.inputs[0], core.outputs[0]
    if facing.axi_lite:
        behind += [_counter("in", into), _counter("out", out)]
    shell = Shell(
        core,
        tuple(ports),
        ("wire frame_in, frame_out;",) if facing.axi_lite else (),
        tuple(behind),
        tuple(bus(node, channel) for node, channel in zip(graph.input_nodes, core.inputs, strict=True)),
        tuple(bus(node, channel) for node, channel in zip(graph.output_nodes, core.outputs, strict=True)),
        CLOCK,
        RESET,
        templates=("cs_frame_end.sv",) if facing.axi_lite else (),
    )
    stalled = " | ".join(f"({channel.name}_valid & ~{channel.name}_ready)" for channel in core.outputs)
    return shell, Events("frame_in", "frame_out", stalled)
