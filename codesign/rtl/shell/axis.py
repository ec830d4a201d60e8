"""AXI4-Stream ports: one for each input and output, packed into bytes or into a bus of a given width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from codesign.graph import Graph, Node
from codesign.rtl.facing import Facing, slot_of
from codesign.rtl.manifest import Bus
from codesign.rtl.parts import Channel, Part, behaviour, instance, instantiation
from codesign.rtl.shell.base import Events, Shell
from codesign.rtl.shell.names import port_names
from codesign.rtl.shell.recut import cut, recut
from codesign.rtl.stream import Behaviour, Layout, every_beat
from codesign.rtl.top_module import CLOCK, RESET

if TYPE_CHECKING:  # it needs alkaid
    from codesign.rtl.network import Network

# Frames that may be on their way beside those that a design holds by its latency, before the next one waits.
_SPARE_FRAMES = 4
_FAULT_FRAMES = 1024


@dataclass(frozen=True)
class AxisPort:
    """One AXI4-Stream port.

    Attributes:
        name: that its signals begin with.
        node: whose numbers it carries.
        layout: of the bus; its last beat may be partly empty.
        slot: bits from one number to the next.
        tdata: bits of TDATA.
    """

    name: str
    node: Node
    layout: Layout
    slot: int
    tdata: int

    @property
    def tail(self) -> int:
        """Numbers in a frame's last beat."""
        return self.node.size - (self.layout.beats - 1) * self.layout.lanes

    @property
    def keeps(self) -> bool:
        """Whether TKEEP is needed: bytes of the last beat hold no number."""
        return self.tail * self.slot <= self.tdata - 8

    @property
    def parameters(self) -> str:
        """What both directions' modules take."""
        sizes = {
            "TDATA": self.tdata,
            "LANES": self.layout.lanes,
            "BITS": self.node.result.width,
            "SLOT": self.slot,
            "BEATS": self.layout.beats,
            "TAIL": self.tail,
        }
        return ", ".join(f".{name}({value})" for name, value in sizes.items())

    def bus(self, *, user: str = "") -> Bus:
        """As the manifest describes it."""
        node = self.node
        return Bus(
            node=node.name,
            signal=f"{self.name}_tdata",
            shape=tuple(int(length) for length in node.shape),
            bits=node.result.width,
            signed=node.result.signed,
            type=str(node.result),
            lanes=self.layout.lanes,
            beats=self.layout.beats,
            slot=self.slot,
            valid=f"{self.name}_tvalid",
            ready=f"{self.name}_tready",
            last=f"{self.name}_tlast",
            keep=f"{self.name}_tkeep" if self.keeps else "",
            user=user,
        )


def _port(name: str, node: Node, layout: Layout, width: int | None) -> AxisPort:
    bits = node.result.width
    if width is None:
        return AxisPort(name, node, layout, bits, -(-layout.lanes * bits // 8) * 8)
    slot = slot_of(bits)
    lanes = min(width // slot, node.size)
    return AxisPort(name, node, cut(node.size, lanes), slot, width)


@dataclass(frozen=True, eq=False)
class AxisIn(Part):
    """A port that takes samples.

    Attributes:
        port: that it is.
    """

    port: AxisPort


@dataclass(frozen=True, eq=False)
class AxisOut(Part):
    """A port that gives answers.

    Attributes:
        port: that it is.
        fault: an expression, with a frame's last beat: what is answered was faulty.
    """

    port: AxisPort
    fault: str


@behaviour.register(AxisIn)
@behaviour.register(AxisOut)
def _(part: Part) -> Behaviour:
    return replace(every_beat(1, part.reads[0].layout.beats, 1), slots=2, freezes=False)


@instance.register
def _(part: AxisIn) -> tuple[str, str]:
    return f"cs_axis_in #({part.port.parameters})", "cs_axis_in.sv"


@instance.register
def _(part: AxisOut) -> tuple[str, str]:
    signed = int(part.port.node.result.signed)
    return f"cs_axis_out #({part.port.parameters}, .SIGNED({signed}))", "cs_axis_out.sv"


def _stream(port: AxisPort, keep: str) -> str:
    ends = ("tdata", "tlast", "tvalid", "tready")
    return ", ".join([f".{CLOCK}({CLOCK}), .{RESET}({RESET})", *(f".{end}({port.name}_{end})" for end in ends), keep])


@instantiation.register
def _(part: AxisIn) -> str:
    port, name = part.port, part.gives[0].name
    keep = f".tkeep({port.name}_tkeep)" if port.keeps else f".tkeep({{{port.tdata // 8}{{1'b1}}}})"
    out = ", ".join(f".out_{end}({name}_{end})" for end in ("data", "valid", "ready"))
    told = ", ".join(f".{end}(fault_{end}_{port.name})" for end in ("hold", "last", "fault"))
    return f"{instance(part)[0]} {part.name} ({_stream(port, keep)}, {out}, {told});"


@instantiation.register
def _(part: AxisOut) -> str:
    port, name = part.port, part.reads[0].name
    keep = f".tkeep({port.name}_tkeep)" if port.keeps else ".tkeep()"
    into = ", ".join(f".in0_{end}({name}_{end})" for end in ("data", "valid", "ready"))
    told = f".tuser({port.name}_tuser), .last(fault_last_{port.name}), .fault({part.fault})"
    return f"{instance(part)[0]} {part.name} ({_stream(port, keep)}, {into}, {told});"


def _declarations(port: AxisPort, into: str, back: str) -> list[str]:
    lines = [f"{into} wire [{port.tdata - 1}:0] {port.name}_tdata", f"{into} wire {port.name}_tlast"]
    if port.keeps:
        lines.append(f"{into} wire [{port.tdata // 8 - 1}:0] {port.name}_tkeep")
    return [*lines, f"{into} wire {port.name}_tvalid", f"{back} wire {port.name}_tready"]


def _reached(graph: Graph) -> dict[str, frozenset[str]]:
    """By node, the inputs that it depends on."""
    found: dict[str, frozenset[str]] = {}
    for node in graph:
        own = () if node.inputs else (node.name,)
        found[node.name] = frozenset(own).union(*(found[name] for name in node.inputs))
    return found


def _tracker(into: AxisPort, out: AxisPort, frames: int) -> str:
    """The line that remembers an input's faulty frames for an output."""
    pair = f"{into.name}_{out.name}"
    return (
        f"cs_axis_fault #(.DEPTH_BITS({max(frames - 1, 1).bit_length()})) i_fault_{pair} (.{CLOCK}({CLOCK}), "
        f".{RESET}({RESET}), .in_last(fault_last_{into.name}), .in_fault(fault_fault_{into.name}), "
        f".full(fault_full_{pair}), .out_last(fault_last_{out.name}), .out_fault(fault_of_{pair}));"
    )


def _any(flags: list[str]) -> str:
    return " | ".join(flags) or "1'b0"


def _ports(prefix: str, nodes: Sequence[Node], channels: Sequence[Channel], width: int | None) -> list[AxisPort]:
    names = port_names([node.name for node in nodes], set())
    return [
        _port(f"{prefix}_{name}", node, channel.layout, width)
        for name, node, channel in zip(names, nodes, channels, strict=True)
    ]


def _outside(port: AxisPort) -> Channel:
    return Channel(port.name, port.layout, port.node.result.width)


def _front(sources: Sequence[AxisPort], core: Network) -> list[Part]:
    """What stands before the core."""
    parts: list[Part] = []
    for port, channel in zip(sources, core.inputs, strict=True):
        same = port.layout == channel.layout
        guarded = channel if same else Channel(f"{channel.name}_in", port.layout, channel.bits)
        parts.append(AxisIn(f"i_{port.name}", (_outside(port),), (guarded,), port))
        if not same:
            parts += recut(guarded, channel, port.node.size)
    return parts


def _back(sinks: Sequence[AxisPort], core: Network, faults: Sequence[str]) -> list[Part]:
    """What stands behind it."""
    parts: list[Part] = []
    for port, end, fault in zip(sinks, core.ends, faults, strict=True):
        cut_anew = Channel(f"{end.name}_out", port.layout, end.bits)
        steps = recut(end, cut_anew, port.node.size)
        last = cut_anew if steps else end
        parts += [*steps, AxisOut(f"i_{port.name}", (last,), (_outside(port),), port, fault)]
    return parts


def axis(graph: Graph, core: Network, facing: Facing, frames: int) -> tuple[Shell, Events]:
    """Ports `s_axis_<node>_…` and `m_axis_<node>_…`, with `aclk` and `aresetn`.

    Args:
        graph: the design.
        core: what it computes with.
        facing: the width of the ports.
        frames: that the design holds by its latency.
    """
    sources = _ports("s_axis", graph.input_nodes, core.inputs, facing.axis_width)
    sinks = _ports("m_axis", graph.output_nodes, core.ends, facing.axis_width)
    reached = _reached(graph)
    pairs = [(into, out) for out in sinks for into in sources if into.node.name in reached[out.node.name]]
    faults = [_any([f"fault_of_{into.name}_{out.name}" for into, out in pairs if out is port]) for port in sinks]
    front, back = _front(sources, core), _back(sinks, core, faults)
    ends = tuple(_outside(port) for port in sinks)
    before = [f"wire {CLOCK} = aclk;", f"wire {RESET} = ~aresetn;"]
    before += [f"wire fault_last_{p.name}, fault_fault_{p.name}, fault_hold_{p.name};" for p in sources]
    before += [f"wire fault_last_{port.name};" for port in sinks]
    before += [f"wire fault_full_{into.name}_{out.name}, fault_of_{into.name}_{out.name};" for into, out in pairs]
    behind = [_tracker(into, out, min(frames + _SPARE_FRAMES, _FAULT_FRAMES)) for into, out in pairs]
    for port in sources:
        full = _any([f"fault_full_{into.name}_{out.name}" for into, out in pairs if into is port])
        behind.append(f"assign fault_hold_{port.name} = {full};")
    ports = ["input wire aclk", "input wire aresetn"]
    for port in sources:
        ports += _declarations(port, "input", "output")
    for port in sinks:
        ports += [*_declarations(port, "output", "input"), f"output wire {port.name}_tuser"]
    shell = Shell(
        replace(
            core,
            parts=(*front, *core.parts, *back),
            inputs=tuple(_outside(port) for port in sources),
            outputs=ends,
            ends=ends,
        ),
        tuple(ports),
        tuple(before),
        tuple(behind),
        tuple(port.bus() for port in sources),
        tuple(port.bus(user=f"{port.name}_tuser") for port in sinks),
        "aclk",
        "aresetn",
        reset_low=True,
        templates=("cs_axis_fault.sv", "cs_slice.sv"),
    )
    return shell, Events(
        f"fault_last_{sources[0].name}",
        f"fault_last_{sinks[0].name}",
        _any([f"({port.name}_tvalid & ~{port.name}_tready)" for port in sinks]),
        tuple(f"(fault_last_{port.name} & fault_fault_{port.name})" for port in sources),
    )
