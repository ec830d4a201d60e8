"""Whole networks over images and sequences: chains of every kind of layer that streams, several in one design."""

from __future__ import annotations

from dataclasses import replace

from codesign.graph import Concatenate, Graph, Reshape, Resize, ZeroPadding
from tests.rtl.designs import activation, dense
from tests.rtl.image_nodes import P, convolution, pooling, port

_SMALL = "ufixed<5,2,RND,SAT>"


def _relu(name, source):
    return activation(name, source.name, source.shape, _SMALL)


def _flat(name, source):
    return Reshape(name=name, inputs=(source.name,), shape=(source.size,), result=source.result)


def _dense(name, source, outputs, seed=0):
    return dense(name, source.name, source.size, outputs, accumulator="fixed<22,12>", result="fixed<12,7>", seed=seed)


def _classifier():
    """An image, not square: same padding, max pooling, a stride, flattened into a dense layer."""
    image = port((8, 10, 1), "ufixed<5,1>", "image")
    first = convolution(image, (3, 3), 3, before=(1, 1), after=(1, 1), name="first")
    relu = _relu("relu", first)
    pooled = pooling(relu, "max", "parallel", (2, 2), name="pooled", result=relu.result, accumulator=relu.result)
    second = convolution(pooled, (3, 3), 4, strides=(1, 2), after=(1, 1), name="second", seed=1)
    small = _relu("small", second)
    flat = _flat("flat", small)
    return (image, first, relu, pooled, second, small, flat, _dense("scores", flat, 3))


def _sequence():
    """A sequence: causal padding, mean pooling, the mean of all."""
    line = port((12, 2), "fixed<5,2>", "line")
    causal = convolution(line, (3,), 3, before=(2,), name="causal", seed=2)
    means = pooling(causal, "average", "parallel", (2,), name="means", result=P(_SMALL))
    whole = pooling(means, "average", "running", name="whole", shape=(3,))
    return (line, causal, means, whole)


def _separable():
    """A separable convolution and its rows and columns repeated, joined with what it read, below a border of zeros."""
    colour = port((4, 5, 3), "fixed<5,2>", "colour")
    depth = convolution(colour, (3, 3), 0, depthwise=True, before=(1, 1), after=(1, 1), name="depth", seed=3)
    point = convolution(depth, (1, 1), 3, name="point", seed=4, result=P("fixed<5,2,RND,SAT>"))
    up = Resize(
        name="up",
        inputs=("point",),
        shape=(8, 5, 3),
        result=point.result,
        image=point.shape,
        rows=(0, 0, 1, 1, 2, 2, 3, 3),
        columns=(0, 1, 2, 3, 4),
    )
    both = Concatenate(name="both", inputs=("up", "colour"), shape=(12, 5, 3), result=P("fixed<6,3>"), axis=0)
    border = ZeroPadding(
        name="border", inputs=("both",), shape=(14, 6, 3), result=both.result, before=(1, 0, 0), after=(1, 1, 0)
    )
    peak = pooling(border, "max", "parallel", (14, 6), name="peak", shape=(1, 1, 3))
    return (colour, depth, point, up, both, border, peak)


def images():
    """Three chains side by side, all of them unrolled."""
    nodes = (*_classifier(), *_sequence(), *_separable())
    return Graph("images", nodes, ("scores", "whole", "peak")), {}


def folded():
    """The same chains with each convolution and dense layer folded."""
    graph, _ = images()
    reuse = {"first": 9, "second": 54, "scores": 40, "causal": 6, "depth": 9, "point": 3}
    return replace(graph, name="folded"), reuse


DESIGNS = {"images": images, "folded": folded}
