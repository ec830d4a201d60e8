"""The arithmetic of stand-ins for vendor RTL: a Graph's layers as plain Verilog modules, softmax with ROM files."""

from __future__ import annotations

from functools import singledispatch

import numpy as np

from codesign.graph import Activation, Dense, FixedPoint, Graph, Node, Normalize, Overflow, Rounding, Softmax
from codesign.graph.nodes import Input

TIMESCALE = "`timescale 1 ns / 1 ps\n"
WIDE = "signed [63:0]"
ZERO = "1'b0"


def number(value: int) -> str:
    return f"-64'sd{-value}" if value < 0 else f"64'sd{value}"


def cast_function(name: str, fraction: int, to: FixedPoint) -> str:
    """A function that casts an integer with so many fraction bits into a type."""
    shift = fraction - to.fraction
    half = f"(64'sd1 <<< {max(shift, 1) - 1})"
    rounded = {
        Rounding.TRN: f"v >>> {shift}",
        Rounding.RND: f"(v + {half}) >>> {shift}",
        Rounding.RND_CONV: f"(v + {half} - 64'sd1 + ((v >>> {shift}) & 64'sd1)) >>> {shift}",
    }[to.rounding]
    top = f"r[{to.width - 1}]" if to.signed else ZERO
    fitted = {
        Overflow.WRAP: f"{{{{{64 - to.width}{{{top}}}}}, r[{to.width - 1}:0]}}",
        Overflow.SAT: f"r > {number(to.max_int)} ? {number(to.max_int)} : r < {number(to.min_int)} ? "
        f"{number(to.min_int)} : r",
    }[to.overflow]
    return (
        f"function {WIDE} {name};\n    input {WIDE} v;\n    reg {WIDE} r;\n    begin\n"
        f"        r = {rounded if shift > 0 else f'v <<< {-shift}'};\n        {name} = {fitted};\n"
        "    end\nendfunction\n"
    )


def element(bus: str, index: int, type_: FixedPoint) -> str:
    """Number i of a bus as a wide signed one."""
    low = index * type_.width
    top = f"{bus}[{low + type_.width - 1}]" if type_.signed else ZERO
    return f"$signed({{{{{64 - type_.width}{{{top}}}}}, {bus}[{low + type_.width - 1}:{low}]}})"


def packed(node: Node) -> str:
    return "{" + ", ".join(f"y{i}[{node.result.width - 1}:0]" for i in reversed(range(node.size))) + "}"


@singledispatch
def layer(node: Node, source: Node, top: str) -> tuple[str, dict[str, str], int]:
    """The body of a layer's module (from `d` to `q`), its ROM files, and its latency."""
    raise AssertionError(f"no stand-in for {type(node).__name__}")


def registered(node: Node, functions: str, lines: list[str]) -> tuple[str, dict[str, str], int]:
    values = "".join(f"reg {WIDE} y{i};\n" for i in range(node.size))
    statements = "".join(f"    {line}\n" for line in lines)
    body = f"{functions}{values}reg {WIDE} s;\nalways @ (*) begin\n    s = 64'sd0;\n{statements}end\n"
    return f"{body}always @ (posedge ap_clk) begin\n    q <= {packed(node)};\nend\n", {}, 1


@layer.register
def _dense(node: Dense, source: Node, top: str) -> tuple[str, dict[str, str], int]:
    lines = []
    for output in range(node.size):
        lines.append(f"s = bias({number(int(node.bias[output]))});")
        for index in np.flatnonzero(node.weight[:, output]):
            weight = number(int(node.weight[index, output]))
            lines.append(f"s = wrap(s + product({element('d', int(index), source.result)} * {weight}));")
        lines.append(f"y{output} = to_result(s);")
    functions = (
        cast_function("bias", node.bias_type.fraction, node.accumulator)
        + cast_function("product", source.result.fraction + node.weight_type.fraction, node.accumulator)
        + cast_function("wrap", node.accumulator.fraction, node.accumulator)
        + cast_function("to_result", node.accumulator.fraction, node.result)
    )
    return registered(node, functions, lines)


@layer.register
def _activation(node: Activation, source: Node, top: str) -> tuple[str, dict[str, str], int]:
    lines = []
    for index in range(node.size):
        value = element("d", index, source.result)
        if node.function.value == "relu":
            value = f"({value} > 64'sd0 ? {value} : 64'sd0)"
        lines.append(f"y{index} = to_result({value});")
    return registered(node, cast_function("to_result", source.result.fraction, node.result), lines)


@layer.register
def _normalize(node: Normalize, source: Node, top: str) -> tuple[str, dict[str, str], int]:
    fraction = source.result.fraction + node.scale_type.fraction
    lines = []
    for index in range(node.size):
        scale = number(int(node.scale[index % node.scale.size]))
        bias = number(int(node.bias[index % node.bias.size]) << (fraction - node.bias_type.fraction))
        lines.append(f"y{index} = to_result({element('d', index, source.result)} * {scale} + {bias});")
    return registered(node, cast_function("to_result", fraction, node.result), lines)


def rom_module(name: str, width: int, depth: int) -> str:
    return (
        f"{TIMESCALE}module {name} (\n    address0, ce0, q0,\n    reset, clk);\n\nparameter DataWidth = {width};\n"
        f"parameter AddressWidth = {(depth - 1).bit_length()};\nparameter AddressRange = {depth};\n\n"
        "input[AddressWidth-1:0] address0;\ninput ce0;\noutput reg[DataWidth-1:0] q0;\n\ninput reset;\ninput clk;\n\n"
        '(* rom_style = "block" *)reg [DataWidth-1:0] rom0[0:AddressRange-1];\n\n'
        f'initial begin\n    $readmemh("./{name}.dat", rom0);\nend\n\n'
        "always @(posedge clk)\nbegin\n    if (ce0) q0 <= rom0[address0];\nend\n\nendmodule\n"
    )


def rom_files(name: str, words: np.ndarray, width: int) -> dict[str, str]:
    text = "".join(f"{int(word) & ((1 << width) - 1):x}\n" for word in words)
    return {f"{name}.v": rom_module(name, width, words.size), f"{name}.dat": text}


@layer.register
def _softmax(node: Softmax, source: Node, top: str) -> tuple[str, dict[str, str], int]:
    """A stage for each table, one for the product."""
    exp, inv, norm, n = node.exp_type, node.inv_type, node.norm, node.size
    exp_low = norm.width - (node.exp_table.size - 1).bit_length()
    inv_low = exp.width - (node.inv_table.size - 1).bit_length()
    exp_rom, inv_rom = (f"{top}_{node.name}_{kind}_table_ROM_AUTO_1R" for kind in ("exp", "invert"))
    values = [element("d", index, source.result) for index in range(n)]
    wanted = [f"greatest = {values[0]};"]
    wanted += [f"greatest = {value} > greatest ? {value} : greatest;" for value in values[1:]]
    wanted += [f"c{index} = to_norm({value} - greatest);" for index, value in enumerate(values)]
    summed = ["s = 64'sd0;"] + [f"s = to_sum(s + {element(f'e{index}', 0, exp)});" for index in range(n)]
    product = [f"y{i} = to_result({element('kept', i, exp)} * {element('v', 0, inv)});" for i in range(n)]
    each = range(n)
    body = (
        cast_function("to_norm", source.result.fraction, norm)
        + cast_function("to_sum", exp.fraction, exp)
        + cast_function("to_result", exp.fraction + inv.fraction, node.result)
        + f"reg {WIDE} greatest, s, {', '.join(f'c{i}, y{i}' for i in each)};\n"
        + f"wire [{exp.width - 1}:0] {', '.join(f'e{i}' for i in each)};\nwire [{inv.width - 1}:0] v;\n"
        + f"reg [{n * exp.width - 1}:0] kept;\n"
    )
    for statements in (wanted, summed, product):
        body += "always @ (*) begin\n" + "".join(f"    {line}\n" for line in statements) + "end\n"
    instances = [(exp_rom, f"c{i}[{norm.width - 1}:{exp_low}]", f"e{i}") for i in each]
    for number_, (rom, address, q) in enumerate([*instances, (inv_rom, f"s[{exp.width - 1}:{inv_low}]", "v")]):
        body += f"{rom} table_U{number_}(.clk(ap_clk), .reset(ap_rst), .address0({address}), .ce0(1'b1), .q0({q}));\n"
    held = ", ".join(f"e{i}" for i in reversed(each))
    body += f"always @ (posedge ap_clk) begin\n    kept <= {{{held}}};\n    q <= {packed(node)};\nend\n"
    return body, rom_files(exp_rom, node.exp_table, exp.width) | rom_files(inv_rom, node.inv_table, inv.width), 3


def datapath(graph: Graph, top: str, entering: str) -> tuple[str, dict[str, str], int]:
    """Instances from the input's wire on, one layer after another, to `w_<last>`; their files; their latency in all."""
    files: dict[str, str] = {}
    text, depth = "", 0
    names = {graph.input_nodes[0].name: entering}
    for index, node in enumerate(graph):
        if isinstance(node, Input):
            continue
        (source,) = graph.sources(node)
        body, more, latency = layer(node, source, top)
        module, width = f"{top}_{node.name}_config{index + 1}_s", node.size * node.result.width
        files |= more
        files[f"{module}.v"] = (
            f"{TIMESCALE}module {module} (\n        ap_clk,\n        ap_rst,\n        d,\n        q\n);\n\n"
            f"input   ap_clk;\ninput   ap_rst;\ninput  [{source.size * source.result.width - 1}:0] d;\n"
            f"output  [{width - 1}:0] q;\n\nreg   [{width - 1}:0] q;\n\n{body}\nendmodule //{module}\n"
        )
        text += (
            f"wire   [{width - 1}:0] w_{node.name};\n{module} grp_{node.name}_fu_{50 + index}(\n    .ap_clk(ap_clk),\n"
            f"    .ap_rst(ap_rst),\n    .d({names[source.name]}),\n    .q(w_{node.name})\n);\n"
        )
        names[node.name] = f"w_{node.name}"
        depth += latency
    return text, files, depth
