"""Reading an hls4ml ModelGraph into a Graph: one module a family of layers, each registered by hls4ml's class names."""

from codesign.graph.reading import (
    activation,
    contraction,
    convolution,
    dense,
    embedding,
    garnet,
    layer_normalization,
    merge,
    movement,
    normalize,
    parametrized,
    pooling,
    ports,
    quantizer,
    recurrent,
    reshape,
    softmax,
    threshold,
    time_distributed,
)
from codesign.graph.reading.model_graph import check_layers, read_model_graph
from codesign.graph.reading.precision import read_type, read_weight

__all__ = ["check_layers", "read_model_graph", "read_type", "read_weight"]

# Imported for what they register.
FAMILIES = (
    activation,
    contraction,
    convolution,
    dense,
    embedding,
    garnet,
    layer_normalization,
    merge,
    movement,
    normalize,
    parametrized,
    pooling,
    ports,
    quantizer,
    recurrent,
    reshape,
    softmax,
    threshold,
    time_distributed,
)
