"""RTL projects: Verilog that computes a Graph bit for bit, one module a node, joined by streams."""

from codesign.rtl.facing import AXIS_WIDTHS, Facing
from codesign.rtl.family import Family
from codesign.rtl.folded.multipliers import Multipliers
from codesign.rtl.limits import check_supported
from codesign.rtl.manifest import Bus, Interface, Language, Manifest
from codesign.rtl.project import check_language, write_project

__all__ = [
    "AXIS_WIDTHS",
    "Bus",
    "Facing",
    "Family",
    "Interface",
    "Language",
    "Manifest",
    "Multipliers",
    "check_language",
    "check_supported",
    "write_project",
]
