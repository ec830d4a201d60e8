"""The operations of a Graph: frozen records of what hls4ml's C++ computes at each of them.

One module a family of operations; each is registered under the name that it is saved by.
"""

from codesign.graph.nodes.activation import Activation, ActivationFunction
from codesign.graph.nodes.base import (
    OPERATIONS,
    IntArray,
    Node,
    check_array,
    frozen,
    one_source,
    operation,
    register,
    replace_arrays,
    same_size,
)
from codesign.graph.nodes.contraction import Dot, Einsum, EinsumDense
from codesign.graph.nodes.convolution import Convolution, DepthwiseConvolution
from codesign.graph.nodes.dense import STRATEGIES, Dense
from codesign.graph.nodes.embedding import Embedding
from codesign.graph.nodes.garnet import GarNet, GarNetReference, VertexCollapse
from codesign.graph.nodes.hard import HardActivation, HardFunction
from codesign.graph.nodes.layer_normalization import LayerNormalization
from codesign.graph.nodes.lookup import Elu, Overflown, Selu, TableActivation, UnaryTable
from codesign.graph.nodes.merge import Broadcast, Concatenate, Merge, MergeOperation
from codesign.graph.nodes.movement import Cropping, Resize, Transpose, ZeroPadding
from codesign.graph.nodes.normalize import Normalize, NormalizeKind
from codesign.graph.nodes.pooling import Pooling, PoolingArithmetic, PoolingKind
from codesign.graph.nodes.ports import Input
from codesign.graph.nodes.product import Product, check_products
from codesign.graph.nodes.quantizer import Quantizer
from codesign.graph.nodes.rectifier import ClippedRelu, PRelu, ThresholdedRelu
from codesign.graph.nodes.recurrent import Direction, GateFunction, Gru, Lstm, Recurrent
from codesign.graph.nodes.reshape import Reshape
from codesign.graph.nodes.softmax import Softmax, SoftmaxDifference, SoftmaxImplementation
from codesign.graph.nodes.threshold import BinaryThreshold, TernaryTanh, TernaryThreshold
from codesign.graph.nodes.time_steps import ReadTimeStep, WriteTimeStep

__all__ = [
    "OPERATIONS",
    "STRATEGIES",
    "Activation",
    "ActivationFunction",
    "BinaryThreshold",
    "Broadcast",
    "ClippedRelu",
    "Concatenate",
    "Convolution",
    "Cropping",
    "Dense",
    "DepthwiseConvolution",
    "Direction",
    "Dot",
    "Einsum",
    "EinsumDense",
    "Elu",
    "Embedding",
    "GarNet",
    "GarNetReference",
    "GateFunction",
    "Gru",
    "HardActivation",
    "HardFunction",
    "Input",
    "IntArray",
    "LayerNormalization",
    "Lstm",
    "Merge",
    "MergeOperation",
    "Node",
    "Normalize",
    "NormalizeKind",
    "Overflown",
    "PRelu",
    "Pooling",
    "PoolingArithmetic",
    "PoolingKind",
    "Product",
    "Quantizer",
    "ReadTimeStep",
    "Recurrent",
    "Reshape",
    "Resize",
    "Selu",
    "Softmax",
    "SoftmaxDifference",
    "SoftmaxImplementation",
    "TableActivation",
    "TernaryTanh",
    "TernaryThreshold",
    "ThresholdedRelu",
    "Transpose",
    "UnaryTable",
    "VertexCollapse",
    "WriteTimeStep",
    "ZeroPadding",
    "check_array",
    "check_products",
    "frozen",
    "one_source",
    "operation",
    "register",
    "replace_arrays",
    "same_size",
]
