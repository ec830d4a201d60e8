"""Read-only memories in Verilog that Yosys, Vivado and Verilator read alike, block RAM or LUTs."""

from __future__ import annotations

from collections.abc import Sequence


def rom(name: str, words: Sequence[int], width: int, address: str, *, block: bool) -> list[str]:
    """A memory whose word stands in the register `name` a clock after its address, where `ce` is high.

    Args:
        name: of the register.
        words: from address 0 on.
        width: of a word, in bits.
        address: name of the wire that is declared for its address.
        block: in block RAM; else in LUTs.
    """
    bits = max((len(words) - 1).bit_length(), 1)
    lines = [f"wire [{bits - 1}:0] {address};"]
    if len(set(words)) == 1:
        return [*lines, f"wire [{width - 1}:0] {name} = {width}'h{words[0]:x};"]
    # Yosys goes by the first of both, and has no memory of LUTs that is never written; Vivado by rom_style.
    style = '(* rom_style = "block" *)' if block else '(* ram_style = "registers", rom_style = "distributed" *)'
    return [
        *lines,
        f"{style} reg [{width - 1}:0] {name}_rom [0:{len(words) - 1}];",
        "initial begin",
        *(f"    {name}_rom[{index}] = {width}'h{word:x};" for index, word in enumerate(words)),
        "end",
        f"reg [{width - 1}:0] {name};",
        f"always @(posedge clk) if (ce) {name} <= {name}_rom[{address}];",
    ]
