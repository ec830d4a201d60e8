"""The rules for Graphs are those of the conversion: derived types, and types that a user states."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from codesign.graph import FixedPoint
from codesign.graph.nodes.base import operation
from codesign.precision import analysed, retyped, types_of
from tests.frontend.models import fill, mlp

T = FixedPoint.parse


def image_model():
    import keras
    from qkeras import QActivation, QConv2D, QDense, quantized_bits, quantized_relu

    def q():
        return quantized_bits(5, 0, alpha=1)

    layers = [
        keras.layers.Input((6, 6, 2)),
        QConv2D(3, 3, padding="same", kernel_quantizer=q(), bias_quantizer=q(), name="conv"),
        keras.layers.ReLU(name="relu0"),
        keras.layers.AveragePooling2D(2, name="mean"),
        QActivation(quantized_relu(5, 1), name="relu1"),
        keras.layers.Flatten(name="flat"),
        QDense(4, kernel_quantizer=q(), bias_quantizer=q(), name="fc"),
        keras.layers.Softmax(name="soft"),
    ]
    return fill(keras.Sequential(layers, name="image"))


def plain_model():
    """Layers without quantizers, whose types the conversion derives from weights on a grid of 1/16."""
    import keras

    layers = [
        keras.layers.Input((6, 6, 2)),
        keras.layers.Conv2D(3, 3, padding="same", name="conv"),
        keras.layers.ReLU(name="relu"),
        keras.layers.MaxPooling2D(2, name="pool"),
        keras.layers.Flatten(name="flat"),
        keras.layers.Dense(4, name="fc"),
    ]
    model = fill(keras.Sequential(layers, name="plain"))
    for weight in model.weights:
        weight.assign(np.rint(np.asarray(weight) * 16) / 16)
    return model


@functools.cache
def converted(make, precision=()):
    from codesign.frontend.convert import convert
    from codesign.frontend.options import ConvertOptions

    stated = {layer: dict(types) for layer, types in precision}
    return convert(make(), ConvertOptions(input_type=T("fixed<8,2>"), precision=stated)).graph


def test_what_the_conversion_derived_is_known_as_derived():
    for make, stated in ((mlp, {"relu1"}), (image_model, {"relu1"}), (plain_model, set())):
        graph = converted(make)
        known = analysed(graph)
        for node in graph:
            found = known[node.name]
            if node.inputs and types_of(node):
                not_derived = set(found.wanted) - found.derived
                assert not_derived == ({"result"} if node.source in stated else set()), node.name


MODELS = [
    (mlp, "fc2", "accum", "fixed<10,3,TRN,SAT>"),
    (mlp, "relu1", "result", "ufixed<3,2,RND,SAT>"),
    (mlp, "fc1", "weight", "fixed<4,1>"),
    (mlp, "fc1", "weight", "fixed<9,2,RND_CONV,SAT>"),
    (mlp, "fc1", "bias", "fixed<3,1,RND,SAT>"),
    (image_model, "conv", "weight", "fixed<3,1>"),
    (image_model, "conv", "result", "fixed<8,4>"),
    (image_model, "soft", "exp_table", "ufixed<12,1,RND,SAT>"),
    (image_model, "soft", "inv_table", "ufixed<9,1,RND,SAT>"),
    (image_model, "soft", "inv_inp", "ufixed<16,5>"),
    (image_model, "fc", "result", "fixed<7,4,RND,SAT>"),
    (image_model, "fc", "result", "fixed<12,7>"),
    (image_model, "soft", "accum", "ufixed<18,4>"),
    (image_model, "mean", "accum", "fixed<14,7>"),
    (plain_model, "conv", "weight", "fixed<3,1>"),
    (plain_model, "conv", "weight", "fixed<3,1,RND_CONV,SAT>"),
    (plain_model, "conv", "bias", "fixed<2,1,RND,SAT>"),
    (plain_model, "fc", "weight", "fixed<9,2>"),
    (plain_model, "fc", "weight", "fixed<2,2,TRN_ZERO>"),
    (plain_model, "relu", "result", "ufixed<5,3,RND,SAT>"),
]


@pytest.mark.parametrize(("make", "layer", "key", "text"), MODELS)
def test_a_stated_type_gives_the_graph_that_the_conversion_makes_of_it(make, layer, key, text):
    """Weights here lie on the grid of their type, so that the model's numbers are those of its Graph."""
    expected = converted(make, ((layer, ((key, T(text)),)),))
    found = retyped(converted(make), {layer: {key: T(text)}})
    for one, other in zip(found, expected, strict=True):
        assert operation(one) == operation(other)
        assert types_of(one) == types_of(other)
        for name, values in other.arrays().items():
            assert np.array_equal(getattr(one, name), values), (one.name, name)
