"""Verilog text without comments, attributes and compiler directives: enough to read a module's header by."""

from __future__ import annotations

import re
from collections.abc import Iterator

_COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_ATTRIBUTE = re.compile(r"\(\*(?!\s*\)).*?\*\)", re.DOTALL)
_DIRECTIVE = re.compile(r"^\s*`(\w+)[ \t]*(.*)$")
_DEFINE = re.compile(r"(\w+)(?:\s+(.*))?$")
_MACRO = re.compile(r"`(\w+)")
_CONDITIONS = ("ifdef", "ifndef", "elsif", "else", "endif")


def without_comments(text: str) -> str:
    """The text with each comment as a space; strings stay."""
    return _COMMENT.sub(lambda found: found[0] if found[0].startswith('"') else " ", text)


class _Conditions:
    """The nest of `ifdef` that a line stands in."""

    def __init__(self) -> None:
        self._nest: list[tuple[bool, bool]] = []  # (this branch is taken, one before it was)

    @property
    def taken(self) -> bool:
        return all(now for now, _ in self._nest)

    def turn(self, word: str, name: str, defines: dict[str, str]) -> None:
        if word in ("ifdef", "ifndef"):
            holds = (name in defines) == (word == "ifdef")
            self._nest.append((holds, holds))
        elif self._nest and word == "endif":
            self._nest.pop()
        elif self._nest:
            _, done = self._nest[-1]
            holds = not done and (word == "else" or name in defines)
            self._nest[-1] = (holds, done or holds)


def _lines(text: str) -> Iterator[str]:
    defines: dict[str, str] = {}
    conditions = _Conditions()
    for line in text.split("\n"):
        directive = _DIRECTIVE.match(line)
        if directive is None or (directive[1] in defines and directive[1] not in _CONDITIONS):
            if conditions.taken:
                yield _MACRO.sub(lambda found: defines.get(found[1], found[0]), line)
            continue
        word, rest = directive[1], directive[2].strip()
        if word in _CONDITIONS:
            conditions.turn(word, rest.split(" ")[0], defines)
        elif word == "define" and conditions.taken:
            named = _DEFINE.match(rest)
            if named is not None:
                defines[named[1]] = (named[2] or "").strip()
        elif word == "undef" and conditions.taken:
            defines.pop(rest, None)


def plain(text: str) -> str:
    """The text without comments and attributes, simple macros replaced, `ifdef` decided by the file's own defines."""
    return "\n".join(_lines(_ATTRIBUTE.sub(" ", without_comments(text))))
