"""As much of Verilog as planting faults needs: tokens, modules, and the expressions that hardware is made of.

Parameters, functions, generate conditions and port directions are left alone: a fault is guarded by a run-time number,
so it can only stand where an expression is evaluated at run time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

_TOKEN = re.compile(
    r"""(?P<skip>\s+|//[^\n]*|/\*.*?\*/|`[^\n]*|\(\*.*?\*\))
    |(?P<text>"(?:\\.|[^"\\])*")
    |(?P<number>(?:\d[\d_]*)?'[sS]?[bBdDhHoO][0-9a-fA-FxXzZ?_]+|\d[\d_]*)
    |(?P<name>\\\S+|[A-Za-z_$][A-Za-z0-9_$]*)
    |(?P<op><<<|>>>|===|!==|<<|>>|<=|>=|==|!=|&&|\|\||\*\*|~&|~\||~\^|\^~|\+:|-:|[-+*/%&|^~!<>=?:;,.(){}\[\]\#@'])""",
    re.VERBOSE | re.DOTALL,
)
_OPEN, _CLOSE = "([{", ")]}"
_DECLARED = ("wire", "logic", "tri")
_SKIPPED = (
    "parameter",
    "localparam",
    "genvar",
    "input",
    "output",
    "inout",
    "reg",
    "integer",
    "defparam",
    "real",
    "time",
)
_PASSED = ("generate", "endgenerate", "begin", "end", "else", ";")
_ALWAYS = ("always", "always_ff", "always_comb", "always_latch")


class VerilogError(Exception):
    """Text that is not read; it is left without faults."""


@dataclass(frozen=True)
class Token:
    """A token of Verilog.

    Attributes:
        kind: `name`, `number`, `op` or `text`.
        text: of it.
        start: offset in the file.
        end: offset behind it.
    """

    kind: str
    text: str
    start: int
    end: int


class SlotKind(str, Enum):
    """What an expression does."""

    VALUE = "value"  # it is assigned
    CONDITION = "condition"  # of a procedural `if`
    ROM = "rom"  # it is assigned once, before the start


@dataclass(frozen=True)
class Slot:
    """An expression that can be put behind a guard.

    Attributes:
        kind: what it does.
        tokens: of it.
    """

    kind: SlotKind
    tokens: tuple[Token, ...]

    @property
    def start(self) -> int:
        """Offset in the file."""
        return self.tokens[0].start

    @property
    def end(self) -> int:
        """Offset behind it."""
        return self.tokens[-1].end


@dataclass(frozen=True)
class Instance:
    """An instance with its parameters and ports by place, as alkaid writes it.

    Attributes:
        module: of which.
        name: of the instance.
        parameters: integers.
        ports: text of each.
        literals: by port, the token of a number that stands there.
        start: offset in the file.
        end: offset behind its `;`.
    """

    module: str
    name: str
    parameters: tuple[int, ...]
    ports: tuple[str, ...]
    literals: tuple[tuple[int, Token], ...]
    start: int
    end: int


@dataclass
class Module:
    """A module of a file.

    Attributes:
        name: of it.
        body: offset behind its header.
        slots: its expressions.
        instances: with parameters by place.
        parameters: names, in order.
        initials: offsets behind the `begin` of its `initial` blocks.
    """

    name: str
    body: int
    slots: list[Slot] = field(default_factory=list)
    instances: list[Instance] = field(default_factory=list)
    parameters: list[str] = field(default_factory=list)
    initials: list[int] = field(default_factory=list)


def tokens(text: str) -> list[Token]:
    """The tokens of a file; comments, directives and attributes left out.

    Raises:
        VerilogError: there is something else in it.
    """
    found = []
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise VerilogError(f"offset {place}: {text[place : place + 20]!r} is not read")
        if match.lastgroup != "skip":
            found.append(Token(str(match.lastgroup), match.group(), match.start(), match.end()))
        place = match.end()
    return found


class _Reader:
    def __init__(self, found: Sequence[Token]) -> None:
        self._tokens = found
        self._at = 0

    def modules(self) -> Iterator[Module]:
        while self._at < len(self._tokens):
            if self._text() == "module":
                yield self._module()
            else:
                self._at += 1

    def _text(self, ahead: int = 0) -> str:
        place = self._at + ahead
        if place >= len(self._tokens):
            raise VerilogError("the file ends too early")
        return self._tokens[place].text

    def _until(self, *ends: str) -> tuple[Token, ...]:
        """Tokens up to one of these outside all brackets, which is where it stands then."""
        begin, depth = self._at, 0
        while depth or self._text() not in ends:
            depth += (self._text() in _OPEN) - (self._text() in _CLOSE)
            self._at += 1
        return tuple(self._tokens[begin : self._at])

    def _group(self) -> tuple[Token, ...]:
        """What stands in the brackets that begin here."""
        begin, depth = self._at, 0
        while True:
            depth += (self._text() in _OPEN) - (self._text() in _CLOSE)
            self._at += 1
            if not depth:
                return tuple(self._tokens[begin + 1 : self._at - 1])

    def _module(self) -> Module:
        name = self._text(1)
        header = self._until(";")
        module = Module(name, self._tokens[self._at].end)
        for place, token in enumerate(header[:-2]):
            if token.text == "parameter":
                named = next(t for t in range(place, len(header)) if header[t].text == "=")
                module.parameters.append(header[named - 1].text)
        self._at += 1
        while self._text() != "endmodule":
            self._item(module)
        self._at += 1
        return module

    def _item(self, module: Module) -> None:
        text = self._text()
        if text in ("function", "task"):
            while self._text() != f"end{text}":
                self._at += 1
            self._at += 1
        elif text in _SKIPPED:
            self._until(";")
        elif text in _DECLARED:
            self._declaration(module)
        elif text == "assign":
            self._at += 1
            self._assigned(module, SlotKind.VALUE)
        elif text in _ALWAYS or text == "initial":
            self._process(module)
        elif text in ("if", "for", "case"):
            self._at += 1
            self._group()
        elif text in _PASSED:
            self._at += 1
        elif text == ":":
            self._at += 2
        else:
            self._instance(module)

    def _process(self, module: Module) -> None:
        initial = self._text() == "initial"
        self._at += 1
        if self._text() == "@":
            self._at += 1
            self._group() if self._text() == "(" else self._advance()
        if initial and self._text() == "begin":
            module.initials.append(self._tokens[self._at].end)
        self._statement(module, SlotKind.ROM if initial else SlotKind.VALUE)

    def _advance(self) -> None:
        self._at += 1

    def _declaration(self, module: Module) -> None:
        while self._text() != ";":
            self._until("=", ",", ";")
            if self._text() == "=":
                self._at += 1
                module.slots.append(Slot(SlotKind.VALUE, self._until(",", ";")))
            elif self._text() == ",":
                self._at += 1

    def _assigned(self, module: Module, kind: SlotKind) -> None:
        target = self._until("=", "<=", ";")
        if self._text() == ";":
            return
        self._at += 1
        value = self._until(",", ";")
        if kind is SlotKind.VALUE or any(token.text == "[" for token in target):
            module.slots.append(Slot(kind, value))

    def _statement(self, module: Module, kind: SlotKind) -> None:
        text = self._text()
        if text == "begin":
            self._at += 3 if self._text(1) == ":" else 1
            while self._text() != "end":
                self._statement(module, kind)
            self._at += 1
        elif text == "if":
            self._at += 1
            condition = self._group()
            if kind is SlotKind.VALUE:
                module.slots.append(Slot(SlotKind.CONDITION, condition))
            self._statement(module, kind)
            if self._text() == "else":
                self._at += 1
                self._statement(module, kind)
        elif text in ("case", "casez", "casex"):
            self._at += 1
            self._group()
            while self._text() != "endcase":
                self._until(":") if self._text() != "default" else self._advance()
                if self._text() == ":":
                    self._at += 1
                self._statement(module, kind)
            self._at += 1
        elif text == "for":
            self._at += 1
            self._group()
            self._statement(module, kind)
        elif text.startswith("$") or text in ("integer", "reg", "logic"):
            self._until(";")
            self._at += 1
        elif text == ";":
            self._at += 1
        else:
            self._assigned(module, kind)
            self._at += 1

    def _instance(self, module: Module) -> None:
        begin = self._tokens[self._at]
        self._at += 1
        parameters: tuple[Token, ...] = ()
        if self._text() == "#":
            self._at += 1
            parameters = self._group()
        name = self._text()
        self._at += 1
        if self._text() != "(":
            self._until(";")
            return
        ports = self._group()
        self._until(";")
        numbers = _integers(parameters)
        if numbers and ports and ports[0].text != ".":
            parts = _split(ports)
            literals = tuple(
                (place, part[0]) for place, part in enumerate(parts) if len(part) == 1 and part[0].kind == "number"
            )
            texts = tuple("".join(token.text for token in part) for part in parts)
            end = self._tokens[self._at].end
            module.instances.append(Instance(begin.text, name, numbers, texts, literals, begin.start, end))


def _split(group: Sequence[Token]) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in group:
        depth += (token.text in _OPEN) - (token.text in _CLOSE)
        if token.text == "," and not depth:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _integers(group: Sequence[Token]) -> tuple[int, ...]:
    """Parameters by place, where all are plain integers; else nothing."""
    texts = ["".join(token.text for token in part) for part in _split(group)] if group else []
    return tuple(int(text) for text in texts) if all(re.fullmatch(r"-?\d+", text) for text in texts) else ()


def read_modules(text: str) -> list[Module]:
    """The modules of a file, with their expressions.

    Raises:
        VerilogError: it is not read.
    """
    return list(_Reader(tokens(text)).modules())
