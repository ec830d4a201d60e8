"""The top module: nodes in a chain or a tree, results that wait for slower ones, and valid flags beside the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from codesign.graph import Graph, Input, Node
from codesign.rtl.manifest import Bus
from codesign.rtl.names import input_port, output_port, wire_name

if TYPE_CHECKING:  # it needs alkaid, which reading a manifest must not
    from codesign.rtl.node_module import NodeModule

CLOCK, RESET, IN_VALID, OUT_VALID = "clk", "rst", "in_valid", "out_valid"


@dataclass(frozen=True)
class TopModule:
    """The text of the top module and what its buses carry.

    Attributes:
        text: Verilog.
        latency: clock edges from a sample taken in to its outputs found.
        inputs: ports, in order of the Graph.
        outputs: ports, in order of the Graph.
        layers: every node's wire, in order of the Graph.
    """

    text: str
    latency: int
    inputs: tuple[Bus, ...]
    outputs: tuple[Bus, ...]
    layers: tuple[Bus, ...]


@dataclass
class _Body:
    """Lines of the module, and the delayed copies of its wires."""

    lines: list[str] = field(default_factory=list)
    delayed: dict[tuple[str, int], str] = field(default_factory=dict)

    def delay(self, wire: str, width: int, cycles: int) -> str:
        """The name of `wire` that many clock edges later."""
        if cycles == 0:
            return wire
        key = (wire, cycles)
        if key not in self.delayed:
            before = self.delay(wire, width, cycles - 1)
            self.delayed[key] = f"{wire}_d{cycles}"
            self.lines += [
                f"reg [{width - 1}:0] {wire}_d{cycles};",
                f"always @(posedge {CLOCK}) {wire}_d{cycles} <= {before};",
            ]
        return self.delayed[key]


def _bus(node: Node, signal: str, offset: int, module: str = "") -> Bus:
    return Bus(
        node=node.name,
        signal=signal,
        shape=tuple(int(length) for length in node.shape),
        elements=node.size,
        bits=node.result.width,
        signed=node.result.signed,
        type=str(node.result),
        offset=offset,
        module=module,
    )


def top_module(name: str, graph: Graph, modules: Mapping[str, NodeModule]) -> TopModule:
    """The top module of a design.

    Args:
        name: of the module.
        graph: the design.
        modules: by node name. An Input's samples are registered before its module.
    """
    body = _Body()
    inputs: list[Bus] = []
    layers: dict[str, Bus] = {}
    for index, node in enumerate(graph):
        wire = wire_name(index, node.name)
        if isinstance(node, Input):
            port = _bus(node, input_port(len(inputs), node.name), 0)
            inputs.append(port)
            start = 1
            feed = f"{wire}_in"
            body.lines += [
                f"reg [{port.width - 1}:0] {feed};",
                f"always @(posedge {CLOCK}) {feed} <= {port.signal};",
            ]
        else:
            before = layers[node.inputs[0]]
            start, feed = before.offset, before.signal
        module = modules[node.name]
        bus = _bus(node, wire, start + module.latency, module.name)
        layers[node.name] = bus
        body.lines += [
            f"wire [{bus.width - 1}:0] {wire};",
            f"{module.name} i_{module.name} (.clk({CLOCK}), .ce(1'b1), .x0({feed}), .y({wire}));",
        ]
    latency = max(layers[output].offset for output in graph.outputs)
    outputs = []
    for index, node in enumerate(graph.output_nodes):
        port = _bus(node, output_port(index, node.name), latency)
        bus = layers[node.name]
        late = body.delay(bus.signal, bus.width, latency - bus.offset)
        body.lines.append(f"assign {port.signal} = {late};")
        outputs.append(port)
    shifted = f"{{valid[{latency - 2}:0], {IN_VALID}}}" if latency > 1 else IN_VALID
    body.lines += [
        f"reg [{latency - 1}:0] valid;",
        f"always @(posedge {CLOCK}) valid <= {RESET} ? {latency}'d0 : {shifted};",
        f"assign {OUT_VALID} = valid[{latency - 1}];",
    ]
    ports = [
        f"input wire {CLOCK}",
        f"input wire {RESET}",
        f"input wire {IN_VALID}",
        *(f"input wire [{bus.width - 1}:0] {bus.signal}" for bus in inputs),
        f"output wire {OUT_VALID}",
        *(f"output wire [{bus.width - 1}:0] {bus.signal}" for bus in outputs),
    ]
    text = f"module {name} (\n    " + ",\n    ".join(ports) + "\n);\n"
    text += "".join(f"    {line}\n" for line in body.lines) + "endmodule\n"
    return TopModule(text, latency, tuple(inputs), tuple(outputs), tuple(layers.values()))
