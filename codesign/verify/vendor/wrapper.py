"""A module around a design that gives any of them plain ports, and the `Dut` that describes these."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from codesign.verify.vendor.header import Direction, Port
from codesign.verify.vendor.match import Lanes, Match
from codesign.verify.vendor.roles import Roles
from rtl_sim.interface import Control, Dut, Protocol, Stream

NAME = "codesign_checked"
DONE = "ap_done"
_OURS = "codesign_"
_ZERO = "1'b0"
_PLAIN = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class Piece:
    """A stream of the wrapper and the numbers of a Graph node that it carries.

    Attributes:
        node: of the Graph.
        stream: name of the stream; the design's own name of the port, where it is a plain one.
        first: number of the frame in its lane 0.
        step: from the number in lane 0 of one beat to that of the next.
        lanes: numbers in a beat.
        beats: in a frame.
        width: bits of the design's port.
        slot: bits from one lane to the next in the design's port.
    """

    node: str
    stream: str
    first: int
    step: int
    lanes: int
    beats: int
    width: int
    slot: int


@dataclass(frozen=True)
class Wrapped:
    """A design behind plain ports.

    Attributes:
        dut: the wrapper.
        protocol: of the design; the wrapper of streams has plain valid and ready, without padding.
        text: its Verilog.
        inputs: what each stream carries in.
        outputs: what each stream carries out.
    """

    dut: Dut
    protocol: Protocol
    text: str
    inputs: tuple[Piece, ...]
    outputs: tuple[Piece, ...]


class _Builder:
    """Collects the wrapper's ports, its wires, and the connections of the design inside."""

    def __init__(self, roles: Roles, ports: Sequence[Port]) -> None:
        self.roles = roles
        self.widths = {port.name: port.width for port in ports}
        self.ports: list[str] = []
        self.body: list[str] = []
        self.connections: dict[str, str] = {}

    def port(self, direction: str, width: int, name: str) -> str:
        """A port of the wrapper; by the design's own name, where Verilog takes it as it stands."""
        plain = name if _PLAIN.fullmatch(name) else f"{_OURS}port{len(self.ports)}"
        self.ports.append(f"{direction} wire {f'[{width - 1}:0] ' if width > 1 else ''}{plain}")
        return plain

    def passed(self, direction: str, name: str) -> str:
        """A bit that the wrapper hands through; '' where the design has none."""
        if not name:
            return ""
        if name in self.connections:  # one flag for several data ports
            return self.connections[name]
        self.connections[name] = self.port(direction, self.widths[name], name)
        return self.connections[name]

    def _placed(self, lanes: Lanes, bits: int, signed: bool, name: str) -> str:
        """The design's word from packed numbers: each in its slot with its sign continued, zeros above."""
        parts = []
        above = lanes.channel.data.width - lanes.lanes * lanes.slot
        if above:
            parts.append(f"{{{above}{{{_ZERO}}}}}")
        single = lanes.lanes * bits == 1
        for lane in reversed(range(lanes.lanes)):
            low = lane * bits
            if lanes.slot > bits:
                top = name if single else f"{name}[{low + bits - 1}]"
                parts.append(f"{{{lanes.slot - bits}{{{top if signed else _ZERO}}}}}")
            parts.append(name if single else f"{name}[{low + bits - 1}:{low}]")
        return name if lanes.slot == bits and not above else "{" + ", ".join(parts) + "}"

    def _packed(self, lanes: Lanes, bits: int, wire: str) -> str:
        """The numbers in the design's word, without what lies between them."""
        if lanes.channel.data.width == lanes.lanes * bits:
            return wire
        parts = [f"{wire}[{lane * lanes.slot + bits - 1}:{lane * lanes.slot}]" for lane in reversed(range(lanes.lanes))]
        return "{" + ", ".join(parts) + "}"

    def enter(self, match: Match, lanes: Lanes) -> Stream:
        """Connect a channel that data enters by."""
        type_, channel = match.node.result, lanes.channel
        data = self.port("input", lanes.lanes * type_.width, channel.data.name)
        self.connections[channel.data.name] = self._placed(lanes, type_.width, type_.signed, data)
        for one in channel.ones:
            self.connections[one] = f"{{{self.widths[one]}{{1'b1}}}}"
        if self.roles.protocol is Protocol.AP_CTRL_HS:
            if channel.valid:
                self.connections[channel.valid] = "ap_start"
            return self._stream(match, lanes, data, "", "", "")
        valid, ready = self.passed("input", channel.valid), self.passed("output", channel.ready)
        return self._stream(match, lanes, data, valid, ready, self.passed("input", channel.last))

    def leave(self, match: Match, lanes: Lanes) -> Stream:
        """Connect a channel that data leaves by."""
        type_, channel = match.node.result, lanes.channel
        data = self.port("output", lanes.lanes * type_.width, channel.data.name)
        wire = f"{_OURS}word{len(self.body)}"
        self.body.append(f"wire [{channel.data.width - 1}:0] {wire};")
        self.connections[channel.data.name] = wire
        self.body.append(f"assign {data} = {self._packed(lanes, type_.width, wire)};")
        if self.roles.protocol is Protocol.AP_CTRL_HS:
            if channel.ready:
                self.connections[channel.ready] = "1'b1"
            return self._stream(match, lanes, data, self.passed("output", channel.valid) or DONE, "", "")
        valid, ready = self.passed("output", channel.valid), self.passed("input", channel.ready)
        return self._stream(match, lanes, data, valid, ready, self.passed("output", channel.last))

    def _stream(self, match: Match, lanes: Lanes, data: str, valid: str, ready: str, last: str) -> Stream:
        type_ = match.node.result
        flags = (valid,) if valid else ()
        return Stream(
            data, (data,), type_.width, type_.signed, lanes.lanes, lanes.beats, type_.width, flags, ready, last
        )


def _control(builder: _Builder) -> Control:
    """The block-level handshake, and `ap_done` as a stream of its own: its cycles are those of the answers."""
    for direction, name in (("input", "ap_start"), ("output", DONE), ("output", "ap_idle"), ("output", "ap_ready")):
        builder.port(direction, 1, name)
        if name in builder.roles.block:
            builder.connections[name] = name
        else:
            builder.body.append(f"assign {name} = {_ZERO};")
    builder.port("output", 1, f"{_OURS}done")
    builder.body.append(f"assign {_OURS}done = {DONE};")
    return Control()


def _rest(builder: _Builder, ports: Sequence[Port]) -> None:
    """What is left: inputs held at a value, outputs that nothing reads; a started design of streams always works."""
    for port in ports:
        if port.name in builder.connections:
            continue
        if port.direction is Direction.OUTPUT:
            builder.connections[port.name] = ""
        elif port.name in builder.roles.ties:
            builder.connections[port.name] = f"{port.width}'d{builder.roles.ties[port.name]}"
        elif port.name == "ap_start":
            builder.connections[port.name] = "1'b1"


def _name(name: str) -> str:
    """As Verilog takes it: a blank ends an escaped name."""
    return f"{name} " if name.startswith("\\") else name


def wrap(top: str, ports: Sequence[Port], roles: Roles, matches: Sequence[Match], inputs: int) -> Wrapped:
    """Put a design behind plain ports.

    Every output channel becomes a stream of its own, because their valid flags need not rise together.

    Args:
        top: the design's module.
        ports: its ports.
        roles: what they are for.
        matches: what carries the Graph's inputs, then its outputs.
        inputs: how many of these are inputs.
    """
    builder = _Builder(roles, ports)
    clock = builder.passed("input", roles.clock) or builder.port("input", 1, f"{_OURS}clock")
    reset = builder.passed("input", roles.reset)
    started = roles.protocol is Protocol.AP_CTRL_HS
    control = _control(builder) if started else None
    streams: tuple[list[Stream], list[Stream]] = ([], [])
    pieces: tuple[list[Piece], list[Piece]] = ([], [])
    for number, match in enumerate(matches):
        side = int(number >= inputs)
        for lanes in match.pieces:
            stream = (builder.leave if side else builder.enter)(match, lanes)
            streams[side].append(stream)
            places = (lanes.first, lanes.step, lanes.lanes, lanes.beats)
            pieces[side].append(Piece(match.node.name, stream.name, *places, lanes.channel.data.width, lanes.slot))
    if started:
        streams[1].append(Stream(DONE, (f"{_OURS}done",), 1, False, 1, 1, 1, (DONE,)))
    _rest(builder, ports)
    lines = [
        "`timescale 1ns / 1ps",
        f"module {NAME} (",
        "    " + ",\n    ".join(builder.ports),
        ");",
        *builder.body,
        f"{_name(top)} {_OURS}design (",
        ",\n".join(f"    .{_name(name)}({what})" for name, what in builder.connections.items()),
        ");",
        "endmodule",
    ]
    dut = Dut(
        top=NAME,
        protocol=roles.protocol if started else Protocol.VALID_READY,
        clock=clock,
        reset=reset,
        inputs=tuple(streams[0]),
        outputs=tuple(streams[1]),
        reset_low=roles.reset_low,
        control=control,
    )
    return Wrapped(dut, roles.protocol, "\n".join(lines) + "\n", tuple(pieces[0]), tuple(pieces[1]))
