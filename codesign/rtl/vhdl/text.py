"""Pieces of VHDL-2008."""

from __future__ import annotations

import re
from collections.abc import Sequence

_BASIC = re.compile(r"[A-Za-z](_?[A-Za-z0-9])*")
HEAD = "library ieee;\nuse ieee.std_logic_1164.all;\nuse ieee.numeric_std.all;\n"


def name(text: str) -> str:
    """An identifier: as it is where VHDL has such ones, else between backslashes.

    Args:
        text: of letters, digits and `_`, no keyword.
    """
    return text if _BASIC.fullmatch(text) else f"\\{text}\\"


def vector(bits: int) -> str:
    """A type of so many bits."""
    return f"std_logic_vector({bits - 1} downto 0)"


def literal(value: int, bits: int) -> str:
    """The low bits of an integer."""
    return f'"{value & ((1 << bits) - 1):0{bits}b}"'


def entity(title: str, ports: Sequence[str], signals: Sequence[str], body: Sequence[str]) -> str:
    """An entity and its architecture.

    Args:
        title: an identifier.
        ports: declarations.
        signals: declarations.
        body: concurrent statements.
    """
    return (
        f"{HEAD}\nentity {title} is\n    port (\n        " + ";\n        ".join(ports) + "\n    );\n"
        f"end entity {title};\n\narchitecture rtl of {title} is\n"
        + "".join(f"    signal {signal};\n" for signal in signals)
        + "begin\n"
        + "".join(f"    {line}\n" for line in body)
        + "end architecture rtl;\n"
    )


def clocked(lines: Sequence[str]) -> list[str]:
    """A process of statements at each rising edge of `clk`."""
    inside = [f"        {line}" for line in lines]
    return ["process (clk)", "begin", "    if rising_edge(clk) then", *inside, "    end if;", "end process;"]


def stream(title: str, bits: int, into: str, back: str) -> list[str]:
    """The ports of a stream."""
    names = (f"{title}_data", f"{title}_valid", f"{title}_ready")
    data, valid, ready = (name(text) for text in names)
    return [f"{data} : {into} {vector(bits)}", f"{valid} : {into} std_logic", f"{ready} : {back} std_logic"]
