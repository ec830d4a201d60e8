"""The hls4ml project of a design, and its C simulation compiled with g++, on raw integers."""

from codesign.hls.compile import compile_csim
from codesign.hls.manifest import Manifest, Port
from codesign.hls.project import HlsProject, write_project
from codesign.hls.run import CsimRun, run_csim

__all__ = ["CsimRun", "HlsProject", "Manifest", "Port", "compile_csim", "run_csim", "write_project"]
