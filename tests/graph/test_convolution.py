"""Convolutions check themselves; what they are read from is held against hls4ml's C++ elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.errors import GraphError
from codesign.graph import Convolution, DepthwiseConvolution, FixedPoint, Graph, Input, Node, Product, frozen
from codesign.simulate import execute

T = FixedPoint.parse("fixed<6,4>")
WIDE = FixedPoint.parse("fixed<20,12>")


def image(result: FixedPoint = T) -> Input:
    return Input(name="x", inputs=(), shape=(4, 5, 2), result=result)


def convolution(**changes) -> Convolution:
    values = {
        "name": "conv",
        "inputs": ("x",),
        "shape": (3, 2, 3),
        "result": WIDE,
        "weight": frozen(np.arange(36).reshape(2, 3, 2, 3) % 17 - 8),
        "weight_type": T,
        "bias": frozen([1, 2, 3]),
        "bias_type": T,
        "accumulator": WIDE,
        "strides": (1, 2),
        "padding_before": (0, 0),
        "padding_after": (0, 0),
    }
    return Convolution(**{**values, **changes})


def depthwise(**changes) -> DepthwiseConvolution:
    values = {
        "name": "conv",
        "inputs": ("x",),
        "shape": (3, 3, 2),
        "result": WIDE,
        "weight": frozen(np.arange(12).reshape(2, 3, 2) - 6),
        "weight_type": T,
        "bias": frozen([1, 2]),
        "bias_type": T,
        "accumulator": WIDE,
        "strides": (1, 1),
        "padding_before": (0, 0),
        "padding_after": (0, 0),
    }
    return DepthwiseConvolution(**{**values, **changes})


def graph(node: Node, source: FixedPoint = T) -> Graph:
    return Graph("design", (image(source), node), ("conv",))


def test_windows_are_placed_by_strides_and_padding():
    node = convolution(shape=(3, 3, 3), padding_before=(1, 0), padding_after=(1, 2), strides=(2, 2))
    x = np.random.default_rng(1).integers(T.min_int, T.max_int, (7, 4, 5, 2), endpoint=True)
    padded = np.pad(x, ((0, 0), (1, 1), (0, 2), (0, 0)))
    found = execute(graph(node), {"x": x})["conv"]
    for row, column, filter_ in np.ndindex(3, 3, 3):
        window = padded[:, 2 * row : 2 * row + 2, 2 * column : 2 * column + 3]
        total = (window * node.weight[..., filter_]).sum(axis=(1, 2, 3))
        expected = total * 2**4 + node.bias[filter_] * 2**6
        assert np.array_equal(found[:, row, column, filter_], expected)


def test_a_depthwise_filter_sees_its_channel_alone():
    node = depthwise()
    x = np.random.default_rng(1).integers(T.min_int, T.max_int, (7, 4, 5, 2), endpoint=True)
    found = execute(graph(node), {"x": x})["conv"]
    other = x.copy()
    other[..., 0] = 0
    assert np.array_equal(execute(graph(node), {"x": other})["conv"][..., 1], found[..., 1])
    total = (x[:, 1:3, 2:5, 1] * node.weight[..., 1]).sum(axis=(1, 2))
    assert np.array_equal(found[:, 1, 2, 1], total * 2**4 + node.bias[1] * 2**6)


def test_orders_of_the_resource_strategies():
    assert convolution().order is None
    assert convolution(reuse_factor=3).order is None
    assert convolution(reuse_factor=3, strategy="resource").order.tolist() == [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]
    assert convolution(reuse_factor=24, strategy="resource").order is None
    assert depthwise(reuse_factor=3).order(1) is None
    # Channel 1 has the places 1, 3, 5, 7, 9 and 11; modulo 3 that is 1, 0, 2, 1, 0, 2.
    assert depthwise(reuse_factor=3, strategy="resource").order(1).tolist() == [1, 4, 0, 3, 2, 5]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shape": (3, 2)}, r"shape \(3, 2\) and reads shape \(4, 5, 2\); a convolution has"),
        ({"shape": (3, 3, 3)}, r"shape \(3, 3, 3\), but its windows fit \(3, 2\) times"),
        ({"shape": (3, 2, 4)}, r"weight has shape \(2, 3, 2, 3\), expected \(2, 3, 2, 4\)|bias has shape"),
        ({"weight": frozen(np.zeros((2, 3, 2)))}, r"weight has shape \(2, 3, 2\), expected 4 axes"),
        ({"weight": frozen(np.zeros((5, 3, 2, 3)))}, r"windows \(5, 3\) over \(4, 5\) values"),
        ({"weight": frozen(np.full((2, 3, 2, 3), 32))}, r"weight spans \[32, 32\]"),
        ({"strides": (1,)}, r"strides \(1,\); it takes 2 numbers of at least 1"),
        ({"strides": (1, 0)}, r"strides \(1, 0\); it takes 2 numbers of at least 1"),
        ({"padding_before": (-1, 0)}, r"padding_before \(-1, 0\); it takes 2 numbers of at least 0"),
        ({"reuse_factor": 0}, "reuse factor 0; it must be at least 1"),
        ({"reuse_factor": 5, "strategy": "resource"}, "it must divide the 12 numbers of a window"),
        ({"strategy": "fast"}, "strategy 'fast'; choose latency, resource, resource_unrolled"),
        ({"product": Product.DATA_BINARY}, r"product 'data_binary' but reads fixed<6,4>"),
        ({"agreement": 12}, "counts the equal ones of 12 bits and reads fixed<6,4>"),
    ],
)
def test_contradictions_are_refused(changes, message):
    with pytest.raises(GraphError, match=rf"node 'conv'.*({message})"):
        graph(convolution(**changes))


def test_a_depthwise_convolution_keeps_its_channels():
    changes = {"shape": (3, 3, 3), "bias": frozen([1, 2, 3])}
    with pytest.raises(GraphError, match="node 'conv' has 3 channels, but reads 2; a depthwise convolution keeps them"):
        graph(depthwise(**changes))
