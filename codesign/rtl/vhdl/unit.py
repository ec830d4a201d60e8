"""Unrolled units in VHDL: the logic of each stage by alkaid, registers and handshake around it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NoReturn

import numpy as np
from alkaid.codegen.rtl.vhdl import comb_logic_gen
from alkaid.types import CombLogic

from codesign.errors import UnsupportedLayerError
from codesign.graph import Convolution, DepthwiseConvolution, Node, Pooling, ReadTimeStep, Recurrent, WriteTimeStep
from codesign.rtl.stream import Unit
from codesign.rtl.vhdl.text import clocked, entity, literal, name, stream, vector
from codesign.simulate import Operand, run_node

# alkaid reduces bits by functions of a package that is no standard; VHDL-2008 has operators for it.
_REDUCED = re.compile(r"\b(or|and)_reduce\((\w+)\)")
_PACKAGE = re.compile(r"use ieee\.std_logic_misc\.\w+;\n")
_NEVER = (Convolution, DepthwiseConvolution, Pooling, Recurrent, ReadTimeStep, WriteTimeStep)


def _stage(stage: CombLogic, title: str) -> str:
    text = comb_logic_gen(stage, title)
    return _REDUCED.sub(r"\1 \2", _PACKAGE.sub("", text))


def _slice(bus: str, low: int, bits: int) -> str:
    return f"{bus}({low + bits - 1} downto {low})"


def _read(stage: CombLogic, sources: Sequence[Node]) -> list[str]:
    """The bits that the first stage reads, highest first."""
    places = [(f"in{k}_data", source, index) for k, source in enumerate(sources) for index in range(source.size)]
    parts = []
    for (bus, source, index), (signed, integers, fraction) in zip(places, stage.inp_kifs.T.tolist(), strict=True):
        bits = int(signed + integers + fraction)
        if bits:
            parts.append(_slice(bus, index * source.result.width - int(fraction), bits))
    return parts[::-1]


def _words(last: CombLogic, node: Node) -> list[str]:
    """Each number of the result, of the bus `r`."""
    width, low, found = node.result.width, 0, []
    for signed, integers, fraction in last.out_kifs.T.tolist():
        bits, zeros = int(signed + integers + fraction), -int(fraction)
        if bits == 0:
            found.append(literal(0, width))
            continue
        kind = "signed" if signed else "unsigned"
        word = f"std_logic_vector(resize({kind}({_slice('r', low, bits)}), {width - zeros}))"
        found.append(f"{word} & {literal(0, zeros)}" if zeros else word)
        low += bits
    return found


def _handshake(inputs: int, latency: int) -> tuple[list[str], list[str]]:
    """Signals and statements of a pipeline that stands still while its answer is not taken."""
    valid = " and ".join(f"in{k}_valid" for k in range(inputs))
    signals = ["ce : std_logic"]
    if latency == 0:
        body = ["ce <= out_ready;", f"out_valid <= {valid};"]
    else:
        signals.append(f"valid : {vector(latency)}")
        moved = f"valid({latency - 2} downto 0) & ({valid})" if latency > 1 else f"(0 => {valid})"
        body = [
            f"ce <= out_ready or not valid({latency - 1});",
            f"out_valid <= valid({latency - 1});",
            *clocked(
                [
                    "if rst = '1' then",
                    "    valid <= (others => '0');",
                    "elsif ce = '1' then",
                    f"    valid <= {moved};",
                    "end if;",
                ]
            ),
        ]
    for k in range(inputs):
        others = "".join(f" and in{j}_valid" for j in range(inputs) if j != k)
        body.append(f"in{k}_ready <= ce{others};")
    return signals, body


def _ports(unit: Unit, widths: Sequence[int], output: int) -> list[str]:
    ports = ["clk : in std_logic", "rst : in std_logic"]
    for k, (layout, width) in enumerate(zip(unit.inputs, widths, strict=True)):
        ports += stream(f"in{k}", layout.lanes * width, "in", "out")
    return [*ports, *stream("out", unit.output.lanes * output, "out", "in")]


def passing_unit(unit: Unit, node: Node) -> str:
    """A unit that hands its beats on."""
    signals, body = _handshake(1, unit.behaviour.latency)
    passed = ["out_data <= in0_data;"]
    if unit.behaviour.latency:
        passed = clocked(["if ce = '1' then", *(f"    {line}" for line in passed), "end if;"])
    ports = _ports(unit, [node.result.width], node.result.width)
    return entity(name(unit.module), ports, signals, [*body, *passed])


def logic_unit(unit: Unit, node: Node, sources: Sequence[Node]) -> str:
    """A unit that is a pipeline of a node's logic.

    Args:
        unit: its Verilog.
        node: what it computes on a beat.
        sources: what that reads.
    """
    signals, body = _handshake(len(sources), unit.behaviour.latency)
    texts = []
    width = node.result.width
    if unit.stages:
        feed = " & ".join(_read(unit.stages[0], sources))
        for number, stage in enumerate(unit.stages):
            title = name(f"{unit.module}_stage{number}")
            texts.append(_stage(stage, title))
            inputs, outputs = int(stage.inp_kifs.sum()), int(stage.out_kifs.sum())
            signals += [f"a{number} : {vector(inputs)}", f"b{number} : {vector(outputs)}"]
            body += [
                f"a{number} <= {feed};",
                f"stage{number} : entity work.{title} port map (model_inp => a{number}, model_out => b{number});",
            ]
            feed = f"b{number}"
            if unit.behaviour.latency:
                signals.append(f"q{number} : {vector(outputs)}")
                body += clocked(["if ce = '1' then", f"    q{number} <= b{number};", "end if;"])
                feed = f"q{number}"
        signals.append(f"r : {vector(int(unit.stages[-1].out_kifs.sum()))}")
        body.append(f"r <= {feed};")
        words = _words(unit.stages[-1], node)
    else:
        words = [literal(value, width) for value in _constants(node, sources)]
    body += [f"{_slice('out_data', index * width, width)} <= {word};" for index, word in enumerate(words)]
    ports = _ports(unit, [source.result.width for source in sources], width)
    texts.append(entity(name(unit.module), ports, signals, body))
    return "\n".join(texts)


def _constants(node: Node, sources: Sequence[Node]) -> list[int]:
    """The result of a node that depends on nothing that it reads."""
    operands = [Operand(np.zeros((1, *source.shape), dtype=np.int64), source.result) for source in sources]
    return [int(value) for value in run_node(node, operands).ravel()]


def check_planned(node: Node, reuse: int) -> None:
    """Refuse, before anything is built, a node whose unit is no logic of alkaid's, as far as its class tells.

    Args:
        node: the operation.
        reuse: clocks for a vector.

    Raises:
        UnsupportedLayerError: naming the layer and what to do.
    """
    if reuse > 1 or isinstance(node, _NEVER):
        _refuse(node)


def check_unrolled(node: Node, unit: Unit) -> None:
    """Refuse a unit that is no logic of alkaid's.

    Raises:
        UnsupportedLayerError: naming the layer and what to do.
    """
    if unit.traced is None and not unit.passes:
        _refuse(node)


def _refuse(node: Node) -> NoReturn:
    raise UnsupportedLayerError(
        f"layer {node.name!r}: its unit is a template in SystemVerilog, and VHDL is written for unrolled dense and "
        "element-wise layers alone; convert with --language verilog"
    )
