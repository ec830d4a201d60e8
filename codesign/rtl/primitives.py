"""The Verilog that nodes share: alkaid's adders, multiplexers and multipliers, and lookup tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.resources import files

from alkaid.codegen.rtl.verilog.lookup import lookup_source
from alkaid.types import CombLogic

TABLES = "tables"
_PRIMITIVES = ("binop", "multiplier", "mux", "negative", "shift_adder", "ternary_adder")


def tables(stages: Sequence[CombLogic]) -> dict[str, str]:
    """Every lookup table that the stages use, each once, by file name; nothing where there are none."""
    text = lookup_source(list(stages))
    return {TABLES: text} if text else {}


def primitives(text: str) -> dict[str, str]:
    """The primitives that a Verilog text instantiates, by file name."""
    source = files("alkaid.codegen.rtl.verilog") / "source"
    return {
        name: (source / f"{name}.v").read_text()
        for name in _PRIMITIVES
        if re.search(rf"\b{name} #\(", text) is not None
    }
