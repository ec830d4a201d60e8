"""Element-wise and normalizing layers of Keras as hls4ml is given them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from codesign.errors import UnsupportedLayerError

keras = pytest.importorskip("keras")
pytest.importorskip("hls4ml")

from codesign.frontend.convert import convert  # noqa: E402
from codesign.frontend.options import ConvertOptions, IoType  # noqa: E402
from codesign.graph import FixedPoint, Graph, LayerNormalization, Softmax  # noqa: E402
from codesign.graph.convert import to_floats  # noqa: E402
from codesign.simulate import predict  # noqa: E402
from codesign.verify.float_reference import float32_approximations  # noqa: E402
from codesign.verify.stimulus import random_inputs  # noqa: E402
from tests.frontend.test_flattening import assert_equals_keras, fill  # noqa: E402

layers = keras.layers
WIDE = FixedPoint(True, 13, 9)  # beyond what hls4ml's fixed<16,6> holds


def graph_of(*stack: Any, shape: tuple[int, ...] = (3, 4), **options: Any) -> Graph:
    model = fill(keras.Sequential([layers.Input(shape), *stack]))
    return convert(model, ConvertOptions(input_type=WIDE, **options)).graph


def only(graph: Graph) -> Any:
    (node,) = graph.output_nodes
    return node


def rectifiers() -> Any:
    x = layers.Input((3, 4))
    given = [
        layers.ReLU()(x),
        layers.ReLU(6)(x),
        layers.Activation("relu6")(x),
        layers.ReLU(negative_slope=0.5)(x),
        layers.LeakyReLU(0.125)(x),
        layers.ReLU(threshold=1.75)(x),
        layers.PReLU()(x),
        layers.PReLU(shared_axes=[1])(x),
        layers.PReLU(shared_axes=[1, 2])(x),
    ]
    return keras.Model(x, given)


def lookups() -> Any:
    x = layers.Input((3,))
    return keras.Model(x, layers.Embedding(8, 4)(x))


@pytest.mark.parametrize(
    ("build", "type_"), [(rectifiers, WIDE), (lookups, FixedPoint(False, 3, 3))], ids=["rectifiers", "lookups"]
)
def test_nothing_is_rounded_or_overflows(build: Callable[[], Any], type_: FixedPoint) -> None:
    assert_equals_keras(fill(build()), ConvertOptions(input_type=type_))


def test_a_slope_is_the_model_s_in_float32() -> None:
    node = only(graph_of(layers.LeakyReLU(0.3)))
    assert to_floats(node.alpha, node.alpha_type) == np.float32(0.3)


@pytest.mark.parametrize("io_type", IoType)
@pytest.mark.parametrize("axis", [-1, 2, [2], [-1]], ids=str)
def test_softmax_over_the_last_axis_however_it_is_said(axis: Any, io_type: IoType) -> None:
    node = only(graph_of(layers.Softmax(axis=axis), io_type=io_type))
    assert isinstance(node, Softmax)
    assert (node.n_slice, node.n_inner) == (4, 1)


def test_softmax_over_another_axis() -> None:
    node = only(graph_of(layers.Softmax(axis=-2)))
    assert (node.n_slice, node.n_inner) == (3, 4)
    with pytest.raises(UnsupportedLayerError, match="softmax over axis 1 in io_stream"):
        graph_of(layers.Softmax(axis=-2), io_type=IoType.STREAM)
    with pytest.raises(UnsupportedLayerError, match=r"works over axes \[1, 2\]; .* takes one"):
        graph_of(layers.Softmax(axis=(1, 2)))


@pytest.mark.parametrize("io_type", IoType)
@pytest.mark.parametrize("inside", [False, True])
def test_a_softmax_as_an_activation_is_over_the_last_axis(inside: bool, io_type: IoType) -> None:
    stack = [layers.Dense(4, activation="softmax")] if inside else [layers.Activation("softmax")]
    model = fill(keras.Sequential([layers.Input((3, 4)), *stack]))
    graph = convert(model, ConvertOptions(input_type=FixedPoint(True, 12, 4), io_type=io_type)).graph
    assert only(graph).n_slice == 4
    inputs = random_inputs(graph, 100, 1)
    (given,) = (to_floats(inputs[node.name], node.result) for node in graph.input_nodes)
    found = to_floats(predict(graph, inputs)[only(graph).name], only(graph).result)
    assert np.abs(found - model.predict(given, verbose=0)).max() < 0.02


@pytest.mark.parametrize("axis", [-1, 2])
def test_layer_normalization_of_the_last_axis(axis: int) -> None:
    node = only(graph_of(layers.LayerNormalization(axis=axis)))
    assert isinstance(node, LayerNormalization)
    plain = only(graph_of(layers.LayerNormalization(axis=axis, center=False, scale=False)))
    assert np.all(to_floats(plain.scale, plain.scale_type) == 1)
    assert not plain.bias.any()


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (layers.ReLU(4), (3,), "is a ReLU up to 4; .* one up to 6"),
        (layers.ReLU(6, negative_slope=0.5), (3,), "is a ReLU up to 6; .* without slope"),
        (layers.LayerNormalization(axis=1), (3, 4), r"normalizes axis .* of \(3, 4\); .* the last of two"),
        (layers.LayerNormalization(), (4,), r"of \(4,\); .* \(steps, channels\): reshape"),
        (layers.LayerNormalization(epsilon=2e-3), (3, 4), "epsilon 0.002; .* powers of ten"),
        (layers.LayerNormalization(epsilon=1.0), (3, 4), "epsilon 1; .* powers of ten below 1"),
    ],
)
def test_what_the_hardware_lacks_is_refused_by_name(layer: Any, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(UnsupportedLayerError, match=message):
        graph_of(layer, shape=shape)


def test_float32_follows_rectifiers() -> None:
    assert float32_approximations(graph_of(layers.PReLU(), layers.ReLU(6))) == {}
