"""`manifest.json`: what an RTL project is, so that a stranger's tool can drive it without reading the Verilog."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import Enum
from math import prod
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar, get_type_hints

from codesign.artifact import write_atomic
from codesign.errors import DesignError, PrecisionError
from codesign.graph import FixedPoint
from codesign.rtl.family import Family

FORMAT = "codesign-rtl"
VERSION = 2
NAME = "manifest.json"

PACKING = (
    "a sample, flattened in row-major order, is cut into beats: number i is lane i % lanes of beat i // lanes; "
    "lane l is at bits [l*slot + bits - 1 : l*slot] of the data; signed numbers are in two's complement; "
    "the integer n stands for n * 2**-(width - integer) of the type"
)
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Bus:
    """A stream of packed numbers; the manifest's `packing` says how.

    Attributes:
        node: the Graph node whose result it carries.
        signal: its data's name in the top module: a port, or a wire.
        shape: of one sample, the batch axis left out.
        bits: of a number.
        signed: two's complement.
        type: of the numbers, as `FixedPoint` writes it.
        lanes: numbers in a beat.
        beats: in a sample; the last one may be partly empty.
        slot: bits from one lane to the next.
        valid: its name in the top module; '' where there is none.
        ready: its name in the top module; '' where nothing holds it back.
        last: the name of TLAST; '' where there is none.
        keep: the name of TKEEP; '' where there is none.
        user: the name of TUSER, which tells with TLAST of an answer to a faulty frame; '' where there is none.
        split: number i has a port of its own, `<signal>_<i>`, with a valid flag `<signal>_<i>_ap_vld`.
        module: that drives it; '' for a port.
    """

    node: str
    signal: str
    shape: tuple[int, ...]
    bits: int
    signed: bool
    type: str
    lanes: int
    beats: int
    slot: int
    valid: str
    ready: str
    last: str = ""
    keep: str = ""
    user: str = ""
    split: bool = False
    module: str = ""

    @property
    def elements(self) -> int:
        """Numbers in one sample."""
        return prod(self.shape)

    @property
    def width(self) -> int:
        """Bits of the data that numbers take."""
        return self.lanes * self.slot


@dataclass(frozen=True)
class Register:
    """What can be read, and in part written, by AXI4-Lite.

    Attributes:
        name: of it.
        address: of its first byte.
        bytes: that it takes.
        meaning: of its value.
    """

    name: str
    address: int
    bytes: int
    meaning: str


class Interface(str, Enum):
    """The protocol of the top module's ports; docs/rtl.md describes each."""

    VALID_READY = "valid_ready"
    AXIS = "axis"
    AP_CTRL_HS = "ap_ctrl_hs"


class Language(str, Enum):
    """What the sources are written in."""

    VERILOG = "verilog"
    VHDL = "vhdl"


@dataclass(frozen=True)
class Manifest:
    """The record of an RTL project.

    Attributes:
        top: the top module.
        graph: name of the design.
        graph_digest: as `codesign.graph.digest`.
        family: that it is pipelined for.
        part: that its scripts name; '' where none was given.
        clock_ns: the clock period that it is pipelined for.
        logic_ns: what of the period was left for logic between two registers, beside the registers themselves.
        timing_measured: the delays were found by place and route for this family; otherwise they are a guess.
        latency_cycles: clock cycles from the one in which a sample's first beat is taken to the one in which the last
            beat of its answers is given, of an idle design whose outputs nothing holds back.
        interval: clock cycles from one sample to the next where inputs are always valid and outputs always ready.
        interface: the protocol of the ports.
        clock: port, rising edge.
        reset: port, synchronous; it clears everything but data.
        reset_low: the reset is active low.
        inputs: in order of the Graph.
        outputs: in order of the Graph.
        layers: every node's result, in order of the Graph; those inside a loop over time steps are left out.
        registers: by AXI4-Lite, at ports `s_axi_…`; none where it has no such ports.
        packing: how numbers lie in a bus.
        language: of the sources.
        sources: Verilog or VHDL files, relative to the project folder, each after those that it needs.
        sha256: of each source, as written.
        reuse: by name of a folded layer, the clocks that it takes for a vector.
        fitted_to: name of the board that reuse factors were sought for; '' where they are the Graph's or the user's.
        fitted: by resource, what Yosys counted on that board.
    """

    top: str
    graph: str
    graph_digest: str
    family: Family
    part: str
    clock_ns: float
    logic_ns: float
    timing_measured: bool
    latency_cycles: int
    interval: int
    interface: Interface
    clock: str
    reset: str
    reset_low: bool
    inputs: tuple[Bus, ...]
    outputs: tuple[Bus, ...]
    layers: tuple[Bus, ...]
    registers: tuple[Register, ...]
    packing: str
    language: Language
    sources: tuple[str, ...]
    sha256: Mapping[str, str]
    reuse: Mapping[str, int] = field(default_factory=dict)
    fitted_to: str = ""
    fitted: Mapping[str, int] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        """Write `manifest.json`.

        Raises:
            OutputError: the folder cannot be written.
        """
        document = {"format": FORMAT, "version": VERSION, **asdict(self)}
        write_atomic(folder / NAME, json.dumps(document, indent=1) + "\n")

    def require_verilog(self, what: str) -> None:
        """Refuse VHDL where a tool reads Verilog alone.

        Args:
            what: the tool, as the sentence begins.

        Raises:
            DesignError: saying how to get Verilog.
        """
        if self.language is not Language.VERILOG:
            raise DesignError(f"{what} reads no VHDL, which this RTL project is in; convert with --language verilog")

    @classmethod
    def load(cls, folder: Path) -> Manifest:
        """Read the manifest of an RTL project.

        Raises:
            DesignError: it is missing, damaged, of another version, or names files outside the folder.
        """
        path = folder / NAME
        again = "write the RTL project again with `codesign convert MODEL --out DIR`"
        try:
            document = json.loads(path.read_text())
        except FileNotFoundError:
            raise DesignError(f"{path} is missing; {again}") from None
        except (OSError, ValueError, RecursionError) as error:
            raise DesignError(f"{path} is damaged ({error}); {again}") from error
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise DesignError(f"{path} is not the manifest of an RTL project; {again}")
        if document.get("version") != VERSION:
            raise DesignError(
                f"{path} has version {document.get('version')!r}, this codesign reads {VERSION}; "
                "upgrade codesign or convert the model again"
            )
        try:
            manifest = _record(cls, {key: value for key, value in document.items() if key not in ("format", "version")})
            _check(manifest)
        except (KeyError, PrecisionError, TypeError, ValueError) as error:
            raise DesignError(f"{path} is damaged ({error}); {again}") from error
        return manifest


_Record = TypeVar("_Record", Bus, Manifest, Register)


def _record(cls: type[_Record], document: Any) -> _Record:
    if not isinstance(document, dict):
        raise TypeError(f"{cls.__name__.lower()} is no record")
    names = [item.name for item in fields(cls)]
    unknown = sorted(set(document) ^ set(names))
    if unknown:
        raise ValueError(f"field {unknown[0]!r} is missing or unknown")
    hints = get_type_hints(cls)
    return cls(**{name: _value(hints[name], document[name], name) for name in names})


def _value(hint: Any, value: Any, name: str) -> Any:
    if hint in (Family, Interface, Language):
        return hint(value)
    if hint == tuple[Bus, ...]:
        return tuple(_record(Bus, item) for item in _list(value, name))
    if hint == tuple[Register, ...]:
        return tuple(_record(Register, item) for item in _list(value, name))
    if hint == tuple[str, ...]:
        return tuple(_value(str, item, name) for item in _list(value, name))
    if hint == tuple[int, ...]:
        return tuple(_value(int, item, name) for item in _list(value, name))
    if hint == Mapping[str, str]:
        return {str(key): _value(str, item, name) for key, item in dict(value).items()}
    if hint == Mapping[str, int]:
        return {str(key): _value(int, item, name) for key, item in dict(value).items()}
    if hint is float and type(value) in (int, float):
        return float(value)
    if type(value) is not hint:
        raise TypeError(f"{name} is {value!r:.60}")
    return value


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"{name} is {value!r:.60}")
    return value


def _check(manifest: Manifest) -> None:
    """Refuse what would send a tool outside the folder, or a testbench to nonsense.

    Raises:
        ValueError: saying which value.
    """
    for path in manifest.sources:
        parts = PurePosixPath(path).parts
        if not path or path.startswith("/") or ".." in parts or not re.fullmatch(r"[A-Za-z0-9_./]+\.(s?v|vhd)", path):
            raise ValueError(f"source {path!r} is not a Verilog or VHDL file inside the project")
    buses = (*manifest.inputs, *manifest.outputs, *manifest.layers)
    optional = [name for bus in buses for name in (bus.valid, bus.ready, bus.last, bus.keep, bus.user) if name]
    for name in (manifest.top, manifest.clock, manifest.reset, *(bus.signal for bus in buses), *optional):
        if not _IDENTIFIER.fullmatch(name):
            raise ValueError(f"{name!r} is not a Verilog name")
    if not manifest.inputs or not manifest.outputs or manifest.latency_cycles < 0 or manifest.interval < 1:
        raise ValueError("it has no inputs, no outputs, or no latency and interval")
    for bus in buses:
        type_ = FixedPoint.parse(bus.type)
        if (
            (type_.width, type_.signed) != (bus.bits, bus.signed)
            or bus.slot < bus.bits
            or min(bus.shape, default=0) < 1
        ):
            raise ValueError(f"bus {bus.signal!r} contradicts itself")
        if min(bus.lanes, bus.beats) < 1 or not 0 <= bus.lanes * bus.beats - bus.elements < bus.lanes:
            raise ValueError(f"bus {bus.signal!r} has {bus.beats} beats of {bus.lanes} for {bus.elements} numbers")
