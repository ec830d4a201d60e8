"""Safe identifiers for names that come from strangers: hls4ml writes layer names into C++ and Tcl."""

from __future__ import annotations

import re
from collections.abc import Iterable

_MAX_LENGTH = 48
# Words that a generated file uses for itself.
_RESERVED = {"input", "output", "model", "top", "clk", "rst", "logic", "wire", "reg", "module", "config"}


def identifier(name: str) -> str:
    """`name` as `[A-Za-z][A-Za-z0-9_]*`, unchanged where it is one already and short enough."""
    clean = re.sub(r"_{2,}", "_", re.sub(r"[^A-Za-z0-9_]", "_", name)).strip("_")[:_MAX_LENGTH].rstrip("_")
    if not clean or not clean[0].isalpha():
        clean = f"layer_{clean}".rstrip("_")
    return f"{clean}_0" if clean.lower() in _RESERVED else clean


def unique_identifiers(names: Iterable[str]) -> dict[str, str]:
    """For each name a safe identifier, no two alike even where case is ignored (as some file systems do)."""
    taken: set[str] = set()
    given: dict[str, str] = {}
    for name in names:
        base = candidate = identifier(name)
        number = 1
        while candidate.lower() in taken:
            candidate = f"{base}_{number}"
            number += 1
        taken.add(candidate.lower())
        given[name] = candidate
    return given
