"""RTL projects: Verilog that computes a Graph bit for bit, one module a node, fully unrolled and pipelined."""

from codesign.rtl.family import Family
from codesign.rtl.limits import check_supported
from codesign.rtl.manifest import Bus, Manifest
from codesign.rtl.project import write_project

__all__ = ["Bus", "Family", "Manifest", "check_supported", "write_project"]
