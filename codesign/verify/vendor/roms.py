"""Memory files that Verilog reads at its start (`$readmemh`, `$readmemb`): found, or missed before anything runs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from codesign.errors import RtlError
from codesign.verify.vendor.preprocess import plain
from codesign.verify.vendor.sources import Sources, files_of

_READ = re.compile(r"\$readmem[hb]\s*\(\s*([^,]*),")
_STRING = re.compile(r'"([^"\n]*)"')
_PARAMETER = re.compile(r'\b(?:parameter|localparam)\b[^;=]*?(\w+)\s*=\s*"([^"\n]*)"')
_SUFFIXES = (".dat", ".mem", ".hex", ".mif", ".txt", ".bin", ".data", ".rom", ".init")


@dataclass(frozen=True)
class Rom:
    """A memory file.

    Attributes:
        name: as the Verilog names it, relative to the simulator's working folder.
        path: where it lies.
    """

    name: PurePosixPath
    path: Path


def _names(text: str) -> set[str]:
    if "$readmem" not in text:
        return set()
    cleaned = plain(text)
    parameters = {found[1]: found[2] for found in _PARAMETER.finditer(cleaned)}
    names: set[str] = set()
    for found in _READ.finditer(cleaned):
        string = _STRING.fullmatch(found[1].strip())
        if string is not None:
            names.add(string[1])
        elif found[1].strip() in parameters:
            names.add(parameters[found[1].strip()])
    return names


def find_roms(sources: Sources, elsewhere: Sequence[Path] = ()) -> tuple[Rom, ...]:
    """The memory files that the sources read.

    Args:
        sources: of the design; files are looked for beside each, then anywhere below its folder.
        elsewhere: more folders to look in.

    Raises:
        RtlError: one is missing, or its name leads out of the working folder.
    """
    wanted: dict[str, Path] = {}
    for source in sources.files:
        for name in _names(source.text):
            wanted.setdefault(name, source.path)
    if not wanted:
        return ()
    found = []
    known: dict[str, Path] = {}
    for folder in (sources.folder, *elsewhere):
        for path in files_of(folder, _SUFFIXES):
            known.setdefault(path.name, path)
    for name, user in sorted(wanted.items()):
        place = PurePosixPath(name)
        if place.is_absolute() or ".." in place.parts or not place.name:
            raise RtlError(
                f"{user} reads the memory file {name!r}, which leads out of the simulator's folder; "
                "name it relative to the source, as './name.dat'"
            )
        beside = user.parent / place
        lies = beside if beside.is_file() else known.get(place.name)
        if lies is None or not lies.is_file():
            raise RtlError(
                f"{user} reads the memory file {name!r}, which is missing; copy it into {user.parent} "
                "(the vendor's tool writes it beside the Verilog)"
            )
        found.append(Rom(place, lies))
    return tuple(found)
