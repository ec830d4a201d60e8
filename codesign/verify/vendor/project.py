"""An HLS project's folder: where its RTL, its report and the name of its top module lie, old layouts and new."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from codesign.errors import RtlError
from codesign.verify.vendor.report import Claims, read_report
from codesign.verify.vendor.sources import VERILOG, read_source, top_modules

_DEEPEST, _MOST_FOLDERS = 8, 20_000
# In this order: what synthesis wrote, what was exported, the packaged IP.
_PLACES = (("syn", "verilog"), ("impl", "verilog"), ("hdl", "verilog"))
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class VendorProject:
    """What was found in an HLS project.

    Attributes:
        rtl: folder of the Verilog.
        top: the top module.
        claims: of its report; None where it has none.
    """

    rtl: Path
    top: str
    claims: Claims | None


def _folders(root: Path) -> Iterator[Path]:
    for count, (place, folders, _) in enumerate(os.walk(root)):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if count > _MOST_FOLDERS:
            raise RtlError(f"{root} holds more than {_MOST_FOLDERS} folders; give the folder of one HLS project")
        if len(Path(place).relative_to(root).parts) >= _DEEPEST:
            folders.clear()
        yield Path(place)


def _has(folder: Path, suffixes: tuple[str, ...]) -> bool:
    return any(path.suffix.lower() in suffixes for path in folder.iterdir())


def _find_rtl(root: Path) -> Path:
    """The folder of Verilog that synthesis wrote.

    Raises:
        RtlError: there is none, or there are several.
    """
    every = [root, *_folders(root)]
    for parent, name in _PLACES:
        found = {path.resolve(): path for path in every if (path.parent.name, path.name) == (parent, name)}
        usable = [path for path in found.values() if _has(path, VERILOG)]
        if len(usable) > 1:
            where = ", ".join(str(path) for path in usable[:6])
            raise RtlError(f"{root} holds several designs ({where}); give the folder of one of them")
        if usable:
            return usable[0]
    if any((path.name == "vhdl" and _has(path, (".vhd", ".vhdl"))) for path in every):
        raise RtlError(
            f"{root} holds VHDL only; export the design as Verilog (export_design -rtl verilog), "
            "or give its syn/verilog"
        )
    raise RtlError(
        f"{root} holds no synthesised Verilog (looked for syn/verilog, impl/verilog and hdl/verilog below it); "
        "run the vendor's synthesis first, or give the folder with --rtl"
    )


def _reports(rtl: Path) -> list[Path]:
    """Synthesis reports that belong to a folder of Verilog."""
    for parent in list(rtl.parents)[:4]:
        folder = parent / "report" if parent.name == "syn" else parent / "syn" / "report"
        if folder.is_dir():
            return sorted(folder.glob("*csynth.xml"))
    return []


def find_claims(rtl: Path, top: str) -> Claims | None:
    """What the report beside a folder of Verilog promises of its top module; None where there is no report.

    Raises:
        RtlError: the report is damaged.
    """
    for path in _reports(rtl):
        if path.name == f"{top}_csynth.xml":
            return read_report(path)
    for path in _reports(rtl):
        if path.name == "csynth.xml" and (claims := read_report(path)).top in ("", top):
            return claims
    return None


def _from_report(rtl: Path) -> Iterator[str]:
    for path in _reports(rtl):
        if path.name == "csynth.xml":
            yield read_report(path).top


def _from_scripts(root: Path) -> Iterator[str]:
    """Names that the project's own scripts give it."""
    patterns = (
        ("project.tcl", r'set\s+(?:project_name|myproject)\s+"?(\w+)'),
        ("build_prj.tcl", r'^\s*set_top\s+"?(\w+)'),
        ("hls4ml_config.yml", r"^ProjectName:\s*(\w+)"),
    )
    for place in (root, *list(root.parents)[:3]):
        for name, pattern in patterns:
            if (place / name).is_file():
                found = re.search(pattern, read_source(place / name).text, re.MULTILINE)
                if found is not None:
                    yield found[1]
        if place.name.endswith("_prj"):
            yield place.name.removesuffix("_prj")


def find_top(root: Path, rtl: Path) -> str:
    """The top module of a folder of Verilog: as reports and scripts name it, else the one that nothing else uses.

    Args:
        root: of the project that it belongs to; the folder itself where there is none.
        rtl: the folder.

    Raises:
        RtlError: several would do, or none.
    """
    sources = [read_source(path) for path in sorted(rtl.iterdir()) if path.suffix.lower() in VERILOG]
    stems = {source.path.stem for source in sources}
    for name in (*_from_report(rtl), *_from_scripts(root), *_from_scripts(rtl)):
        if name in stems and _IDENTIFIER.fullmatch(name):
            return name
    roots = list(top_modules(sources))
    if len(roots) == 1:
        return roots[0]
    raise RtlError(
        f"{rtl}: which module is the top is not plain (candidates: {', '.join(roots[:8]) or 'none'}); give --top NAME"
    )


def find_project(root: Path, top: str | None = None) -> VendorProject:
    """What an HLS project holds: hls4ml's folder, its `*_prj`, a solution, or the folder of the Verilog itself.

    Args:
        root: any of these.
        top: the top module, where it is known.

    Raises:
        RtlError: it has no Verilog, several designs, or no plain top module; or its report is damaged.
    """
    if not root.is_dir():
        raise RtlError(f"{root} is not a folder; give the HLS project's folder with --project")
    rtl = _find_rtl(root)
    name = top or find_top(root, rtl)
    return VendorProject(rtl, name, find_claims(rtl, name))
