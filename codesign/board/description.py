"""Reading a board's YAML: every key and value checked, each refusal naming the legal ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from codesign.board.board import Board, Family
from codesign.errors import BoardError
from codesign.strict_yaml import read_yaml

_Check = Callable[[Any], str | None]
"""Takes a value; says what is legal where the value is not, None where it is."""

_CONSTRAINT_SUFFIX = {
    Family.XC7: ".xdc",
    Family.XCUP: ".xdc",
    Family.ECP5: ".lpf",
    Family.ICE40: ".pcf",
    Family.GOWIN: ".cst",
}
_BRAM_KBITS = {Family.XC7: 36, Family.XCUP: 36, Family.ECP5: 18, Family.ICE40: 4, Family.GOWIN: 18}
_MOST = 100_000_000


def _matches(pattern: str, legal: str) -> _Check:
    expression = re.compile(pattern)

    def check(value: Any) -> str | None:
        return None if isinstance(value, str) and expression.fullmatch(value) else f"give {legal}"

    return check


def _integer(least: int) -> _Check:
    def check(value: Any) -> str | None:
        legal = isinstance(value, int) and not isinstance(value, bool) and least <= value <= _MOST
        return None if legal else f"give an integer in {least}..{_MOST}"

    return check


def _family(value: Any) -> str | None:
    legal = [family.value for family in Family]
    return None if isinstance(value, str) and value in legal else f"give one of {', '.join(legal)}"


def _megahertz(value: Any) -> str | None:
    legal = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= 10_000
    return None if legal else "give a frequency in MHz above 0 and at most 10000"


def _is_line(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isprintable() and len(value) <= 400


def _line(value: Any) -> str | None:
    return None if _is_line(value) else "give one line of text"


def _lines(value: Any) -> str | None:
    legal = isinstance(value, list) and value and all(_is_line(item) for item in value)
    return None if legal else "give a list of lines that say where the facts are from"


_WORD = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"  # safe in Tcl, on a command line and in a path
_PART = rf"{_WORD}(/[A-Za-z0-9]{{1,8}})?"  # Gowin's end in a slash and a grade; never in a path
_KEYS: Mapping[str, _Check] = {
    "name": _matches(r"[a-z0-9][a-z0-9_-]{0,47}", "a name of small letters, digits, '-' and '_'"),
    "title": _line,
    "part": _matches(_PART, "a part such as xc7a100tcsg324-1 or GW1NR-LV9QN88PC6/I5"),
    "family": _family,
    "device": _matches(_WORD, "a device such as xc7a100t"),
    "package": _matches(_WORD, "a package such as csg324"),
    "speed_grade": _matches(
        r"-?[0-9][A-Za-z0-9]{0,3}|[A-Z][0-9](/[A-Z][0-9])?|none", 'a speed grade in quotes, such as "-1", or none'
    ),
    "resources": lambda value: None,
    "clock": lambda value: None,
    "constraints": _matches(_WORD, "the name of a file that lies beside the board's YAML"),
    "provenance": _lines,
}
_RESOURCES: Mapping[str, _Check] = {
    "lut": _integer(1),
    "lut_memory": _integer(0),
    "ff": _integer(1),
    "dsp": _integer(0),
    "bram": _integer(0),
    "bram_kbits": _integer(1),
}
_CLOCK: Mapping[str, _Check] = {"mhz": _megahertz, "pin": _matches(r"[A-Z]{0,2}[0-9]{1,4}", "a package pin such as E3")}


def nearest(word: str, words: list[str]) -> str:
    """`; did you mean …?` where one of the words is close; nothing otherwise."""
    close = get_close_matches(word.lower(), words, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:79] + "…"


def _section(value: Any, keys: Mapping[str, _Check], where: str, prefix: str = "") -> Mapping[str, Any]:
    """Check a mapping's keys and values.

    Raises:
        BoardError: naming the key, its value and what is legal there.
    """
    legal = ", ".join(keys)
    if not isinstance(value, Mapping):
        place = prefix.rstrip(".") or "board"
        raise BoardError(f"{where}: {place}: {_shown(value)} is not a section; give the keys {legal}")
    for key in value:
        if key not in keys:
            hint = nearest(str(key), list(keys))
            raise BoardError(f"{where}: {prefix}{str(key)[:80]}: unknown key{hint}; the legal keys are {legal}")
    for key, check in keys.items():
        if key not in value:
            raise BoardError(f"{where}: key {prefix}{key} is missing; the legal keys are {legal}")
        wrong = check(value[key])
        if wrong is not None:
            raise BoardError(f"{where}: {prefix}{key}: {_shown(value[key])} is illegal; {wrong}")
    return value


def read_board(path: Path) -> Board:
    """Read a board's YAML (see docs/boards.md).

    Args:
        path: the YAML; the constraint file that it names lies beside it.

    Raises:
        BoardError: it is missing or not YAML, a key is unknown or missing, a value is illegal, or the constraint
            file is not there; the message names the key, the value and what is legal.
    """
    where = str(path)
    top = _section(read_yaml(path, what="board", error=BoardError), _KEYS, where)
    resources = _section(top["resources"], _RESOURCES, where, "resources.")
    clock = _section(top["clock"], _CLOCK, where, "clock.")
    family = Family(top["family"])
    if resources["bram_kbits"] != _BRAM_KBITS[family]:
        raise BoardError(
            f"{where}: resources.bram_kbits: {_shown(resources['bram_kbits'])} is illegal; a block RAM of family "
            f"{family.value} holds {_BRAM_KBITS[family]} Kb"
        )
    if resources["lut_memory"] > resources["lut"]:
        raise BoardError(
            f"{where}: resources.lut_memory: {resources['lut_memory']} is illegal; it counts LUTs of the "
            f"{resources['lut']} in resources.lut, so give at most that"
        )
    constraints = path.parent / top["constraints"]
    suffix = _CONSTRAINT_SUFFIX[family]
    if constraints.suffix != suffix or not constraints.is_file():
        raise BoardError(
            f"{where}: constraints: {_shown(top['constraints'])} is illegal; give the name of a {suffix} file that "
            "lies beside the board's YAML"
        )
    return Board(
        name=top["name"],
        title=top["title"],
        part=top["part"],
        family=family,
        device=top["device"],
        package=top["package"],
        speed_grade=top["speed_grade"],
        lut=resources["lut"],
        lut_memory=resources["lut_memory"],
        ff=resources["ff"],
        dsp=resources["dsp"],
        bram_blocks=resources["bram"],
        bram_kbits=resources["bram_kbits"],
        clock_mhz=float(clock["mhz"]),
        clock_pin=clock["pin"],
        constraints=constraints,
        provenance=tuple(top["provenance"]),
        path=path,
    )
