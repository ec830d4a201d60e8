"""What the Verilog of a unit instantiates and declares, read out of the text that our own generators write."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from codesign.estimate.rtl.memory import block_rom
from codesign.estimate.rtl.pieces import Pieces
from codesign.estimate.rtl.tables import columns, table_luts
from codesign.estimate.rtl.templates import template_pieces
from codesign.estimate.rtl.templates.storage import stored
from codesign.rtl.family import TIMING, Family

_INSTANCE = re.compile(r"\b(cs_\w+) #\((\.[^;]*?)\) \w+ \(")
_PARAMETER = re.compile(r"\.(\w+)\(([^()]*)\)")
_SIZED = re.compile(r"(\d+)'([hdb])([0-9a-fA-F]+)")
_BASES = {"h": 16, "d": 10, "b": 2}
_MODULE = re.compile(r"^module (\w+)\b(.*?)^endmodule", re.MULTILINE | re.DOTALL)
_MEMORY = re.compile(r"\breg (?:\[(\d+):0\] )?(\w+) \[0:(\d+)\];")
_REGISTER = re.compile(r"^\s*(?:output )?reg (?:signed )?(?:\[(\d+):0\] )?(\w+(?:, \w+)*)[;,]", re.MULTILINE)
_WORD = re.compile(r"words\[(\d+)\] = \d+'h([0-9a-f]+);")
WINDOW = "cs_window"
_BLOCK = '(* rom_style = "block" *)'
# The registers behind alkaid's stages are counted bit by bit elsewhere.
_STAGE = re.compile(r"q\d+")


@dataclass(frozen=True)
class Instance:
    """A template with its parameters.

    Attributes:
        template: its name.
        parameters: by name.
    """

    template: str
    parameters: dict[str, int]


def _value(text: str) -> int:
    sized = _SIZED.fullmatch(text.strip())
    return int(sized[3], _BASES[sized[2]]) if sized else int(text)


def instances(text: str) -> Iterator[Instance]:
    """The templates that a text instantiates."""
    for found in _INSTANCE.finditer(text):
        yield Instance(found[1], {p[1]: _value(p[2]) for p in _PARAMETER.finditer(found[2])})


def _rom(body: str, family: Family) -> Pieces:
    """A memory that is never written, with the register of its word."""
    found = _MEMORY.search(body)
    assert found is not None
    width, depth = int(found[1] or 0) + 1, int(found[3]) + 1
    words = [int(word[2], 16) for word in sorted(_WORD.finditer(body), key=lambda word: int(word[1]))]
    if _BLOCK in body:
        return Pieces(bram=block_rom(family, width, depth).blocks)
    entries = 1 << (depth - 1).bit_length()
    bits = columns([*words, *[0] * (entries - depth)], width)
    moving = {column.tobytes() for column in bits[:, :depth] if column.min() != column.max()}
    return Pieces(ff=len(moving), rom_luts=table_luts(bits, TIMING[family].fabric.lut_inputs))


def _generated(body: str, family: Family) -> Pieces:
    """The registers and memories that a generated module declares."""
    total = Pieces()
    for found in _MEMORY.finditer(body):
        total = total + stored(family, int(found[1] or 0) + 1, int(found[3]) + 1)
    for found in _REGISTER.finditer(body):
        names = [name for name in found[2].split(", ") if not _STAGE.fullmatch(name)]
        total = total + Pieces(ff=len(names) * (int(found[1] or 0) + 1))
    return total


def text_pieces(text: str, family: Family, *, window: Mapping[str, int] | None = None) -> Pieces:
    """What a unit's Verilog is made of beside alkaid's logic.

    Args:
        text: generated Verilog, templates and primitives left out.
        family: of the part.
        window: parameters of a window in place of its own; those that tell which of its bits are needed.

    Raises:
        EstimateError: no count is known of a template.
    """
    total = Pieces()
    for instance in instances(text):
        parameters = dict(instance.parameters)
        if instance.template == WINDOW:
            parameters.update(window or {})
        total = total + template_pieces(instance.template, parameters, family)
    for found in _MODULE.finditer(text):
        body = found[2]
        if "words[0] =" in body:
            total = total + _rom(body, family)
        elif "output reg [" not in body.split(";")[0] or "always @(posedge" in body:
            total = total + _generated(body, family)
    return total
