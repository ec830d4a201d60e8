"""The files of an RTL folder: which of them the top module needs, and whether they can be read at all."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from codesign.errors import RtlError
from codesign.verify.vendor.preprocess import without_comments

VERILOG = (".v", ".sv")
HEADERS = (".vh", ".svh", ".inc")
_VHDL = (".vhd", ".vhdl")
_MOST_FILES, _MOST_BYTES, _DEEPEST = 20_000, 1 << 30, 8

_DEFINES = re.compile(
    r"\b(?:module|interface|package|primitive|macromodule)\s+(?:automatic\s+|static\s+)?(\\\S+|[A-Za-z_]\w*)"
)
_WORD = re.compile(r"[A-Za-z_][\w$]*")
_STRING = re.compile(r'"(?:\\.|[^"\\\n])*"')
_INCLUDE = re.compile(r'`include\s+"([^"\n]+)"')


@dataclass(frozen=True)
class Source:
    """One file.

    Attributes:
        path: of the file.
        text: as it stands; bytes that are no UTF-8 are replaced.
    """

    path: Path
    text: str


@dataclass(frozen=True)
class Sources:
    """What one top module is made of.

    Attributes:
        folder: that was searched.
        top: the top module.
        top_file: that defines it.
        files: Verilog files that are needed, the top's first.
        headers: files that these include.
    """

    folder: Path
    top: str
    top_file: Source
    files: tuple[Source, ...]
    headers: tuple[Source, ...]


def _walk(folder: Path) -> Iterator[Path]:
    """Every file below a folder, in order; folders behind links are left out, so that no loop is walked."""
    count = 0
    for place, folders, names in os.walk(folder, onerror=_refuse):
        folders.sort()
        if len(Path(place).relative_to(folder).parts) >= _DEEPEST:
            folders.clear()
        for name in sorted(names):
            count += 1
            if count > _MOST_FILES:
                raise RtlError(f"{folder} holds more than {_MOST_FILES} files; give the folder of the RTL alone")
            yield Path(place) / name


def _refuse(error: OSError) -> None:
    raise RtlError(f"{error.filename} cannot be read ({error.strerror}); check the path and its permissions")


def read_source(path: Path) -> Source:
    """One file of the folder.

    Raises:
        RtlError: it is gone, a broken link, no plain file, or cannot be read.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise RtlError(f"{path} is not a plain file; give a folder of Verilog files")
        if found.st_size > _MOST_BYTES:
            raise RtlError(f"{path} is larger than {_MOST_BYTES >> 20} MiB; give a folder of Verilog files")
        return Source(path, path.read_bytes().decode("utf-8", errors="replace"))
    except OSError as error:
        raise RtlError(f"{path} cannot be read ({error.strerror}); check the file, or the link that it is") from error


def files_of(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """The files below a folder with one of these endings.

    Raises:
        RtlError: it is no folder, cannot be read, or holds too many files.
    """
    if not folder.is_dir():
        raise RtlError(f"{folder} is not a folder; give the folder that holds the Verilog files")
    return [path for path in _walk(folder) if path.suffix.lower() in suffixes]


def _verilog(folder: Path) -> list[Path]:
    found = files_of(folder, (*VERILOG, *_VHDL))
    verilog = [path for path in found if path.suffix.lower() in VERILOG]
    if not verilog and found:
        raise RtlError(
            f"{folder} holds VHDL only ({found[0].name} and {len(found) - 1} more); give the Verilog that the vendor's "
            "tool writes beside it (syn/verilog), or export the design as Verilog"
        )
    if not verilog:
        raise RtlError(f"{folder} holds no Verilog (.v or .sv) files; give the folder that does")
    return verilog


def _read_all(folder: Path) -> list[Source]:
    sources, total = [], 0
    for path in _verilog(folder):
        sources.append(read_source(path))
        total += len(sources[-1].text)
        if total > _MOST_BYTES:
            raise RtlError(
                f"{folder} holds more than {_MOST_BYTES >> 20} MiB of Verilog; give the folder of one design"
            )
    return sources


def _defined(sources: list[Source], texts: list[str]) -> dict[str, list[Source]]:
    """Modules and what else can be used by name, by name; `texts` are the sources' without comments."""
    found: dict[str, list[Source]] = {}
    for source, text in zip(sources, texts, strict=True):
        for name in dict.fromkeys(_DEFINES.findall(text)):
            found.setdefault(name, []).append(source)
    return found


def _nearest(candidates: list[Source], folder: Path) -> Source:
    """Of several files that define the same, the one beside the top, else the first."""
    return next((source for source in candidates if source.path.parent == folder), candidates[0])


def find_sources(folder: Path, top: str) -> Sources:
    """The files that a top module needs, out of a folder that may hold more.

    Args:
        folder: of the RTL, searched with what lies below it.
        top: the top module.

    Raises:
        RtlError: the folder has no Verilog or no such module, or a file cannot be read.
    """
    every = _read_all(folder)
    texts = [without_comments(source.text) for source in every]
    by_path = {source.path: text for source, text in zip(every, texts, strict=True)}
    defined = _defined(every, texts)
    if top not in defined:
        roots = ", ".join(list(top_modules(every))[:8])
        raise RtlError(
            f"{folder} defines no module {top!r}; modules that nothing else uses: {roots or 'none'}; give --top"
        )
    if len(defined[top]) > 1:
        shallow = min(len(source.path.parts) for source in defined[top])
        nearest = [source for source in defined[top] if len(source.path.parts) == shallow]
        if len(nearest) > 1:
            where = ", ".join(str(source.path) for source in nearest)
            raise RtlError(f"module {top!r} is defined in {where}; give the folder of one of them")
        defined[top] = nearest
    first = defined[top][0]
    needed, waiting = {first.path: first}, [first]
    while waiting:
        words = set(_WORD.findall(by_path[waiting.pop().path]))
        for name in sorted(words & defined.keys()):
            source = _nearest(defined[name], first.path.parent)
            if source.path not in needed:
                needed[source.path] = source
                waiting.append(source)
    files = tuple(needed.values())
    return Sources(folder, top, first, files, tuple(_included(folder, files)))


def top_modules(sources: list[Source]) -> Iterator[str]:
    """Modules that no other file names and their own file names once, strings apart."""
    texts = [_STRING.sub('""', without_comments(source.text)) for source in sources]
    counts: dict[str, int] = {}
    for text in texts:
        for word in _WORD.findall(text):
            counts[word] = counts.get(word, 0) + 1
    for name in _defined(sources, texts):
        if counts.get(name, 0) == 1:
            yield name


def _included(folder: Path, files: tuple[Source, ...]) -> Iterator[Source]:
    """Headers that the files name, and those that these name in turn."""
    waiting, seen = list(files), set[str]()
    known = {path.name: path for path in reversed(files_of(folder, (*HEADERS, *VERILOG)))}
    while waiting:
        source = waiting.pop()
        if "`include" not in source.text:
            continue
        for name in _INCLUDE.findall(without_comments(source.text)):
            if name in seen:
                continue
            seen.add(name)
            beside = source.path.parent / name
            path = beside if beside.is_file() else known.get(Path(name).name)
            if path is None:
                raise RtlError(
                    f"{source.path} includes {name!r}, which {folder} does not hold; put it beside the source"
                )
            header = read_source(path)
            yield Source(Path(name), header.text)
            waiting.append(header)
