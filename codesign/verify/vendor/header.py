"""The ports of a Verilog module, read from its header: ANSI and the older style that vendor tools write."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from codesign.errors import RtlError
from codesign.verify.vendor.expression import evaluate
from codesign.verify.vendor.preprocess import plain

_WIDEST = 1 << 20
_NAME = r"(?:\\\S+(?=\s|$)|[A-Za-z_][A-Za-z0-9_$]*)"
MODULE = re.compile(rf"\bmodule\s+(?:automatic\s+|static\s+)?({_NAME})")
_TEXT = re.compile(r'"(?:\\.|[^"\\\n])*"')
_PARAMETERS = re.compile(r"\b(?:parameter|localparam)\b([^;]*);")
_ASSIGNMENT = re.compile(rf"({_NAME})\s*=(?!=)\s*(.+)$", re.DOTALL)
_DECLARATION = re.compile(
    rf"^(?:(?P<direction>input|output|inout)\b\s*)?"
    rf"(?P<kind>(?:(?:wire|reg|logic|bit|var|tri|signed|unsigned|integer)\b\s*)*)"
    rf"(?P<ranges>(?:\[[^\]]*\]\s*)*)(?P<name>{_NAME})\s*(?P<unpacked>\[.*\])?\s*(?:=.*)?$",
    re.DOTALL,
)
_BODY_DECLARATION = re.compile(r"\b(input|output|inout)\b([^;]*);")


class Direction(str, Enum):
    """Of a port, seen from the module."""

    INPUT = "input"
    OUTPUT = "output"
    INOUT = "inout"


@dataclass(frozen=True)
class Port:
    """One port.

    Attributes:
        name: as Verilog writes it; an escaped name keeps its backslash.
        direction: seen from the module.
        width: bits.
    """

    name: str
    direction: Direction
    width: int


def _closing(text: str, start: int) -> int:
    """Where the parenthesis that opens at `start` is closed."""
    depth = 0
    for place in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return place
    raise ValueError("its header is not closed")


def _parts(text: str) -> Iterator[str]:
    """What stands between the commas that no bracket encloses."""
    depth, start = 0, 0
    for place, letter in enumerate(text):
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            yield text[start:place].strip()
            start = place + 1
    yield text[start:].strip()


def _learn(text: str, values: dict[str, int]) -> None:
    """Take in the parameters that `text` declares; one whose value is no number matters only where a width names it."""
    for part in _parts(text):
        found = _ASSIGNMENT.search(part)
        if found is None:
            continue
        try:
            values.setdefault(found[1], evaluate(found[2], values))
        except ValueError:
            continue


def _width(ranges: str, values: dict[str, int]) -> int:
    width = 1
    for one in re.findall(r"\[([^\]]*)\]", ranges):
        high, colon, low = one.partition(":")
        if not colon:
            raise ValueError(f"[{one}] is not a range")
        width *= abs(evaluate(high, values) - evaluate(low, values)) + 1
    if not 1 <= width <= _WIDEST:
        raise ValueError(f"{width} bits are too many")
    return width


def _declared(part: str, before: Port | None, values: dict[str, int]) -> Port:
    """A port from its declaration; what it leaves out is as in the one before."""
    found = _DECLARATION.match(part)
    if found is None or found["unpacked"]:
        raise ValueError(f"{' '.join(part.split())[:60]!r} is not a plain port")
    if found["direction"] is None and not found["kind"] and not found["ranges"]:
        if before is None:
            raise ValueError(f"{found['name']!r} has no direction")
        return Port(found["name"], before.direction, before.width)
    if found["direction"] is None and before is None:
        raise ValueError(f"{found['name']!r} has no direction")
    direction = Direction(found["direction"]) if found["direction"] else before.direction if before else Direction.INPUT
    width = 32 if "integer" in found["kind"] else _width(found["ranges"], values)
    return Port(found["name"], direction, width)


def _list(text: str, values: dict[str, int]) -> list[Port]:
    ports: list[Port] = []
    for part in _parts(text):
        ports.append(_declared(part, ports[-1] if ports else None, values))
    return ports


def _ports(text: str, start: int) -> tuple[Port, ...]:
    """The ports of the module whose name ends at `start`."""
    body_end = text.find("endmodule", start)
    place = re.compile(r"(?:\s*import\b[^;]*;)*\s*").match(text, start)
    head = place.end() if place else start
    values: dict[str, int] = {}
    if text[head : head + 1] == "#":
        opened = text.index("(", head)
        closed = _closing(text, opened)
        _learn(text[opened + 1 : closed], values)
        head = len(text) - len(text[closed + 1 :].lstrip())
    if text[head : head + 1] != "(":
        return ()
    closed = _closing(text, head)
    inside, body = text[head + 1 : closed].strip(), text[closed + 1 : body_end if body_end >= 0 else len(text)]
    for found in _PARAMETERS.finditer(body):
        _learn(found[1], values)
    if not inside:
        return ()
    if re.search(r"\b(?:input|output|inout)\b", inside):
        return tuple(_list(inside, values))
    names = list(_parts(inside))
    declared: dict[str, Port] = {}
    for found in _BODY_DECLARATION.finditer(body):
        for port in _list(f"{found[1]} {found[2].strip()}", values):
            declared.setdefault(port.name, port)
    for name in names:
        if name not in declared:
            raise ValueError(f"port {name[:60]!r} is never declared")
    return tuple(declared[name] for name in names)


def module_names(text: str) -> list[str]:
    """The modules that a file defines."""
    return [found[1] for found in MODULE.finditer(plain(text))]


def read_ports(text: str, module: str, where: str) -> tuple[Port, ...]:
    """The ports of a module, in the order of its header.

    Args:
        text: of the file that defines it.
        module: its name.
        where: the file, for messages.

    Raises:
        RtlError: the header cannot be read, or the file has no such module.
    """
    cleaned = _TEXT.sub('""', plain(text))
    for found in MODULE.finditer(cleaned):
        if found[1] != module:
            continue
        try:
            return _ports(cleaned, found.end())
        except ValueError as error:
            raise RtlError(
                f"{where}: the ports of module {module!r} cannot be read ({error}); "
                "declare them as plain vectors, input or output, with constant ranges"
            ) from error
    raise RtlError(f"{where} defines no module {module!r}")
