"""The Verilog of a project, as far as synthesis needs to know it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codesign.errors import DesignError

MANIFEST = "manifest.json"

_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LANGUAGES = {".v": (), ".sv": ("-sv",)}


@dataclass(frozen=True)
class RtlSources:
    """Verilog to synthesise.

    Attributes:
        folder: that holds it.
        top: name of the top module.
        sources: its files, as paths relative to the folder, in the order in which they are read.
    """

    folder: Path
    top: str
    sources: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse what must not reach a synthesis script.

        Raises:
            DesignError: the top module is no plain identifier, there are no sources, or one of them is not
                Verilog, not there, or not in the folder.
        """
        if not isinstance(self.top, str) or not _MODULE.fullmatch(self.top):
            raise DesignError(
                f"{self.folder}: top module {str(self.top)[:80]!r} is illegal; give a Verilog name of letters, "
                "digits and '_' that begins with no digit"
            )
        if not self.sources:
            raise DesignError(f"{self.folder}: no sources; name at least one Verilog file")
        for source in self.sources:
            self._check(source)

    def _check(self, source: str) -> None:
        inside = self.folder.resolve()
        path = (inside / source).resolve() if isinstance(source, str) and "\0" not in source else inside
        if not path.is_relative_to(inside) or not path.is_file():
            raise DesignError(
                f"{self.folder}: source {str(source)[:200]!r} is not a file in that folder; write the project again"
            )
        if path.suffix not in _LANGUAGES:
            raise DesignError(
                f"{self.folder}: source {source[:200]!r} is not Verilog; give files that end in "
                f"{' or '.join(_LANGUAGES)}"
            )

    def files(self) -> tuple[tuple[Path, tuple[str, ...]], ...]:
        """Each source's path, with the options with which Yosys' read_verilog reads it."""
        paths = [self.folder / source for source in self.sources]
        return tuple((path, _LANGUAGES[path.suffix]) for path in paths)


def read_sources(rtl_project: Path) -> RtlSources:
    """The sources of an RTL project, as its manifest.json names them.

    Raises:
        DesignError: the manifest is missing or damaged, or a source that it names is refused.
    """
    path = rtl_project / MANIFEST
    try:
        manifest: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise DesignError(f"{path} is missing or damaged; write the RTL project again") from None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("sources"), list) or "top" not in manifest:
        raise DesignError(f"{path} does not give 'top' and a list of 'sources'; write the RTL project again")
    return RtlSources(rtl_project, manifest["top"], tuple(manifest["sources"]))
