"""Read-only memories in Verilog that Yosys, Vivado and Verilator read alike, block RAM or LUTs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Rom:
    """A memory as it stands in a module.

    Attributes:
        lines: that declare the wires of its address and of its word, and instantiate it.
        module: the Verilog of what is instantiated; '' where nothing is.
    """

    lines: tuple[str, ...]
    module: str


def rom(name: str, module: str, words: Sequence[int], width: int, address: str, *, block: bool) -> Rom:
    """A memory whose word stands in a register a clock after its address, where `ce` is high.

    Args:
        name: of the wire of its word.
        module: that it is made as.
        words: from address 0 on.
        width: of a word, in bits.
        address: name of the wire that is declared for its address.
        block: in block RAM; else in LUTs.
    """
    bits = max((len(words) - 1).bit_length(), 1)
    lines = [f"wire [{bits - 1}:0] {address};"]
    if len(set(words)) == 1:
        return Rom((*lines, f"wire [{width - 1}:0] {name} = {width}'h{words[0]:x};"), "")
    # Yosys goes by the first of both, and has no memory of LUTs that is never written; Vivado by rom_style.
    style = '(* rom_style = "block" *)' if block else '(* ram_style = "registers", rom_style = "distributed" *)'
    lines += [
        f"wire [{width - 1}:0] {name};",
        f"{module} {name}_memory (.clk(clk), .ce(ce), .address({address}), .word({name}));",
    ]
    # On its own it is mapped for depth, one LUT of six inputs a bit; among slower logic Yosys takes up to five for it.
    text = [
        *([] if block else ['(* keep_hierarchy = "yes" *)']),
        f"module {module} (input wire clk, input wire ce, input wire [{bits - 1}:0] address,",
        f"    output reg [{width - 1}:0] word);",
        f"    {style} reg [{width - 1}:0] words [0:{len(words) - 1}];",
        "    initial begin",
        *(f"        words[{index}] = {width}'h{word:x};" for index, word in enumerate(words)),
        "    end",
        "    always @(posedge clk) if (ce) word <= words[address];",
        "endmodule",
    ]
    return Rom(tuple(lines), "\n".join(text) + "\n")
