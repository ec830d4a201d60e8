"""What each port of a design is for, told by its name: clock, reset, block control, and data with its handshake."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from codesign.errors import RtlError
from codesign.verify.vendor.header import Direction, Port
from rtl_sim.interface import Protocol

_CLOCK = re.compile(r"(?:ap_clk|aclk|clk|clock|i_clk|clk_i|clk_\d+|sys_clk|s_axis_aclk|axis_aclk)", re.IGNORECASE)
_RESET = re.compile(
    r"(?:ap_|a|i_|sys_|s_axis_a|axis_a)?(?:rst|reset)(?P<low>_?n|b|_b|_ni)?(?:_i|_\d+)?|ap_arst(?P<low2>_n)?",
    re.IGNORECASE,
)
_BLOCK = ("ap_start", "ap_done", "ap_idle", "ap_ready")
# Inputs that let the design work, whoever wrote it, when they are high.
_ENABLES = re.compile(r"(?:ap_)?(?:ce|continue|clken|clk_en|aclken)(?:_\d+)?", re.IGNORECASE)
# What older hls4ml told of its sizes, beside the data.
_CONSTANT = re.compile(r"const_size_(?:in|out)_\d+(?:_V)?(?:_ap_vld)?")
_MEMORY = re.compile(r"(?P<stem>.+)_(?:address|ce|we|q|d)[01]")
_AXIS = re.compile(
    r"(?P<stem>.+?)_?(?P<part>TDATA|TVALID|TREADY|TLAST|TKEEP|TSTRB|TUSER|TID|TDEST)(?P<tail>_\d+)?", re.IGNORECASE
)
_FLOW = re.compile(r"(?P<stem>.+?)(?:_ap)?_?(?P<part>valid|vld|ready|rdy|ack|last|keep|data|dat)", re.IGNORECASE)
_FLOW_PARTS = {"vld": "valid", "rdy": "ready", "ack": "ready", "dat": "data"}
_HLS_FLAG = re.compile(r"(?P<stem>.+)_ap_(?P<part>vld|ack)")


@dataclass(frozen=True)
class Channel:
    """One data port with what goes with it.

    Attributes:
        stem: its name without what tells its part in a handshake.
        data: the port of the numbers.
        valid: '' where it has none.
        ready: '' where it has none; the acknowledgement of `ap_hs`.
        last: TLAST; '' where it has none.
        ones: further inputs that are high: TKEEP, TSTRB.
    """

    stem: str
    data: Port
    valid: str = ""
    ready: str = ""
    last: str = ""
    ones: tuple[str, ...] = ()


@dataclass(frozen=True)
class Roles:
    """The ports of a design by what they are for.

    Attributes:
        protocol: of the data.
        clock: port; '' where there is none: a started block without registers.
        reset: port; '' where there is none.
        reset_low: the reset is active low.
        block: which of `ap_start`, `ap_done`, `ap_idle`, `ap_ready` it has.
        inputs: channels that data enters by, in order of the header.
        outputs: channels that data leaves by.
        ties: by input port, what it is held at.
    """

    protocol: Protocol
    clock: str
    reset: str
    reset_low: bool
    block: tuple[str, ...]
    inputs: tuple[Channel, ...]
    outputs: tuple[Channel, ...]
    ties: Mapping[str, int] = field(default_factory=dict)


def _one(found: list[Port], what: str, where: str) -> str:
    if len(found) > 1:
        raise RtlError(
            f"{where} has several {what} ports ({', '.join(port.name for port in found)}); "
            f"hold all but one at a value with --tie PORT=VALUE"
        )
    return found[0].name if found else ""


def guess_protocol(ports: Iterable[Port]) -> Protocol:
    """The protocol that the names of a design's ports speak of."""
    names = {port.name for port in ports}
    if any((found := _AXIS.fullmatch(name)) and found["part"].upper() == "TDATA" for name in names):
        return Protocol.AXIS
    return Protocol.AP_CTRL_HS if "ap_start" in names else Protocol.VALID_READY


def _refuse(ports: list[Port], where: str) -> None:
    """Ports that no protocol here can serve."""
    for port in ports:
        if port.direction is Direction.INOUT:
            raise RtlError(
                f"{where}: port {port.name!r} is an inout; wrap the design so that it has inputs and outputs"
            )
        if port.name.startswith("s_axi_") and "awvalid" in port.name.lower():
            raise RtlError(
                f"{where}: port {port.name!r}: its control is an AXI4-Lite register; "
                "synthesise it with ap_ctrl_hs ports (#pragma HLS INTERFACE ap_ctrl_hs port=return)"
            )
        if port.name.startswith("m_axi_"):
            raise RtlError(f"{where}: port {port.name!r}: it reads memory over AXI; only data ports can be driven")
    names = {port.name for port in ports}
    for name in sorted(names):
        memory = _MEMORY.fullmatch(name)
        if memory is not None and f"{memory['stem']}_address0" in names:
            raise RtlError(
                f"{where}: port {name!r}: {memory['stem']!r} is an outside memory (weights or an array); "
                "keep it inside (partitioned arrays, weights in ROMs), or wrap the design together with the memory"
            )


def _axis(ports: list[Port]) -> tuple[dict[str, dict[str, Port]], list[Port]]:
    groups: dict[str, dict[str, Port]] = {}
    rest = []
    for port in ports:
        found = _AXIS.fullmatch(port.name)
        if found is None:
            rest.append(port)
        else:
            groups.setdefault(found["stem"] + (found["tail"] or ""), {})[found["part"].upper()] = port
    return groups, rest


def _axis_channels(ports: list[Port], where: str) -> tuple[list[Channel], list[Port], dict[str, int]]:
    groups, rest = _axis(ports)
    channels, ties = list[Channel](), dict[str, int]()
    for stem, parts in groups.items():
        lacking = [name for name in ("TDATA", "TVALID") if name not in parts]
        if lacking:
            raise RtlError(
                f"{where}: stream {stem!r} has {', '.join(p.name for p in parts.values())}, but no {lacking[0]}"
            )
        data = parts["TDATA"]
        entering = data.direction is Direction.INPUT
        ones = [parts[name].name for name in ("TKEEP", "TSTRB") if name in parts and entering]
        if entering:
            ties |= {parts[name].name: 0 for name in ("TUSER", "TID", "TDEST") if name in parts}
        names = {key: parts[key].name if key in parts else "" for key in ("TVALID", "TREADY", "TLAST")}
        channels.append(Channel(stem, data, names["TVALID"], names["TREADY"], names["TLAST"], tuple(ones)))
    return channels, rest, ties


def _hls_channels(ports: list[Port]) -> list[Channel]:
    """Plain ports, with `_ap_vld` and `_ap_ack` where they have them."""
    names = {port.name for port in ports}
    flags: dict[str, dict[str, str]] = {}
    data = []
    for port in ports:
        found = _HLS_FLAG.fullmatch(port.name)
        if found is not None and found["stem"] in names and port.width == 1:
            flags.setdefault(found["stem"], {})[found["part"]] = port.name
        else:
            data.append(port)
    return [
        Channel(port.name, port, flags.get(port.name, {}).get("vld", ""), flags.get(port.name, {}).get("ack", ""))
        for port in data
    ]


def _flow_channels(ports: list[Port], where: str) -> list[Channel]:
    """Data ports with the valid and ready that share their stem, or that are the only ones of their direction."""
    flags: dict[tuple[str, str], Port] = {}
    data: list[tuple[str, Port]] = []
    for port in ports:
        found = _FLOW.fullmatch(port.name)
        part = _FLOW_PARTS.get(found["part"].lower(), found["part"].lower()) if found else "data"
        if found is not None and part != "data" and port.width == 1:
            flags[(found["stem"], part)] = port
        else:
            data.append((found["stem"] if found else port.name, port))
    channels = []
    for stem, port in data:
        with_it = Direction.INPUT if port.direction is Direction.INPUT else Direction.OUTPUT
        against = Direction.OUTPUT if with_it is Direction.INPUT else Direction.INPUT
        valid = _flag(flags, stem, "valid", with_it)
        if not valid:
            raise RtlError(
                f"{where}: port {port.name!r} has no valid flag ({stem}_valid, {stem}_vld, or one for all); "
                "say with --protocol how it is driven, or hold it at a value with --tie PORT=VALUE"
            )
        channels.append(
            Channel(stem, port, valid, _flag(flags, stem, "ready", against), _flag(flags, stem, "last", with_it))
        )
    _check_alone(channels, where)
    return channels


def _check_alone(channels: list[Channel], where: str) -> None:
    """One handshake moves one port: with several, who drives it is nobody's."""
    for number, channel in enumerate(channels):
        for other in channels[:number]:
            entering = channel.data.direction is Direction.INPUT
            shared = channel.valid == other.valid if entering else channel.ready and channel.ready == other.ready
            if shared and other.data.direction is channel.data.direction:
                raise RtlError(
                    f"{where}: ports {other.data.name!r} and {channel.data.name!r} share one handshake "
                    f"({channel.valid if entering else channel.ready}); wrap the design so that each port has its own"
                )


def _flag(flags: Mapping[tuple[str, str], Port], stem: str, part: str, direction: Direction) -> str:
    own = flags.get((stem, part))
    if own is not None and own.direction is direction:
        return own.name
    alike = [port for (_, kind), port in flags.items() if kind == part and port.direction is direction]
    return alike[0].name if len(alike) == 1 else ""


def read_roles(
    ports: tuple[Port, ...], where: str, *, protocol: Protocol | None = None, ties: Mapping[str, int] | None = None
) -> Roles:
    """What the ports of a design are for.

    Args:
        ports: of the top module, in order.
        where: the design, for messages.
        protocol: of its data; None to tell it by the names.
        ties: input ports to hold at a value.

    Raises:
        RtlError: a port serves no protocol, a handshake lacks a part, or there is no clock.
    """
    held = _ties(ports, ties or {}, where)
    left = [port for port in ports if port.name not in held]
    _refuse(left, where)
    told = guess_protocol(left)
    # A design of streams may be started by ap_start too: that is its block's protocol, not its data's.
    protocol = told if protocol is None or (protocol, told) == (Protocol.AP_CTRL_HS, Protocol.AXIS) else protocol
    narrow = [port for port in left if port.width == 1 and port.direction is Direction.INPUT]
    clock = _one([port for port in narrow if _CLOCK.fullmatch(port.name)], "clock", where)
    if not clock and protocol is not Protocol.AP_CTRL_HS:  # a block of wires alone is started too
        raise RtlError(f"{where} has no clock port (ap_clk, clk, aclk, clock, …); name it clk, or wrap the design")
    reset = _one([port for port in narrow if _RESET.fullmatch(port.name)], "reset", where)
    found = _RESET.fullmatch(reset)
    block = tuple(port.name for port in left if port.name in _BLOCK)
    held |= {port.name: 1 for port in narrow if _ENABLES.fullmatch(port.name)}
    known = {clock, reset, *block, *held}
    left = [port for port in left if port.name not in known and not _CONSTANT.fullmatch(port.name)]
    if protocol is Protocol.AP_CTRL_HS:
        lacking = [name for name in ("ap_start", "ap_done", "ap_ready") if name not in block]
        if lacking:
            raise RtlError(
                f"{where} has no {' and no '.join(lacking)}, which ap_ctrl_hs needs (ports: {_listed(ports)}); "
                "synthesise it with ap_ctrl_hs, or give its protocol with --protocol axis or valid_ready"
            )
        channels = _hls_channels(left)
    elif protocol is Protocol.AXIS:
        channels, rest, more = _axis_channels(left, where)
        held |= more
        lost = [port for port in rest if port.direction is Direction.INPUT]
        if lost or not channels:
            what = f"input {lost[0].name!r} is no part of an AXI4-Stream" if lost else "no port is named …_TDATA"
            raise RtlError(
                f"{where}: {what} (ports: {_listed(ports)}); hold it with --tie PORT=VALUE, or give --protocol"
            )
    else:
        channels = _flow_channels(left, where)
    return Roles(
        protocol,
        clock,
        reset,
        bool(found and (found["low"] or found["low2"])),
        block,
        tuple(item for item in channels if item.data.direction is Direction.INPUT),
        tuple(item for item in channels if item.data.direction is Direction.OUTPUT),
        held,
    )


def _listed(ports: tuple[Port, ...]) -> str:
    names = [port.name for port in ports]
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _ties(ports: tuple[Port, ...], ties: Mapping[str, int], where: str) -> dict[str, int]:
    inputs = {port.name: port for port in ports if port.direction is Direction.INPUT}
    for name, value in ties.items():
        if name not in inputs:
            raise RtlError(f"{where} has no input {name!r} to hold at {value}; its inputs: {', '.join(inputs)}")
        if not 0 <= value < 1 << inputs[name].width:
            raise RtlError(f"{where}: input {name!r} has {inputs[name].width} bits; {value} does not fit")
    return dict(ties)
