"""The top module in VHDL, behind plain valid and ready."""

from __future__ import annotations

from functools import singledispatch

from codesign.rtl.network import Network
from codesign.rtl.parts import Channel, Fifo, Fork, Gather, Part, Scatter, UnitPart
from codesign.rtl.vhdl.text import entity, name, stream, vector

_ENDS = ("data", "valid", "ready")


def _end(channel: Channel, end: str) -> str:
    return name(f"{channel.name}_{end}")


def _map(part: Part, *, gives: bool = True) -> list[str]:
    found = ["clk => clk", "rst => rst"]
    for k, channel in enumerate(part.reads):
        found += [f"in{k}_{end} => {_end(channel, end)}" for end in _ENDS]
    if gives:
        found += [f"out_{end} => {_end(part.gives[0], end)}" for end in _ENDS]
    return found


@singledispatch
def _generics(part: Part) -> tuple[str, dict[str, int]]:
    """The name of a template's entity, and its generics."""
    raise TypeError(f"{type(part).__name__} has no VHDL")


@_generics.register
def _(part: Fifo) -> tuple[str, dict[str, int]]:
    return "cs_fifo", {"WIDTH": part.reads[0].width, "DEPTH": part.depth}


@_generics.register
def _(part: Gather) -> tuple[str, dict[str, int]]:
    return "cs_gather", {"WIDTH": part.reads[0].width, "N": part.factor}


@_generics.register
def _(part: Scatter) -> tuple[str, dict[str, int]]:
    return "cs_scatter", {"WIDTH": part.gives[0].width, "N": part.factor}


@_generics.register
def _(part: Fork) -> tuple[str, dict[str, int]]:
    return "cs_fork", {"WIDTH": part.reads[0].width, "N": len(part.gives)}


@singledispatch
def _placed(part: Part) -> tuple[list[str], list[str]]:
    """Signals of a part's own, and the statements that put it into the design."""
    template, generics = _generics(part)
    values = ", ".join(f"{key} => {value}" for key, value in generics.items())
    ports = ", ".join(_map(part))
    return [], [f"{name(part.name)} : entity work.{template} generic map ({values}) port map ({ports});"]


@_placed.register
def _(part: UnitPart) -> tuple[list[str], list[str]]:
    ports = ", ".join(_map(part))
    return [], [f"{name(part.name)} : entity work.{name(part.unit.module)} port map ({ports});"]


@_placed.register
def _(part: Fork) -> tuple[list[str], list[str]]:
    template, generics = _generics(part)
    width, n = generics["WIDTH"], generics["N"]
    values = ", ".join(f"{key} => {value}" for key, value in generics.items())
    own = {end: name(f"{part.name}_{end}") for end in _ENDS}
    signals = [f"{own['data']} : {vector(n * width)}"]
    signals += [f"{own[end]} : {vector(n)}" for end in ("valid", "ready")]
    ports = ", ".join([*_map(part, gives=False), *(f"out_{end} => {own[end]}" for end in _ENDS)])
    body = [f"{name(part.name)} : entity work.{template} generic map ({values}) port map ({ports});"]
    for k, channel in enumerate(part.gives):
        body += [
            f"{_end(channel, 'data')} <= {own['data']}({(k + 1) * width - 1} downto {k * width});",
            f"{_end(channel, 'valid')} <= {own['valid']}({k});",
            f"{own['ready']}({k}) <= {_end(channel, 'ready')};",
        ]
    return signals, body


def templates(network: Network) -> set[str]:
    """Names of the files under `hls_templates/rtl` that a design needs."""
    return {f"{_generics(part)[0]}.vhd" for part in network.parts if not isinstance(part, UnitPart)}


def top_entity(title: str, network: Network) -> str:
    """The top module of a design.

    Args:
        title: of it.
        network: its parts.
    """
    ports = ["clk : in std_logic", "rst : in std_logic"]
    for channel in network.inputs:
        ports += stream(channel.name, channel.width, "in", "out")
    for channel in network.outputs:
        ports += stream(channel.name, channel.width, "out", "in")
    signals: list[str] = []
    body: list[str] = []
    leaving = {channel.name for part in network.parts for channel in part.reads} | {c.name for c in network.ends}
    for part in network.parts:
        own, lines = _placed(part)
        for channel in part.gives:
            signals.append(f"{_end(channel, 'data')} : {vector(channel.width)}")
            signals += [f"{_end(channel, end)} : std_logic" for end in ("valid", "ready")]
            if channel.name not in leaving:
                body.append(f"{_end(channel, 'ready')} <= '1';")
        signals += own
        body += lines
    for port, end in zip(network.outputs, network.ends, strict=True):
        body += [
            f"{_end(port, 'data')} <= {_end(end, 'data')};",
            f"{_end(port, 'valid')} <= {_end(end, 'valid')};",
            f"{_end(end, 'ready')} <= {_end(port, 'ready')};",
        ]
    return entity(name(title), ports, signals, body)
