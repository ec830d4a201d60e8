"""Kinds of fault, and where each can be planted: every kind finds its places in an expression or an instance."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from codesign.verify.mutation.verilog import Instance, Module, Slot, SlotKind, Token


class FaultKind(str, Enum):
    """What a designer, a generator or a slip of the hand gets wrong."""

    OPERATOR = "operator"
    CONSTANT = "constant bit"
    WIDTH = "width"
    OFF_BY_ONE = "off by one"
    HANDSHAKE = "handshake"
    ROUNDING = "rounding"
    MUX = "mux arms"
    ENABLE = "enable"
    RESET = "reset"
    SHIFT = "shift"
    SIGN = "sign"


@dataclass(frozen=True)
class Edit:
    """A fault as a change of text.

    Attributes:
        kind: of fault.
        start: offset in the file.
        end: offset behind what is replaced.
        text: that takes its place.
    """

    kind: FaultKind
    start: int
    end: int
    text: str


Finder = Callable[[Slot, Sequence[bool], np.random.Generator], Iterator[Edit]]

_SWAPS = {
    "+": "-",
    "-": "+",
    "*": "+",
    "&": "|",
    "|": "&",
    "^": "|",
    "&&": "||",
    "||": "&&",
    "==": "!=",
    "!=": "==",
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "<<": ">>",
    ">>": "<<",
    "<<<": ">>>",
    ">>>": ">>",
}
_REDUCTIONS = {"&": "|", "|": "&", "^": "|"}
_GO = r"valid|ready|free|take|takes|move|moves|give|gives|ce|step|vld|start|begin|begins"
_STOP = r"full|hold|stall|had|busy|more|wait|waiting|stuck|done|last"
_GOES = re.compile(rf"(?:^|_)(?:{_GO})\d*(?:_|$)")
_STOPS = re.compile(rf"(?:^|_)(?:{_STOP})\d*(?:_|$)")
_ROUNDS = re.compile(r"(?:^|_)(?:half|tie|round|rounds|up|sticky|guard|odd)\d*(?:_|$)")
_RESETS = re.compile(r"!?~?(?:rst|reset|aresetn|ap_rst)")
_SIZED = re.compile(r"(\d+)'([sS]?)([bBdDhHoO])([0-9a-fA-F_]+)")
_BASES = {"b": 2, "o": 8, "d": 10, "h": 16}


def protected(slot: Slot) -> list[bool]:
    """By token of an expression, whether it must stay a constant: it selects bits, or counts copies."""
    found = [False] * len(slot.tokens)
    for place, token in enumerate(slot.tokens):
        if token.text == "[":
            depth = 0
            for inside in range(place, len(slot.tokens)):
                depth += (slot.tokens[inside].text in "([{") - (slot.tokens[inside].text in ")]}")
                found[inside] = True
                if not depth:
                    break
        if token.text == "{":
            inner = _copied(slot.tokens, place)
            found[place:inner] = [True] * (inner - place)
    return found


def _copied(tokens: Sequence[Token], place: int) -> int:
    """Where the inner `{` of a replication stands; `place` where it is a concatenation."""
    depth = 0
    for inside in range(place + 1, len(tokens)):
        text = tokens[inside].text
        if text == "{" and not depth:
            return inside if inside > place + 1 and tokens[inside - 1].text != "," else place
        if text in (",", "}") and not depth:
            return place
        depth += (text in ("(", "[")) - (text in (")", "]"))
    return place


def _is_binary(tokens: Sequence[Token], place: int) -> bool:
    return place > 0 and (tokens[place - 1].kind in ("name", "number") or tokens[place - 1].text in ")]}")


def _operators(slot: Slot, fixed: Sequence[bool], rng: np.random.Generator) -> Iterator[Edit]:
    for place, token in enumerate(slot.tokens):
        if fixed[place] or token.kind != "op":
            continue
        if _is_binary(slot.tokens, place) and token.text in _SWAPS:
            yield Edit(FaultKind.OPERATOR, token.start, token.end, _SWAPS[token.text])
        elif not _is_binary(slot.tokens, place) and token.text in _REDUCTIONS:
            yield Edit(FaultKind.OPERATOR, token.start, token.end, _REDUCTIONS[token.text])
        elif token.text in ("~", "!") and slot.tokens[place + 1].text not in ("&", "|", "^"):
            yield Edit(FaultKind.OPERATOR, token.start, token.end, "")


def flipped(text: str, rng: np.random.Generator) -> str | None:
    """A sized number with one of its bits turned; None where it has no size, or unknown bits."""
    match = _SIZED.fullmatch(text)
    if match is None:
        return None
    width, base = int(match[1]), _BASES[match[3].lower()]
    value = int(match[4].replace("_", ""), base) ^ (1 << int(rng.integers(width)))
    return f"{width}'{match[2]}h{value:x}"


def _constants(slot: Slot, fixed: Sequence[bool], rng: np.random.Generator) -> Iterator[Edit]:
    for place, token in enumerate(slot.tokens):
        changed = flipped(token.text, rng) if token.kind == "number" and not fixed[place] else None
        if changed is not None:
            yield Edit(FaultKind.CONSTANT, token.start, token.end, changed)


def _widths(slot: Slot, fixed: Sequence[bool], rng: np.random.Generator) -> Iterator[Edit]:
    texts = [token.text for token in slot.tokens]
    for place in range(len(texts) - 5):
        if fixed[place] or slot.tokens[place].kind != "name" or texts[place + 1] != "[" or texts[place + 3] != ":":
            continue
        high, low = texts[place + 2], texts[place + 4]
        if texts[place + 5] == "]" and high.isdigit() and low.isdigit() and int(high) > int(low):
            text = f"{{1'b0, {texts[place]}[{int(high) - 1}:{low}]}}"
            yield Edit(FaultKind.WIDTH, slot.tokens[place].start, slot.tokens[place + 5].end, text)


def _operand(tokens: Sequence[Token], place: int) -> int:
    """The place behind the operand that begins here; `place` where it is none that is simple."""
    if place >= len(tokens):
        return place
    if tokens[place].kind == "number":
        return place + 1
    if tokens[place].text == "{" or tokens[place].text == "(":
        end = place
    elif tokens[place].kind == "name":
        end = place + 1
        if end >= len(tokens) or tokens[end].text != "[":
            return end
    else:
        return place
    depth = 0
    for inside in range(end, len(tokens)):
        depth += (tokens[inside].text in "([{") - (tokens[inside].text in ")]}")
        if not depth:
            return inside + 1
    return place


def _off_by_one(slot: Slot, fixed: Sequence[bool], rng: np.random.Generator) -> Iterator[Edit]:
    tokens = slot.tokens
    for place, token in enumerate(tokens):
        if fixed[place] or token.kind != "op" or not _is_binary(tokens, place):
            continue
        end = _operand(tokens, place + 1)
        if end == place + 1:
            continue
        start, stop = tokens[place + 1].start, tokens[end - 1].end
        if token.text in ("==", "!=", "<", "<=", ">", ">="):
            yield Edit(FaultKind.OFF_BY_ONE, stop, stop, " - 1'b1")
        elif token.text in ("+", "-") and tokens[place + 1].text == "1'b1":
            yield Edit(FaultKind.OFF_BY_ONE, start, stop, f"1'b1 {token.text} 1'b1")


def _stuck(kind: FaultKind, pattern: re.Pattern[str], text: str) -> Finder:
    """Flags that are always high, or always low, where they are read."""

    def find(slot: Slot, fixed: Sequence[bool], rng: np.random.Generator) -> Iterator[Edit]:
        for place, token in enumerate(slot.tokens):
            if token.kind != "name" or fixed[place] or not pattern.search(token.text):
                continue
            end = _operand(slot.tokens, place)
            if end < len(slot.tokens) and slot.tokens[end].text == "(":
                continue
            first, last = token.start, slot.tokens[end - 1].end
            selected = "".join(item.text for item in slot.tokens[place:end])
            yield Edit(kind, first, last, text.replace("X", selected))

    return find


def _mux(slot: Slot, fixed: Sequence[bool], rng: np.random.Generator) -> Iterator[Edit]:
    tokens = slot.tokens
    for place, token in enumerate(tokens):
        if token.text != "?" or fixed[place]:
            continue
        colon = _matching(tokens, place + 1, nested=True)
        end = _matching(tokens, colon + 1, nested=False)
        if colon == place + 1 or colon >= len(tokens) or end == colon + 1:
            continue
        first = (tokens[place + 1].start, tokens[colon - 1].end)
        second = (tokens[colon + 1].start, tokens[end - 1].end)
        yield Edit(FaultKind.MUX, first[0], second[1], f"\0{second[0]}:{second[1]}\0 : \0{first[0]}:{first[1]}\0")


def _matching(tokens: Sequence[Token], place: int, *, nested: bool) -> int:
    """The place of this level's `:` (`nested`), or where the expression ends."""
    depth = questions = 0
    for inside in range(place, len(tokens)):
        text = tokens[inside].text
        if depth == 0 and (text in ")]}" or text == ","):
            return inside
        depth += (text in "([{") - (text in ")]}")
        if depth:
            continue
        if text == "?":
            questions += 1
        elif text == ":" and questions:
            questions -= 1
        elif text == ":" and nested:
            return inside
    return len(tokens)


def _conditions(slot: Slot, fixed: Sequence[bool], rng: np.random.Generator) -> Iterator[Edit]:
    if slot.kind is not SlotKind.CONDITION:
        return
    text = "".join(token.text for token in slot.tokens)
    if _RESETS.fullmatch(text):
        yield Edit(FaultKind.RESET, slot.start, slot.end, "1'b0")
    else:
        yield Edit(FaultKind.ENABLE, slot.start, slot.end, "1'b1")


FINDERS: tuple[Finder, ...] = (
    _operators,
    _constants,
    _widths,
    _off_by_one,
    _stuck(FaultKind.HANDSHAKE, _GOES, "(X | ~X)"),
    _stuck(FaultKind.HANDSHAKE, _STOPS, "(X & ~X)"),
    _stuck(FaultKind.ROUNDING, _ROUNDS, "(X & ~X)"),
    _mux,
    _conditions,
)


def slot_edits(text: str, slot: Slot, rng: np.random.Generator) -> list[Edit]:
    """Every fault that can be planted in an expression.

    Args:
        text: of the file.
        slot: an expression in it.
        rng: chooses the bits of constants.
    """
    fixed = protected(slot)
    found = [edit for finder in FINDERS for edit in finder(slot, fixed, rng)]
    if slot.kind is SlotKind.ROM:
        found = [edit for edit in found if edit.kind is FaultKind.CONSTANT]
    return [Edit(e.kind, e.start, e.end, _filled(text, e.text)) for e in found]


def _filled(text: str, template: str) -> str:
    """A replacement in which `\\0start:end\\0` stands for a part of the file."""
    return re.sub(r"\0(\d+):(\d+)\0", lambda match: text[int(match[1]) : int(match[2])], template)


_HALF = re.compile(r"0*1+|10+")


def instance_edits(
    instance: Instance, module: Module | None, rng: np.random.Generator
) -> Iterator[tuple[FaultKind, tuple[int, ...], tuple[str, ...]]]:
    """Faults of an instance, as its parameters and ports.

    Args:
        instance: by place.
        module: of which; None where its text is not among the sources.
        rng: chooses the bits of constants.
    """
    for place, token in instance.literals:
        match = _SIZED.fullmatch(token.text)
        changed = flipped(token.text, rng)
        if match is None or changed is None:
            continue
        ports = list(instance.ports)
        ports[place] = changed
        yield FaultKind.CONSTANT, instance.parameters, tuple(ports)
        if _HALF.fullmatch(match[4]) and match[3].lower() == "b":
            ports[place] = f"{match[1]}'b0"
            yield FaultKind.ROUNDING, instance.parameters, tuple(ports)
    names = module.parameters if module is not None else []
    for place, name in enumerate(names[: len(instance.parameters)]):
        value = instance.parameters[place]
        parameters = list(instance.parameters)
        if re.fullmatch(r"IS_SUB\d*|NEGATE\d*", name):
            parameters[place] = int(not value)
            yield FaultKind.OPERATOR, tuple(parameters), instance.ports
        elif re.fullmatch(r"SIGNED\d*", name):
            parameters[place] = int(not value)
            yield FaultKind.SIGN, tuple(parameters), instance.ports
        elif re.fullmatch(r"(?:SHIFT|PAD)\d*", name):
            parameters[place] = value + 1
            yield FaultKind.SHIFT, tuple(parameters), instance.ports
