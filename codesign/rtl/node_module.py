"""One node as a Verilog module: alkaid's logic cut into pipeline stages, between words of the Graph's widths."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from alkaid.codegen.rtl.verilog import comb_logic_gen
from alkaid.types import CombLogic

from codesign.errors import BoardError, GraphError
from codesign.graph import Node
from codesign.rtl.fabric import Cut
from codesign.rtl.opcodes import WIRING
from codesign.rtl.pipeline import longest_stage_ns, stages

_UNSIZED = re.compile(r"wire \[(\d+):0\] (\w+); assign \S+ = 'b([01]+);")


@dataclass(frozen=True)
class NodeModule:
    """A node's Verilog.

    Attributes:
        name: of the module, with ports clk, ce, x0, x1, … (a bus for each source) and y. No register changes at a clock
            edge where ce is low.
        text: of the module and its stages.
        latency: clock edges from the inputs to y; 0 where y is their bits rearranged.
        stages: the logic of each stage.
    """

    name: str
    text: str
    latency: int
    stages: tuple[CombLogic, ...]


def _input_bits(stage: CombLogic, sources: Sequence[Node]) -> str:
    """The bits that the first stage reads, highest first, as one concatenation."""
    places = [(f"x{number}", source, index) for number, source in enumerate(sources) for index in range(source.size)]
    parts = []
    for (bus, source, index), (signed, integers, fraction) in zip(places, stage.inp_kifs.T.tolist(), strict=True):
        bits = int(signed + integers + fraction)
        if bits == 0:
            continue
        low = index * source.result.width - int(fraction)
        parts.append(f"{bus}[{low + bits - 1}:{low}]")
    return "{" + ", ".join(reversed(parts)) + "}"


def _output_words(last: CombLogic, node: Node) -> list[str]:
    """Each element of the result as an expression of `node.result.width` bits over the bus `r`."""
    width = node.result.width
    words = []
    low = 0
    for signed, integers, fraction in last.out_kifs.T.tolist():
        bits = int(signed + integers + fraction)
        zeros = -int(fraction)
        if bits == 0:
            words.append(f"{width}'d0")
            continue
        extend = width - bits - zeros
        if zeros < 0 or extend < 0:
            raise GraphError(f"node {node.name!r}: its logic gives {bits} bits from bit {zeros}, not {node.result}")
        parts = []
        if extend:
            fill = f"r[{low + bits - 1}]" if signed else "1'b0"
            parts.append(f"{{{extend}{{{fill}}}}}")
        parts.append(f"r[{low + bits - 1}:{low}]")
        if zeros:
            parts.append(f"{zeros}'d0")
        words.append("{" + ", ".join(parts) + "}")
        low += bits
    return words


def _constants(last: CombLogic, node: Node) -> list[str] | None:
    """The result where it depends on no input; None where it does."""
    width = node.result.width
    words = []
    for index, shift in zip(last.out_idxs, last.out_shifts, strict=True):
        op = last.ops[index]
        if op.opcode != 5:
            return None
        value = int(op.qint.min * 2.0**shift) & ((1 << width) - 1)
        words.append(f"{width}'h{value:x}")
    return words


def _stages(logic: CombLogic, node: Node, cut: Cut) -> tuple[CombLogic, ...]:
    found = stages(logic, cut)
    needed = longest_stage_ns(found, cut.fabric)
    if cut.stages and needed > cut.period_ns + 1e-9:
        raise BoardError(
            f"layer {node.name!r}: one of its operations takes {needed:.1f} ns from register to register, the clock "
            f"period is {cut.period_ns:g} ns; give a period of at least {math.ceil(needed * 10) / 10:g} ns, "
            "or narrower types"
        )
    return found


def _module(name: str, node: Node, sources: Sequence[Node], body: list[str]) -> str:
    lines = [
        f"module {name} (",
        "    input wire clk,",
        "    input wire ce,",
        *(f"    input wire [{s.size * s.result.width - 1}:0] x{number}," for number, s in enumerate(sources)),
        f"    output wire [{node.size * node.result.width - 1}:0] y",
        ");",
        *(f"    {line}" for line in body),
        "endmodule",
    ]
    return "\n".join(lines) + "\n"


def _concatenated(words: list[str]) -> str:
    return "assign y = {" + ",\n        ".join(reversed(words)) + "};"


def sized(text: str) -> str:
    """alkaid writes constants without a size, which a tool may read as 32 bits."""
    return _UNSIZED.sub(lambda m: f"wire [{m[1]}:0] {m[2]}; assign {m[2]} = {int(m[1]) + 1}'b{m[3]};", text)


def node_module(name: str, node: Node, sources: Sequence[Node], logic: CombLogic, cut: Cut) -> NodeModule:
    """The Verilog of a node.

    Args:
        name: of the module.
        node: the operation.
        sources: the nodes that it reads, in order; for a port, the port itself.
        logic: from `node_logic`.
        cut: what may stand between two registers.

    Raises:
        GraphError: the logic does not fit the node's widths.
        BoardError: one operation alone takes longer than the clock period.
    """
    fixed = _constants(logic, node)
    if fixed is not None:
        return NodeModule(name, _module(name, node, sources, [_concatenated(fixed)]), 0, ())
    parts = _stages(logic, node, cut)
    for before, after in pairwise(parts):
        if before.out_kifs.tolist() != after.inp_kifs.tolist():
            raise GraphError(f"node {node.name!r}: its pipeline stages do not join")
    registered = any(op.opcode not in WIRING for op in logic.ops)
    texts, body = [], []
    feed = _input_bits(parts[0], sources)
    for number, stage in enumerate(parts):
        stage_name = f"{name}_stage{number}"
        texts.append(sized(comb_logic_gen(stage, stage_name)))
        inputs, outputs = int(stage.inp_kifs.sum()), int(stage.out_kifs.sum())
        body += [
            f"wire [{inputs - 1}:0] a{number} = {feed};",
            f"wire [{outputs - 1}:0] b{number};",
            f"{stage_name} stage{number} (.model_inp(a{number}), .model_out(b{number}));",
        ]
        feed = f"b{number}"
        if registered:
            body += [f"reg [{outputs - 1}:0] q{number};", f"always @(posedge clk) if (ce) q{number} <= b{number};"]
            feed = f"q{number}"
    body += [
        f"wire [{int(parts[-1].out_kifs.sum()) - 1}:0] r = {feed};",
        _concatenated(_output_words(parts[-1], node)),
    ]
    texts.append(_module(name, node, sources, body))
    return NodeModule(name, "\n".join(texts), len(parts) if registered else 0, parts)
