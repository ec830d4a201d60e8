"""Which port of a design carries which of a Graph's inputs and outputs, and where each number lies in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codesign.errors import RtlError
from codesign.graph import Graph, Node
from codesign.verify.vendor.roles import Channel, Roles
from rtl_sim.interface import Protocol

# `layer13_out_4`, `layer13_out_4_V`, and `x_V_data_4_V` of streams that an older tool took apart.
_ELEMENT = re.compile(r"(?P<stem>.+?)_(?P<index>\d+)(?P<tail>_V)?")
_SUFFIX = re.compile(r"(?:_V)+$|_V_data$")


@dataclass(frozen=True)
class Lanes:
    """A channel and the numbers in it.

    Attributes:
        channel: of the design.
        first: number of the frame in its lane 0.
        step: from the number in lane 0 of one beat to that of the next.
        lanes: numbers in a beat.
        beats: in a frame.
        slot: bits from one lane to the next.
    """

    channel: Channel
    first: int
    step: int
    lanes: int
    beats: int
    slot: int


@dataclass(frozen=True)
class Match:
    """A port of the Graph and the channels that carry it.

    Attributes:
        node: of the Graph.
        pieces: that hold its numbers between them.
        stem: what the design calls it.
    """

    node: Node
    pieces: tuple[Lanes, ...]
    stem: str


@dataclass(frozen=True)
class _Group:
    """Channels that look like one array."""

    stem: str
    channels: tuple[Channel, ...]


def _groups(channels: Sequence[Channel]) -> list[_Group]:
    """Channels whose names count from 0 put together, in order of the header."""
    indexed: dict[tuple[str, str], dict[int, Channel]] = {}
    for channel in channels:
        found = _ELEMENT.fullmatch(channel.stem)
        if found is not None:
            indexed.setdefault((found["stem"], found["tail"] or ""), {})[int(found["index"])] = channel
    whole = {key for key, items in indexed.items() if sorted(items) == list(range(len(items)))}
    groups: list[_Group] = []
    seen: set[tuple[str, str]] = set()
    for channel in channels:
        found = _ELEMENT.fullmatch(channel.stem)
        key = (found["stem"], found["tail"] or "") if found else None
        if key is None or key not in whole:
            groups.append(_Group(channel.stem, (channel,)))
        elif key not in seen:
            seen.add(key)
            items = indexed[key]
            groups.append(_Group(key[0], tuple(items[index] for index in sorted(items))))
    return groups


def _bare(name: str) -> str:
    return _SUFFIX.sub("", name).lower()


def _paired(nodes: Sequence[Node], roles: Roles, inward: bool, chosen: Mapping[str, str], where: str) -> list[_Group]:
    """A group of channels for each node, by the user's word, by name, else in order."""
    channels = roles.inputs if inward else roles.outputs
    what = "input" if inward else "output"
    groups = _groups(channels)
    if len(groups) != len(nodes) and len(channels) == len(nodes):
        groups = [_Group(channel.stem, (channel,)) for channel in channels]
    by_name = {_bare(group.stem): group for group in groups}
    picked: dict[str, _Group] = {}
    for node in nodes:
        wanted = chosen.get(node.name)
        group = by_name.get(_bare(wanted if wanted is not None else node.name))
        if wanted is not None and group is None:
            raise RtlError(f"{where} has no {what} {wanted!r} for {node.name!r}; its {what}s: {_told(groups)}")
        if group is not None:
            picked[node.name] = group
    left = [group for group in groups if group not in picked.values()]
    missing = [node for node in nodes if node.name not in picked]
    if len(missing) > len(left) or (left and (len(missing) < len(left)) and (inward or missing)):
        raise RtlError(
            f"{where} has {len(groups)} {what}s ({_told(groups)}), but the Graph has {len(nodes)} "
            f"({', '.join(f'{node.name!r} of {_sized(node)}' for node in nodes)}); "
            f"give the RTL of this Graph, say which is which with --map NODE=PORT"
            + (", or hold a further input at a value with --tie PORT=VALUE" if inward else "")
        )
    picked |= {node.name: group for node, group in zip(missing, left, strict=False)}
    return [picked[node.name] for node in nodes]


def _sized(node: Node) -> str:
    return f"{node.size} x {node.result.width} bits"


def _told(groups: Sequence[_Group]) -> str:
    told = []
    for group in groups[:8]:
        names = group.channels[0].data.name + (f" … {group.channels[-1].data.name}" if len(group.channels) > 1 else "")
        told.append(f"{names} of {len(group.channels)} x {group.channels[0].data.width} bits")
    return ", ".join(told) + (f" and {len(groups) - 8} more" if len(groups) > 8 else "") or "none"


def _storage(bits: int) -> int:
    """Bits that C keeps such a number in: a byte, two, four, eight; whole eights beyond."""
    return next((size for size in (8, 16, 32, 64) if bits <= size), -(-bits // 64) * 64)


def _slot_of_array(node: Node, channel: Channel, lanes: int, where: str) -> int:
    """Numbers side by side in a port: without gaps, or each in a slot of the same, larger size."""
    width, bits = channel.data.width, node.result.width
    if width % lanes or width // lanes < bits:
        raise RtlError(
            f"{where}: port {channel.data.name!r} has {width} bits, but {node.name!r} of the Graph has {lanes} "
            f"numbers of {bits} bits ({node.result}), {lanes * bits} bits in all; "
            "give the RTL and the Graph of the same design"
        )
    return width // lanes


def _slot_of_stream(node: Node, channel: Channel, lanes: int, stated: int | None) -> int | None:
    """Numbers side by side in TDATA: each as C stores it, in whole bytes, or without gaps; the whole in whole bytes."""
    width, bits = channel.data.width, node.result.width
    usual = (_storage(bits), -(-bits // 8) * 8, bits)
    for slot in usual if stated is None else (stated,) if stated >= bits else ():
        if width in (lanes * slot, -(-lanes * slot // 8) * 8):
            return slot
    return None


def _stream(node: Node, channel: Channel, where: str, stated: int | None) -> Lanes:
    """A frame on one stream: a place (all its channels) a beat, the whole frame in one, or another even cut."""
    wanted = dict.fromkeys((node.shape[-1], node.size, 1))
    cuts = [*wanted, *(lanes for lanes in range(2, node.size) if node.size % lanes == 0 and lanes not in wanted)]
    for lanes in cuts:
        slot = _slot_of_stream(node, channel, lanes, stated)
        if slot is not None and node.size % lanes == 0:
            return Lanes(channel, 0, lanes, lanes, node.size // lanes, slot)
    raise RtlError(
        f"{where}: {channel.data.name!r} has {channel.data.width} bits, which no even cut of {node.name!r} "
        f"({_sized(node)}, shape {list(node.shape)}) fills{f' with {stated} bits for each' if stated else ''}; "
        "give the RTL and the Graph of the same design, or --slot BITS from one number to the next"
    )


def _pieces(node: Node, group: _Group, protocol: Protocol, where: str, stated: int | None) -> tuple[Lanes, ...]:
    count = len(group.channels)
    if count == 1 and protocol is Protocol.AP_CTRL_HS:
        (channel,) = group.channels
        return (Lanes(channel, 0, node.size, node.size, 1, _slot_of_array(node, channel, node.size, where)),)
    if count == 1:
        return (_stream(node, group.channels[0], where, stated),)
    if node.size % count or (protocol is Protocol.AP_CTRL_HS and count != node.size):
        raise RtlError(
            f"{where}: ports {group.channels[0].data.name!r} … {group.channels[-1].data.name!r} are {count}, but "
            f"{node.name!r} of the Graph has {node.size} numbers; give the RTL and the Graph of the same design"
        )
    return tuple(
        Lanes(channel, index, count, 1, node.size // count, _slot_of_array(node, channel, 1, where))
        for index, channel in enumerate(group.channels)
    )


def _check_numbers(node: Node, where: str) -> None:
    if node.result.significant is not None:
        raise RtlError(
            f"{where}: {node.name!r} of the Graph is of type {node.result}, which no port here carries; "
            "give the design a fixed-point type there"
        )


def match_ports(
    graph: Graph,
    roles: Roles,
    where: str,
    *,
    chosen: Mapping[str, str] | None = None,
    slot: int | None = None,
) -> list[Match]:
    """The channels of each of a Graph's inputs, then of its outputs.

    Args:
        graph: what the design should compute.
        roles: its ports.
        where: the design, for messages.
        chosen: by node, the name of its port; the others are told by name, else by order.
        slot: bits from one number to the next in a stream; None to tell it by the width.

    Raises:
        RtlError: the numbers of ports differ, or one is too narrow for its numbers.
    """
    chosen = dict(chosen or {})
    known = [node.name for node in (*graph.input_nodes, *graph.output_nodes)]
    for name in chosen:
        if name not in known:
            raise RtlError(f"the Graph has no input or output {name!r} for --map; it has {', '.join(known)}")
    found: list[Match] = []
    sides: tuple[tuple[Sequence[Node], bool], ...] = ((graph.input_nodes, True), (graph.output_nodes, False))
    for nodes, inward in sides:
        for node, group in zip(nodes, _paired(nodes, roles, inward, chosen, where), strict=True):
            _check_numbers(node, where)
            found.append(Match(node, _pieces(node, group, roles.protocol, where, slot), group.stem))
    return found
