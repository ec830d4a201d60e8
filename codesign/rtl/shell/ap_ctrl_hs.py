"""The ports that Vitis HLS gives hls4ml's io_parallel designs: whole samples, started, and told to be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from typing import TYPE_CHECKING

from codesign.graph import Graph, Node
from codesign.rtl.manifest import Bus
from codesign.rtl.parts import Channel, Fifo, Fork, Part, behaviour, instance, instantiation
from codesign.rtl.shell.base import Events, Shell
from codesign.rtl.shell.names import port_names
from codesign.rtl.shell.recut import Pack, Unpack
from codesign.rtl.stream import Behaviour, Layout, every_beat
from codesign.rtl.top_module import CLOCK, RESET

if TYPE_CHECKING:  # it needs alkaid
    from codesign.rtl.network import Network


# What the play of the schedule sees of `ap_start` and `ap_done`.
_START, _DONE = Channel("start", Layout(1, 1), 1), Channel("done", Layout(1, 1), 1)


@dataclass(frozen=True, eq=False)
class Control(Part):
    """Gives the answers of all outputs at once."""


@dataclass(frozen=True, eq=False)
class Start(Fork):
    """Hands a sample to every input, each of which may take its part when it is free."""


@behaviour.register
def _(part: Control) -> Behaviour:
    return every_beat(len(part.reads), 1, 0)


@instance.register
def _(part: Control) -> tuple[str, str]:
    return f"cs_ap_control #(.OUTPUTS({len(part.reads)}))", "cs_ap_control.sv"


def _concatenated(names: list[str]) -> str:
    return "{" + ", ".join(reversed(names)) + "}"


@instantiation.register
def _(part: Control) -> str:
    ports = ", ".join(f".{name}({name})" for name in ("ap_start", "ap_done", "ap_idle", "ap_ready"))
    full = _concatenated([f"{channel.name}_valid" for channel in part.reads])
    return (
        f"{instance(part)[0]} {part.name} (.{CLOCK}({CLOCK}), .{RESET}({RESET}), {ports}, "
        f".taken(start_valid & start_ready), .full({full}));"
    )


@instantiation.register
def _(part: Start) -> str:
    valid = _concatenated([f"{channel.name}_valid" for channel in part.gives])
    ready = _concatenated([f"{channel.name}_ready" for channel in part.gives])
    return (
        f"cs_fork #(.WIDTH(1), .N({len(part.gives)})) {part.name} (.{CLOCK}({CLOCK}), .{RESET}({RESET}), "
        ".in0_data(1'b0), .in0_valid(start_valid), .in0_ready(start_ready), .out_data(), "
        f".out_valid({valid}), .out_ready({ready}));"
    )


def _bus(node: Node, name: str, valid: str, *, split: bool) -> Bus:
    return Bus(
        node=node.name,
        signal=name,
        shape=tuple(int(length) for length in node.shape),
        bits=node.result.width,
        signed=node.result.signed,
        type=str(node.result),
        lanes=prod(node.shape),
        beats=1,
        slot=node.result.width,
        valid=valid,
        ready="",
        split=split,
    )


def _answer_ports(name: str, size: int) -> list[str]:
    return [f"{name}_{index}{end}" for index in range(size) for end in ("", "_ap_vld")]


@dataclass
class _Pins:
    """Ports and lines as they are put down."""

    ports: list[str]
    behind: list[str]

    def takes(self, name: str, frame: Channel) -> None:
        """A sample, packed."""
        self.ports += [f"input wire [{frame.width - 1}:0] {name}", f"input wire {name}_ap_vld"]
        self.behind.append(f"assign {frame.name}_data = {name};")

    def gives(self, name: str, frame: Channel) -> None:
        """An answer, number by number."""
        self.behind.append(f"assign {frame.name}_ready = ap_done;")
        for index in range(frame.layout.lanes):
            low = index * frame.bits
            self.ports += [f"output wire [{frame.bits - 1}:0] {name}_{index}", f"output wire {name}_{index}_ap_vld"]
            self.behind += [
                f"assign {name}_{index} = {frame.name}_data[{low + frame.bits - 1}:{low}];",
                f"assign {name}_{index}_ap_vld = ap_done;",
            ]


def _names(graph: Graph) -> tuple[list[str], list[str]]:
    """What the inputs and the outputs are called."""
    taken: set[str] = set()
    inputs = port_names([node.name for node in graph.input_nodes], taken, lambda name: (name, f"{name}_ap_vld"))
    outputs = []
    for node in graph.output_nodes:
        outputs += port_names([node.name], taken, partial(_answer_ports, size=node.size))
    return inputs, outputs


def ap_ctrl_hs(graph: Graph, core: Network, fifos: Mapping[str, int]) -> tuple[Shell, Events]:
    """Ports `ap_clk`, `ap_rst`, `ap_start`, `ap_done`, `ap_idle`, `ap_ready`, `<input>`, `<output>_<i>`, `…_ap_vld`.

    Args:
        graph: the design.
        core: what it computes with.
        fifos: depths of those that hold the answers of one output while those of another are awaited.
    """
    inputs, outputs = _names(graph)
    pins = _Pins(
        ["input wire ap_clk", "input wire ap_rst", "input wire ap_start"]
        + [f"output wire {name}" for name in ("ap_done", "ap_idle", "ap_ready")],
        [],
    )
    samples = tuple(Channel(f"{c.name}_frame", Layout(c.layout.size, 1), c.bits) for c in core.inputs)
    for name, frame in zip(inputs, samples, strict=True):
        pins.takes(name, frame)
    front: list[Part] = [
        Start("i_start", (_START,), samples),
        *(Unpack(f"i_{f.name}", (f,), (c,)) for f, c in zip(samples, core.inputs, strict=True)),
    ]
    back: list[Part] = []
    answers = []
    joins = dict(core.joins)
    for name, end in zip(outputs, core.ends, strict=True):
        frame = Channel(f"{end.name}_frame", Layout(end.layout.size, 1), end.bits)
        back.append(Pack(f"i_{frame.name}", (end,), (frame,)))
        if len(core.ends) > 1:
            joins[frame.name] = 1
        if frame.name in fifos:
            after = Channel(f"{frame.name}_fifo", frame.layout, frame.bits)
            back.append(Fifo(f"i_{after.name}", (frame,), (after,), fifos[frame.name]))
            frame = after
        answers.append(frame)
        pins.gives(name, frame)
    back.append(Control("i_control", tuple(answers), (_DONE,)))
    valid = " & ".join(["ap_start", *(f"{name}_ap_vld" for name in inputs)])
    shell = Shell(
        replace(
            core,
            parts=(*front, *core.parts, *back),
            inputs=(_START,),
            outputs=(_DONE,),
            ends=(_DONE,),
            joins=joins,
        ),
        tuple(pins.ports),
        (
            f"wire {CLOCK} = ap_clk;",
            f"wire {RESET} = ap_rst;",
            f"wire start_valid = {valid};",
            "wire start_ready;",
        ),
        tuple(pins.behind),
        tuple(
            _bus(node, name, f"{name}_ap_vld", split=False)
            for name, node in zip(inputs, graph.input_nodes, strict=True)
        ),
        tuple(_bus(node, name, "", split=True) for name, node in zip(outputs, graph.output_nodes, strict=True)),
        "ap_clk",
        "ap_rst",
    )
    return shell, Events("ap_ready", "ap_done", "(ap_start & ~ap_ready)")
