"""The bit-accurate simulator: what every other rung of the ladder is held against."""

from codesign.graph.cast import CastCounts, Integers, cast, count
from codesign.graph.convert import Quantized, to_floats, to_integers
from codesign.simulate.engine import predict
from codesign.simulate.execute import Step, check_inputs, execute, operands_of, run_node, steps
from codesign.simulate.kernels import Operand

__all__ = [
    "CastCounts",
    "Integers",
    "Operand",
    "Quantized",
    "Step",
    "cast",
    "check_inputs",
    "count",
    "execute",
    "operands_of",
    "predict",
    "run_node",
    "steps",
    "to_floats",
    "to_integers",
]
