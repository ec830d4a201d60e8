"""From a trained QKeras classifier to FPGA firmware whose every output bit is the one the model promised."""

from codesign.api import Graph, InputRoundedWarning
from codesign.errors import CodesignError
from codesign.graph.fixed_point import FixedPoint

__all__ = ["CodesignError", "FixedPoint", "Graph", "InputRoundedWarning"]
