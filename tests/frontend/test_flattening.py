"""Models in models, merges of several, and operators: as hls4ml takes them, and equal to the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from codesign.errors import UnsupportedLayerError

keras = pytest.importorskip("keras")
pytest.importorskip("hls4ml")

from codesign.frontend.convert import Converted, convert  # noqa: E402
from codesign.frontend.flattening import flattened  # noqa: E402
from codesign.frontend.options import ConvertOptions, Head  # noqa: E402
from codesign.frontend.reference import KerasRung  # noqa: E402
from codesign.graph import FixedPoint  # noqa: E402
from codesign.graph.convert import to_floats  # noqa: E402
from codesign.simulate import execute, predict  # noqa: E402
from codesign.verify.float_reference import float32_approximations  # noqa: E402
from codesign.verify.stimulus import random_inputs  # noqa: E402

INPUT = FixedPoint(True, 6, 3)
layers = keras.layers


def fill(model: Any, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        weight.assign(rng.integers(-8, 8, size=weight.shape) / 8)
    return model


def assert_equals_keras(model: Any, options: ConvertOptions | None = None) -> Converted:
    converted = convert(model, options or ConvertOptions(input_type=INPUT))
    graph = converted.graph
    assert float32_approximations(graph) == {}
    inputs = random_inputs(graph, 50, 1)
    given = [to_floats(inputs[node.name], node.result).astype(np.float32) for node in graph.input_nodes]
    expected = model.predict(given if len(given) > 1 else given[0], verbose=0)
    found = predict(graph, inputs)
    for node, values in zip(graph.output_nodes, expected if isinstance(expected, list) else [expected], strict=True):
        np.testing.assert_array_equal(to_floats(found[node.name], node.result), values, node.name)
    return converted


def block(*units: int, name: str) -> Any:
    return keras.Sequential([layers.Dense(n, activation="relu", name=f"fc{i}") for i, n in enumerate(units)], name=name)


def in_a_row() -> Any:
    return keras.Sequential([layers.Input((4,)), block(5, 3, name="first"), block(4, name="second")])


def in_each_other() -> Any:
    inner = keras.Sequential([block(3, name="deep"), layers.Dense(4, name="fc0")], name="inner")
    x = layers.Input((4,), name="x")
    return keras.Model(x, layers.Dense(2, name="fc0")(inner(x)))


def several_inputs_and_outputs() -> Any:
    a, b = layers.Input((3,), name="a"), layers.Input((4,), name="b")
    d = layers.Dense(4, name="d")(a)
    inner = keras.Model([a, b], [layers.Subtract(name="less")([d, b]), d], name="inner")
    x, y = layers.Input((4,), name="x"), layers.Input((3,), name="y")
    less, plain = inner([y, x])
    return keras.Model([x, y], [layers.ReLU(name="relu")(less), plain])


def called_twice() -> Any:
    shared = block(3, name="shared")
    a, b = layers.Input((3,), name="a"), layers.Input((3,), name="b")
    return keras.Model([a, b], [layers.Add(name="sum")([shared(a), shared(b)])])


def layer_called_twice() -> Any:
    shared = layers.Dense(3, name="shared")
    a, b = layers.Input((3,), name="a"), layers.Input((3,), name="b")
    return keras.Model([a, b], [layers.Subtract(name="less")([shared(a), shared(b)])])


def merges_of_several() -> Any:
    a, b = layers.Input((3,), name="a"), layers.Input((3,), name="b")
    c = layers.Dense(3, name="c")(a)
    out = [
        getattr(layers, kind)(name=kind.lower())([a, b, c, a]) for kind in ("Add", "Maximum", "Minimum", "Concatenate")
    ]
    return keras.Model([a, b], [*out, layers.Multiply(name="times")([a, b, c])])


def operators() -> Any:
    a, b = layers.Input((3,), name="a"), layers.Input((3,), name="b")
    return keras.Model([a, b], [a + b, layers.ReLU()(a * b - a)])


def clashing_names() -> Any:
    x = layers.Input((3, 4), name="n")
    turned = layers.Flatten(name="value")(layers.Permute((2, 1), name="perm")(x))
    return keras.Model(x, layers.ReLU(name="while")(layers.Dense(3, name="weight_data")(turned)))


@pytest.mark.parametrize(
    "build",
    [
        in_a_row,
        in_each_other,
        several_inputs_and_outputs,
        called_twice,
        layer_called_twice,
        merges_of_several,
        operators,
        clashing_names,
    ],
)
def test_the_graph_is_what_the_model_computes(build: Callable[[], Any]) -> None:
    model = fill(build())
    names = [layer.name for layer in model.layers]
    calls = [len(layer._inbound_nodes) for layer in model.layers]
    assert_equals_keras(model)
    assert [layer.name for layer in model.layers] == names, "the user's model is left as it was"
    assert [len(layer._inbound_nodes) for layer in model.layers] == calls


def test_layers_inside_are_named_after_the_models_around_them() -> None:
    converted = assert_equals_keras(fill(in_each_other()))
    assert {"inner/deep/fc0", "inner/fc0", "fc0"} <= set(converted.layer_nodes)
    assert converted.layer_nodes["inner"] == converted.layer_nodes["inner/fc0"]
    stated = FixedPoint.parse("fixed<30,15>")
    options = ConvertOptions(input_type=INPUT, precision={"inner/fc0": {"result": stated}})
    graph = convert(fill(in_each_other()), options).graph
    assert graph[converted.layer_nodes["inner/fc0"]].result == stated


def test_names_that_clash_come_back_as_sources() -> None:
    converted = assert_equals_keras(fill(clashing_names()))
    assert {"n", "value", "weight_data"} <= {node.source for node in converted.graph}
    assert not {"perm", "value"} & set(converted.layer_nodes), "their numbers come in another order"


def test_a_head_follows_a_model_inside() -> None:
    graph = convert(fill(in_a_row()), ConvertOptions(input_type=INPUT, head=Head.ARGMAX)).graph
    assert type(graph.output_nodes[0]).__name__ == "Softmax"


def test_a_flat_model_is_taken_as_it_is() -> None:
    x = layers.Input((3,))
    model = keras.Model(x, layers.ReLU()(x))
    with flattened(model) as flat:
        assert flat.model is model


def test_what_no_layer_computes_is_refused_by_name() -> None:
    x = layers.Input((3,))
    with pytest.raises(UnsupportedLayerError, match=r"operation 'sin\w*' \(Sin\) is no layer; .* use keras.layers"):
        convert(keras.Model(x, keras.ops.sin(x)), ConvertOptions())
    with pytest.raises(UnsupportedLayerError, match=r"'mean' \(Average\) reads 3 layers; .* merges two"):
        convert(keras.Model(x, layers.Average(name="mean")([x, x, x])), ConvertOptions())


def test_a_layer_inside_that_is_not_carried_is_named() -> None:
    inner = keras.Sequential([layers.UnitNormalization(name="unit")], name="inner")
    with pytest.raises(UnsupportedLayerError, match=r"'unit' \(UnitNormalization\)"):
        convert(keras.Sequential([layers.Input((3,)), inner]), ConvertOptions())


@pytest.mark.parametrize(
    "build",
    [
        in_a_row,
        in_each_other,
        several_inputs_and_outputs,
        called_twice,
        layer_called_twice,
        merges_of_several,
        clashing_names,
    ],
)
def test_layers_are_compared_with_the_nodes_that_compute_them(build: Callable[[], Any]) -> None:
    model = fill(build())
    converted = convert(model, ConvertOptions(input_type=INPUT))
    inputs = random_inputs(converted.graph, 50, 1)
    ours = execute(converted.graph, inputs)
    answers = KerasRung(lambda: model, converted.graph, converted.layer_nodes).answer(inputs, layers=True).values
    assert {node.name for node in converted.graph.output_nodes} & set(answers)
    for name, theirs in answers.items():
        floats = to_floats(ours[name], converted.graph[name].result)
        np.testing.assert_array_equal(floats, theirs.reshape(floats.shape), name)
