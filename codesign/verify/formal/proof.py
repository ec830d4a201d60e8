"""Proving with Yosys' SAT solver that a unit of the RTL computes what the Graph defines, number by number.

A unit that is a pipeline without feedback gives, once its input has stood still for its latency, a function of that
input alone: its registers are replaced by wires. What is left is held against the definition for all input words. That
its handshakes are right is for simulation to show.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np

from codesign.artifact import make_folder
from codesign.errors import DesignError, ToolFailedError
from codesign.graph import Activation, Graph, Input, Node, Normalize
from codesign.rtl import Bus, Manifest
from codesign.simulate import Operand, run_node
from codesign.toolchain.process import run_tool
from codesign.toolchain.yosys import find_yosys
from codesign.verify.formal.definition import NoDefinitionError, definition
from rtl_sim.packing import unpack

LIMIT_S = 60.0
_START_S = 30.0  # to start Yosys and read the design, on a busy machine

# A register whose input stands still, with its enable high and its reset low, is a wire.
_WIRES = """
(* techmap_celltype = "$dff" *)
module wire_dff (input CLK, input [WIDTH-1:0] D, output [WIDTH-1:0] Q);
    parameter WIDTH = 1; parameter CLK_POLARITY = 1;
    assign Q = D;
endmodule
"""
_STATE = "t:$dff t:$dffe t:$sdff t:$sdffe t:$sdffce t:$adff t:$adffe t:$dlatch t:$mem_v2 t:$memrd_v2 t:$memwr_v2"
_INPUT = re.compile(r"^\s*\\in_x\s+\S+\s+\S+\s+([01x]+)\s*$", re.MULTILINE)


_OPT = "opt -nodffe -nosdff"


class Outcome(str, Enum):
    """How a proof ended."""

    PROVEN = "proven"
    FALSE = "false"
    NOT_ENDED = "not ended"  # within the time limit
    NOT_TRIED = "not tried"


@dataclass(frozen=True)
class LayerProof:
    """The proof of one layer.

    Attributes:
        node: of the Graph.
        outcome: PROVEN where every number of the result is.
        proven: numbers of a beat of the result that are.
        numbers: of a beat.
        index: in the beat, of the number that is wrong; -1 where none is known to be.
        expected: what the Graph has there for the input that was found; 0 where none was.
        found: what the RTL has there; None where the Graph agrees with it, so that the definition is wrong.
        why: in words.
    """

    node: str
    outcome: Outcome
    proven: int
    numbers: int
    index: int = -1
    expected: int = 0
    found: int | None = None
    why: str = ""


def _gate(bus: Bus, source: Bus) -> str:
    """The unit, its handshakes held so that every beat passes."""
    outputs = [f"output wire [{bus.bits - 1}:0] y{index}" for index in range(bus.lanes)]
    ends = [f"assign y{index} = y[{index * bus.slot + bus.bits - 1}:{index * bus.slot}];" for index in range(bus.lanes)]
    ports = ", ".join(["input wire clk", f"input wire [{source.width - 1}:0] x", *outputs])
    unit = f"{bus.module} unit (.clk(clk), .rst(1'b0), .in0_data(x), .in0_valid(1'b1), .out_data(y), .out_ready(1'b1));"
    return "\n".join([f"module gate ({ports});", f"wire [{bus.width - 1}:0] y;", unit, *ends, "endmodule", ""])


def _script(files: Sequence[str], numbers: int, limit_s: float) -> str:
    reads = [f"read_verilog -sv {name}" for name in files]
    lines = [
        *reads,
        "read_verilog -sv gate.sv",
        "hierarchy -check -top gate",
        # Enables and resets are constants here: left as logic before a register, they fold away.
        f"proc; flatten; {_OPT}; memory -nomap; memory_map -rom-only; {_OPT}",
        f"techmap -map wires.v; {_OPT}",
        f"tee -o state.log select -assert-none {_STATE}",
        "tee -o loops.log scc -expect 0",
        "read_verilog -sv gold.sv",
        "proc gold; opt gold",
        "miter -equiv -make_outcmp -make_outputs -flatten gold gate miter",
        "hierarchy -top miter; opt -full",
        *(
            f"select -set cone{index} miter/cmp_y{index} %ci*\n"
            f"tee -o proof{index}.log sat -timeout {max(1, int(limit_s / numbers))} -set-def-inputs "
            f"-show in_x,gold_y{index},gate_y{index} -prove cmp_y{index} 1 @cone{index}"
            for index in range(numbers)
        ),
        "",
    ]
    return "\n".join(lines)


def _not_tried(node: Node, why: str) -> LayerProof:
    return LayerProof(node.name, Outcome.NOT_TRIED, 0, node.size, why=why)


def _counterexample(text: str, node: Node, source: Node, lanes: int, index: int) -> tuple[int, int | None]:
    """(what the Graph has, what the RTL has or None where it is the same) for the beat of input that a log shows."""
    word = _INPUT.search(text)
    gate = re.search(rf"^\s*\\gate_y{index}\s+\S+\s+\S+\s+([01x]+)\s*$", text, re.MULTILINE)
    if word is None or gate is None:
        return 0, None
    bits = lanes * source.result.width
    number = int(word[1].replace("x", "0"), 2).to_bytes((bits + 7) // 8, "little")
    rows = np.frombuffer(number, dtype=np.uint8)[None, :]
    beat = unpack(rows, lanes, source.result.width, signed=source.result.signed)
    values = np.tile(beat, source.size // lanes)
    result = run_node(node, [Operand(values.reshape(1, *source.shape), source.result)]).reshape(-1)
    found = int(gate[1].replace("x", "0"), 2)
    if node.result.signed and found >> (node.result.width - 1):
        found -= 1 << node.result.width
    expected = int(result[index])
    return expected, None if found == expected else found


def _read(place: Path, node: Node, source: Node, lanes: tuple[int, int], log: Path) -> LayerProof:
    """What the logs say of a beat's numbers; `lanes` are those of the input's and of the output's beats."""
    proven, late = 0, 0
    read, size = lanes
    for index in range(size):
        path = place / f"proof{index}.log"
        text = path.read_text(errors="replace") if path.is_file() else ""
        if "no model found: SUCCESS!" in text:
            proven += 1
        elif "model found: FAIL!" in text:
            expected, found = _counterexample(text, node, source, read, index)
            word = _INPUT.search(text)
            shown = "" if word is None else f" for the input word {int(word[1].replace('x', '0'), 2):#x}"
            why = f"number {index} is {found}, the Graph has {expected}{shown}; the log is {log}"
            return LayerProof(node.name, Outcome.FALSE, proven, size, index, expected, found, why)
        elif "TIMEOUT" in text:
            late += 1
        else:  # ended before its turn
            late += 1
    if late:
        why = f"{late} of {size} numbers did not end in {LIMIT_S:g} s for the layer"
        return LayerProof(node.name, Outcome.NOT_ENDED, proven, size, why=why)
    return LayerProof(node.name, Outcome.PROVEN, proven, size)


def _prove(node: Node, source: Node, bus: Bus, before: Bus, texts: Sequence[bytes], work: Path) -> LayerProof:
    whole = bus.beats == before.beats == 1
    # What is done to each number by itself is done to each beat by itself.
    beatwise = isinstance(node, (Activation, Normalize)) and (bus.lanes, bus.beats) == (before.lanes, before.beats)
    if not (whole or beatwise):
        return _not_tried(node, "it does not travel whole")
    try:
        gold = definition(node, source.result, before.lanes, "gold")
    except NoDefinitionError as error:
        return _not_tried(node, str(error))
    log = work / f"{bus.module}.log"
    with tempfile.TemporaryDirectory(prefix="proof-", dir=work) as name:
        place = Path(name).resolve()
        files = [f"s{number:04d}.v" for number in range(len(texts))]
        for file, text in zip(files, texts, strict=True):
            (place / file).write_bytes(text)
        (place / "gold.sv").write_text(gold)
        (place / "gate.sv").write_text(_gate(bus, before))
        (place / "wires.v").write_text(_WIRES)
        (place / "prove.ys").write_text(_script(files, bus.lanes, LIMIT_S))
        command = [*find_yosys().command, "prove.ys"]
        try:
            run_tool("Yosys", command, folder=place, log=log, limit_s=_START_S + LIMIT_S)
        except ToolFailedError as error:
            told = log.read_text(errors="replace") if log.is_file() else ""
            _, failed, end = told.rpartition("ERROR:")
            if failed and ("selection is not empty" in end or "SCCs" in end):
                return _not_tried(node, "its unit keeps a state from clock to clock")
            if "ran past its limit" not in str(error):
                raise
        return _read(place, node, source, (before.lanes, bus.lanes), log)


def prove_layers(project: Path, graph: Graph, work: Path) -> tuple[LayerProof, ...]:
    """Prove the layers of an RTL project, those that are written down as a definition and have no state.

    Args:
        project: the RTL project.
        graph: that it was made from.
        work: where Yosys' logs go, one a layer.

    Raises:
        DesignError: the manifest or a source is missing or damaged.
        ToolMissingError: Yosys is not installed.
        ToolFailedError: Yosys failed.
    """
    manifest = Manifest.load(project)
    find_yosys()
    make_folder(work)
    try:
        texts = [(project / name).read_bytes() for name in manifest.sources]
    except OSError as error:
        raise DesignError(f"{error.filename} cannot be read ({error.strerror}); write the RTL project again") from error
    layers = {bus.node: bus for bus in manifest.layers}
    proofs = []
    for node in graph:
        if isinstance(node, Input) or node.name not in layers:
            continue
        sources = graph.sources(node)
        if len(sources) != 1:
            proofs.append(_not_tried(node, "it reads several tensors"))
            continue
        (source,) = sources
        proofs.append(_prove(node, source, layers[node.name], layers[source.name], texts, work.resolve()))
    return tuple(proofs)
