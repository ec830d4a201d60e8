"""The ports that Vitis HLS gives hls4ml's io_parallel designs: whole samples, started, and told to be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING

from codesign.graph import Graph, Node
from codesign.rtl.manifest import Bus
from codesign.rtl.parts import Channel, Fifo, Part, behaviour, instance, instantiation
from codesign.rtl.shell.base import Events, Shell
from codesign.rtl.shell.names import port_names
from codesign.rtl.shell.recut import Pack, Unpack
from codesign.rtl.stream import Behaviour, Layout, every_beat
from codesign.rtl.top_module import CLOCK, RESET

if TYPE_CHECKING:  # it needs alkaid
    from codesign.rtl.network import Network


@dataclass(frozen=True, eq=False)
class Control(Part):
    """Starts samples, and gives the answers of all outputs at once.

    Attributes:
        inputs: channels behind the ports of samples, each of which holds a whole one.
        valid: their flags.
    """

    inputs: tuple[Channel, ...]
    valid: tuple[str, ...]


@behaviour.register
def _(part: Control) -> Behaviour:
    return every_beat(len(part.reads), 1, 0)


@instance.register
def _(part: Control) -> tuple[str, str]:
    return f"cs_ap_control #(.INPUTS({len(part.inputs)}), .OUTPUTS({len(part.reads)}))", "cs_ap_control.sv"


def _concatenated(names: list[str]) -> str:
    return "{" + ", ".join(reversed(names)) + "}"


@instantiation.register
def _(part: Control) -> str:
    ports = ", ".join(f".{name}({name})" for name in ("ap_start", "ap_done", "ap_idle", "ap_ready"))
    free = _concatenated([f"{channel.name}_ready" for channel in part.inputs])
    full = _concatenated([f"{channel.name}_valid" for channel in part.reads])
    return (
        f"{instance(part)[0]} {part.name} (.{CLOCK}({CLOCK}), .{RESET}({RESET}), {ports}, "
        f".valid({_concatenated(list(part.valid))}), .free({free}), .full({full}));"
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


def _numbers(node: Node) -> int:
    return prod(node.shape)


def ap_ctrl_hs(graph: Graph, core: Network, fifos: Mapping[str, int]) -> tuple[Shell, Events]:
    """Ports `ap_clk`, `ap_rst`, `ap_start`, `ap_done`, `ap_idle`, `ap_ready`, `<input>`, `<output>_<i>`, `…_ap_vld`.

    Args:
        graph: the design.
        core: what it computes with.
        fifos: depths of those that hold the answers of one output while those of another are awaited.
    """
    taken: set[str] = set()
    names = port_names([n.name for n in graph.input_nodes], taken, lambda name: (name, f"{name}_ap_vld"))
    answers = []
    for node in graph.output_nodes:
        size = _numbers(node)

        def numbers(name: str, size: int = size) -> list[str]:
            return [f"{name}_{index}{end}" for index in range(size) for end in ("", "_ap_vld")]

        answers += port_names([node.name], taken, numbers)
    ports = ["input wire ap_clk", "input wire ap_rst", "input wire ap_start"]
    ports += [f"output wire {name}" for name in ("ap_done", "ap_idle", "ap_ready")]
    before = [f"wire {CLOCK} = ap_clk;", f"wire {RESET} = ap_rst;"]
    behind: list[str] = []
    front: list[Part] = []
    for name, node, channel in zip(names, graph.input_nodes, core.inputs, strict=True):
        frame = Channel(f"{channel.name}_frame", Layout(node.size, 1), channel.bits)
        ports += [f"input wire [{frame.width - 1}:0] {name}", f"input wire {name}_ap_vld"]
        before += [
            f"wire [{frame.width - 1}:0] {frame.name}_data = {name};",
            f"wire {frame.name}_ready;",
            f"wire {frame.name}_valid = ap_ready;",
        ]
        front.append(Unpack(f"i_{frame.name}", (frame,), (channel,)))
    back: list[Part] = []
    frames = []
    joins: dict[str, int] = dict(core.joins)
    for name, node, end in zip(answers, graph.output_nodes, core.ends, strict=True):
        frame = Channel(f"{end.name}_frame", Layout(node.size, 1), end.bits)
        back.append(Pack(f"i_{frame.name}", (end,), (frame,)))
        if len(core.ends) > 1:
            joins[frame.name] = 1
            depth = fifos.get(frame.name, 0)
            if depth:
                after = Channel(f"{frame.name}_fifo", frame.layout, frame.bits)
                back.append(Fifo(f"i_{after.name}", (frame,), (after,), depth))
                frame = after
        frames.append(frame)
        behind.append(f"assign {frame.name}_ready = ap_done;")
        for index in range(node.size):
            low = index * end.bits
            ports += [f"output wire [{end.bits - 1}:0] {name}_{index}", f"output wire {name}_{index}_ap_vld"]
            behind += [
                f"assign {name}_{index} = {frame.name}_data[{low + end.bits - 1}:{low}];",
                f"assign {name}_{index}_ap_vld = ap_done;",
            ]
    waiting = tuple(part.reads[0] for part in front)
    done = Channel("done", Layout(1, 1), 1)
    valid = tuple(f"{name}_ap_vld" for name in names)
    control = Control("i_control", tuple(frames), (done,), waiting, valid)
    shell = Shell(
        replace(
            core,
            parts=(*front, *core.parts, *back, control),
            inputs=waiting,
            outputs=(done,),
            ends=(done,),
            joins=joins,
        ),
        tuple(ports),
        tuple(before),
        tuple(behind),
        tuple(
            _bus(node, name, f"{name}_ap_vld", split=False) for name, node in zip(names, graph.input_nodes, strict=True)
        ),
        tuple(_bus(node, name, "", split=True) for name, node in zip(answers, graph.output_nodes, strict=True)),
        "ap_clk",
        "ap_rst",
    )
    return shell, Events("ap_ready", "ap_done", "(ap_start & ~ap_ready)")
