"""Every family of layers, each registered by its import."""

from codesign.estimate.vitis import (
    activation,
    contraction,
    convolution,
    dense,
    embedding,
    layer_normalization,
    merging,
    moving,
    normalize,
    pointwise,
    pooling,
    recurrent,
    refused,
    softmax,
)

FAMILIES = (
    activation,
    contraction,
    convolution,
    dense,
    embedding,
    layer_normalization,
    merging,
    moving,
    normalize,
    pointwise,
    pooling,
    recurrent,
    refused,
    softmax,
)
"""The modules that register them."""
