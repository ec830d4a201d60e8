"""A design that others made, found and made ready: what is simulated, and how its ports carry a Graph's numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from codesign.errors import RtlError
from codesign.graph import Graph
from codesign.verify.vendor.header import read_ports
from codesign.verify.vendor.match import match_ports
from codesign.verify.vendor.preprocess import without_comments
from codesign.verify.vendor.project import find_claims, find_project, find_top
from codesign.verify.vendor.report import Claims
from codesign.verify.vendor.roles import read_roles
from codesign.verify.vendor.roms import Rom, find_roms
from codesign.verify.vendor.sources import VERILOG, Source, Sources, find_sources
from codesign.verify.vendor.wrapper import NAME, Wrapped, wrap
from rtl_sim.interface import Protocol

_INCLUDE = re.compile(r'`include\s+"([^"\n]+)"')
_DEEPEST = 16


@dataclass(frozen=True)
class Where:
    """Where a design lies, and what of it the names do not tell.

    Attributes:
        rtl: folder of its Verilog; None to find it in the project.
        project: of the HLS tool; None where there is none.
        top: the top module; '' to find it in the project.
        protocol: of its ports; None to tell it by their names.
        chosen: by Graph node, the name of its port.
        ties: by input port, the value that it is held at.
        slot: bits from one number to the next in a stream; None to tell it by the width.
    """

    rtl: Path | None = None
    project: Path | None = None
    top: str = ""
    protocol: Protocol | None = None
    chosen: Mapping[str, str] = field(default_factory=dict)
    ties: Mapping[str, int] = field(default_factory=dict)
    slot: int | None = None


@dataclass(frozen=True)
class FoundDesign:
    """A design, ready to be simulated.

    Attributes:
        top: its top module.
        sources: its files.
        roms: memory files that they read.
        wrapped: its ports.
        claims: of the vendor's report; None where there is none.
    """

    top: str
    sources: Sources
    roms: tuple[Rom, ...]
    wrapped: Wrapped
    claims: Claims | None


def find_design(where: Where, graph: Graph) -> FoundDesign:
    """Find a design's files, ports and report, and match its ports with a Graph.

    Raises:
        RtlError: something is missing, cannot be read, or does not fit the Graph; nothing was run then.
    """
    if where.project is not None:
        project = find_project(where.project, where.top or None) if where.rtl is None else None
        folder = where.rtl or (project.rtl if project else where.project)
        top = where.top or (project.top if project else "")
    elif where.rtl is not None:
        folder, top = where.rtl, where.top
    else:
        raise RtlError("no RTL is named; give its folder with --rtl, or the HLS project with --project")
    if not top:
        top = find_top(folder, folder) if _is_verilog(folder) else find_project(where.project or folder).top
    folder = _verilog_of(folder, top)
    sources = find_sources(folder, top)
    roms = find_roms(sources, [where.project] if where.project is not None else [])
    name = f"{sources.top_file.path.name}: module {top!r}"
    ports = read_ports(sources.top_file.text, top, str(sources.top_file.path))
    roles = read_roles(ports, name, protocol=where.protocol, ties=where.ties)
    matches = match_ports(graph, roles, name, chosen=where.chosen, slot=where.slot)
    wrapped = wrap(top, ports, roles, matches, len(graph.input_nodes))
    return FoundDesign(top, sources, roms, wrapped, find_claims(sources.top_file.path.parent, top))


def _is_verilog(folder: Path) -> bool:
    return folder.is_dir() and any(path.suffix.lower() in VERILOG for path in folder.iterdir())


def _verilog_of(folder: Path, top: str) -> Path:
    """The folder itself; of an HLS project that was given in its place, the Verilog that synthesis wrote."""
    if not folder.is_dir() or _is_verilog(folder):
        return folder
    try:
        return find_project(folder, top).rtl
    except RtlError:
        return folder


def _with_includes(source: Source, headers: Mapping[str, str], depth: int = 0) -> str:
    """The text with what it includes in place, so that no folder must be searched for it."""
    if depth > _DEEPEST:
        raise RtlError(f"{source.path}: files include one another without end; break the circle")
    return _INCLUDE.sub(
        lambda found: _with_includes(Source(source.path, headers[found[1]]), headers, depth + 1),
        without_comments(source.text) if _INCLUDE.search(source.text) else source.text,
    )


def write_sources(design: FoundDesign, folder: Path) -> list[Path]:
    """Write what is to be simulated under names that any tool takes.

    Args:
        design: found before.
        folder: exists and is empty.

    Returns:
        The files, the wrapper's last.
    """
    headers = {str(header.path): header.text for header in design.sources.headers}
    paths = []
    for number, source in enumerate(design.sources.files):
        suffix = ".sv" if source.path.suffix.lower() == ".sv" else ".v"
        paths.append(folder / f"{number:04d}_{re.sub(r'[^A-Za-z0-9_]', '_', source.path.stem)[:80]}{suffix}")
        paths[-1].write_text(_with_includes(source, headers), encoding="utf-8")
    paths.append(folder / f"{NAME}.v")
    paths[-1].write_text(design.wrapped.text, encoding="utf-8")
    return paths


def write_roms(design: FoundDesign, folder: Path) -> None:
    """Put the memory files where the Verilog reads them from: the simulator's working folder.

    Raises:
        RtlError: one cannot be read.
    """
    for rom in design.roms:
        target = folder / rom.name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            target.write_bytes(rom.path.read_bytes())
        except OSError as error:
            raise RtlError(f"the memory file {rom.path} cannot be read ({error.strerror})") from error
