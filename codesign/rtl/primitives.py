"""The Verilog that nodes share: adders, alkaid's multiplexers and multipliers, and lookup tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.resources import files

from alkaid.codegen.rtl.verilog.lookup import lookup_source
from alkaid.types import CombLogic

from codesign.resources import resource

TABLES = "tables"
_PRIMITIVES = ("binop", "multiplier", "mux", "negative", "ternary_adder")
# Ours takes one carry chain where alkaid's subtracts a borrow in a second one.
_OWN = ("shift_adder",)


def tables(stages: Sequence[CombLogic]) -> dict[str, str]:
    """Every lookup table that the stages use, each once, by file name; nothing where there are none."""
    text = lookup_source(list(stages))
    return {TABLES: text} if text else {}


def primitives(text: str) -> dict[str, str]:
    """The primitives that a Verilog text instantiates, by file name."""
    source = files("alkaid.codegen.rtl.verilog") / "source"
    found = {name: source / f"{name}.v" for name in _PRIMITIVES}
    found.update({name: resource("hls_templates") / "rtl" / f"{name}.v" for name in _OWN})
    return {name: path.read_text() for name, path in found.items() if re.search(rf"\b{name} #\(", text) is not None}
