"""Where the packaged data lies: `boards/` and `hls_templates/`, in a checkout and in an install alike."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from codesign.errors import CodesignError


def resource(name: str) -> Path:
    """The folder of packaged data called `name` (`boards` or `hls_templates`).

    Raises:
        CodesignError: it is neither in the installed package nor beside it in a checkout.
    """
    package = Path(str(files("codesign")))
    for folder in (package / "_data" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise CodesignError(f"packaged folder {name!r} is missing from {package}; reinstall codesign")
