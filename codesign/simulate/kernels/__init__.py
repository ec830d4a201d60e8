"""What each operation computes, in plain NumPy on exact integers: the readable reference.

One module a family of operations; each registers its kernels for the node classes of `codesign.graph.nodes`.
"""

from codesign.simulate.kernels import (
    contraction,
    convolution,
    dense,
    elementwise,
    embedding,
    garnet,
    hard,
    layer_normalization,
    lookup,
    merge,
    movement,
    pooling,
    quantizer,
    rectifier,
    recurrent,
    softmax,
    threshold,
    time_steps,
)
from codesign.simulate.kernels.operand import Operand, accumulator_overflows, before_result, precast

__all__ = ["Operand", "accumulator_overflows", "before_result", "precast"]

# Imported for what they register.
FAMILIES = (
    contraction,
    convolution,
    dense,
    elementwise,
    embedding,
    garnet,
    hard,
    layer_normalization,
    lookup,
    merge,
    movement,
    pooling,
    quantizer,
    rectifier,
    recurrent,
    softmax,
    threshold,
    time_steps,
)
