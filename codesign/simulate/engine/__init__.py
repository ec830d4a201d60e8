"""The fast simulator: a Graph becomes a Plan of kernels, each proven exact, that runs tiles of samples on all cores.

Where nothing faster is proven for a node, its readable kernel in `codesign.simulate.kernels` runs in its place.
"""

from codesign.simulate.engine import dense, elementwise, joining, movement, pooling, recurrent, softmax, tables
from codesign.simulate.engine.run import Predicted, predict, predict_numbers

__all__ = ["Predicted", "predict", "predict_numbers"]

# Imported for the nodes that they lower.
FAMILIES = (dense, elementwise, joining, movement, pooling, recurrent, softmax, tables)
