"""The Graph: what hls4ml's C++ computes, as frozen records of integers and fixed-point types."""

from codesign.graph.fixed_point import FixedPoint, Overflow, Rounding, narrowest
from codesign.graph.graph import Graph
from codesign.graph.nodes import (
    Activation,
    ActivationFunction,
    Convolution,
    Dense,
    DepthwiseConvolution,
    Input,
    IntArray,
    Node,
    Normalize,
    NormalizeKind,
    Product,
    Reshape,
    Softmax,
    SoftmaxImplementation,
    frozen,
)
from codesign.graph.store import digest, load, save

__all__ = [
    "Activation",
    "ActivationFunction",
    "Convolution",
    "Dense",
    "DepthwiseConvolution",
    "FixedPoint",
    "Graph",
    "Input",
    "IntArray",
    "Node",
    "Normalize",
    "NormalizeKind",
    "Overflow",
    "Product",
    "Reshape",
    "Rounding",
    "Softmax",
    "SoftmaxImplementation",
    "digest",
    "frozen",
    "load",
    "narrowest",
    "save",
]
