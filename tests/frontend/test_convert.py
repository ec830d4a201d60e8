"""Conversion: names, exact types, refusals, and equality with QKeras and with hls4ml's compiled C++."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codesign.errors import PrecisionError, UnsupportedLayerError, WeightError
from codesign.frontend.options import ConvertOptions, Head, SoftmaxChoice, Strategy
from codesign.graph import (
    Activation,
    Dense,
    FixedPoint,
    Graph,
    Normalize,
    Softmax,
    SoftmaxImplementation,
    TableActivation,
)
from codesign.graph.convert import to_floats
from codesign.simulate import execute
from codesign.verify.float_reference import float32_approximations
from codesign.verify.stimulus import random_inputs

keras = pytest.importorskip("keras")
pytest.importorskip("qkeras")
pytest.importorskip("hls4ml")

from qkeras import (  # noqa: E402
    QActivation,
    QBatchNormalization,
    QDense,
    binary,
    quantized_bits,
    quantized_linear,
    quantized_po2,
    quantized_relu,
    ternary,
)

from codesign.frontend import handlers  # noqa: E402
from codesign.frontend.convert import Converted, convert  # noqa: E402
from tests.frontend.models import fill, mlp  # noqa: E402

INPUT = FixedPoint(False, 5, 1)


def run(converted: Converted, samples: int = 300) -> tuple[dict[str, Any], dict[str, Any]]:
    inputs = random_inputs(converted.graph, samples, 1)
    return inputs, execute(converted.graph, inputs)


def layer_outputs(model: Any, converted: Converted, inputs: dict[str, Any]) -> dict[str, np.ndarray]:
    """What Keras computes at each layer that has a node."""
    node = converted.graph.input_nodes[0]
    x = to_floats(inputs[node.name], node.result).astype(np.float32)
    functional = keras.Model(model.inputs, [layer.output for layer in model.layers])
    outputs = functional.predict(x, verbose=0)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    return {
        converted.layer_nodes[layer.name]: np.asarray(value)
        for layer, value in zip(model.layers, outputs, strict=True)
        if layer.name in converted.layer_nodes
    }


def assert_equals_keras(model: Any, options: ConvertOptions | None = None) -> Converted:
    """Exact wherever float32 can be exact; the last layer at least must be."""
    converted = convert(model, options or ConvertOptions(input_type=INPUT))
    inputs, ours = run(converted)
    approximate = float32_approximations(converted.graph)
    compared = 0
    for name, theirs in layer_outputs(model, converted, inputs).items():
        if name in approximate:
            continue
        floats = to_floats(ours[name], converted.graph[name].result)
        np.testing.assert_array_equal(floats, theirs.reshape(floats.shape).astype(np.float64), name)
        compared += 1
    assert compared
    return converted


QUANTIZERS = [
    quantized_bits(6, 0, alpha=1),
    quantized_bits(4, 1, alpha=1),
    quantized_bits(8, 0, 1, alpha=1),
    quantized_bits(4, 0, alpha="auto_po2"),
    quantized_bits(8, 0, alpha="auto_po2"),
    ternary(alpha=1),
    binary(alpha=1),
    quantized_po2(4),
    quantized_bits(1, 0, alpha=1),
    quantized_bits(1, 1, alpha=1),
]


@pytest.mark.parametrize("quantizer", QUANTIZERS, ids=str)
def test_every_weight_quantizer_is_met_exactly(quantizer: Any) -> None:
    model = fill(
        keras.Sequential(
            [
                keras.layers.Input((8,)),
                QDense(6, kernel_quantizer=quantizer, bias_quantizer=quantized_bits(6, 0, alpha=1), name="fc"),
                QActivation(quantized_relu(6, 3), name="act"),
            ]
        )
    )
    converted = assert_equals_keras(model)
    assert "act" not in float32_approximations(converted.graph)


def test_channel_scales_are_kept_exactly_and_declared_inexact_in_float32() -> None:
    q = quantized_bits(4, 0, alpha="auto")
    model = fill(keras.Sequential([keras.layers.Input((8,)), QDense(6, kernel_quantizer=q, name="fc")]))
    converted = convert(model, ConvertOptions(input_type=INPUT))
    alpha = converted.graph["fc_alpha"]
    assert isinstance(alpha, Normalize)
    reason = float32_approximations(converted.graph)["fc_alpha"]
    assert "float32 holds 24" in reason
    inputs, ours = run(converted)
    theirs = layer_outputs(model, converted, inputs)["fc_alpha"]
    np.testing.assert_allclose(to_floats(ours["fc_alpha"], alpha.result), theirs, rtol=0, atol=1e-5)


def test_activations_inside_a_layer_and_merged_quantizers() -> None:
    q = quantized_bits(6, 0, alpha=1)
    model = fill(
        keras.Sequential(
            [
                keras.layers.Input((8,)),
                QActivation(quantized_bits(4, 0, alpha=1), name="q_in"),
                QDense(6, kernel_quantizer=q, bias_quantizer=q, activation=quantized_relu(5, 2), name="fc1"),
                keras.layers.Dropout(0.5, name="drop"),
                QDense(5, kernel_quantizer=q, use_bias=False, name="fc2"),
                QActivation(quantized_bits(7, 2, alpha=1), name="q_out"),
            ]
        )
    )
    converted = assert_equals_keras(model, ConvertOptions(input_type=FixedPoint(True, 10, 2)))
    assert "q_out" not in float32_approximations(converted.graph)


def test_shapes_flatten_and_reshape() -> None:
    q = quantized_bits(6, 0, alpha=1)
    model = fill(
        keras.Sequential(
            [
                keras.layers.Input((2, 4)),
                keras.layers.Flatten(name="flat"),
                QDense(6, kernel_quantizer=q, bias_quantizer=q, name="fc"),
                keras.layers.Activation("relu", name="plain"),
                keras.layers.Reshape((3, 2), name="shaped"),
            ]
        )
    )
    converted = assert_equals_keras(model)
    assert converted.graph.output_nodes[0].size == 6


def test_images_are_padded_cropped_resized_turned_and_pooled() -> None:
    model = keras.Sequential(
        [
            keras.layers.Input((6, 6, 2)),
            keras.layers.ZeroPadding2D(1, name="wider"),
            keras.layers.MaxPooling2D(2, name="largest"),
            keras.layers.UpSampling2D(2, name="larger"),
            keras.layers.Cropping2D(2, name="narrower"),
            keras.layers.AveragePooling2D(2, name="mean"),
            keras.layers.Permute((3, 1, 2), name="turned"),
            keras.layers.GlobalAveragePooling2D(name="all"),
        ]
    )
    converted = assert_equals_keras(model)
    assert converted.graph.output_nodes[0].shape == (2,)


def test_unquantized_batch_normalization_is_exact_against_its_own_numbers() -> None:
    q = quantized_bits(6, 0, alpha=1)
    model = fill(
        keras.Sequential(
            [
                keras.layers.Input((8,)),
                QDense(6, kernel_quantizer=q, bias_quantizer=q, name="fc"),
                QActivation(quantized_relu(6, 2), name="act"),
                keras.layers.BatchNormalization(name="bn"),
            ]
        )
    )
    converted = convert(model, ConvertOptions(input_type=INPUT))
    node = converted.graph["bn"]
    assert isinstance(node, Normalize)
    scale, bias = handlers.folded_normalization(model.get_layer("bn"))
    np.testing.assert_array_equal(to_floats(node.scale, node.scale_type), scale.astype(np.float64))
    np.testing.assert_array_equal(to_floats(node.bias, node.bias_type), bias.astype(np.float64))


def test_quantized_batch_normalization_keeps_its_quantizers() -> None:
    q = quantized_bits(6, 0, alpha=1)
    model = fill(
        keras.Sequential(
            [
                keras.layers.Input((8,)),
                QDense(6, kernel_quantizer=q, bias_quantizer=q, name="fc"),
                QActivation(quantized_relu(6, 2), name="act"),
                QBatchNormalization(
                    gamma_quantizer=None,
                    variance_quantizer=None,
                    inverse_quantizer=quantized_bits(8, 2, alpha=1),
                    beta_quantizer=quantized_bits(6, 1, alpha=1),
                    mean_quantizer=quantized_bits(6, 1, alpha=1),
                    name="bn",
                ),
            ]
        )
    )
    converted = assert_equals_keras(model)
    assert "bn" not in float32_approximations(converted.graph), "an inverse on a grid is exact in float32"


def test_nothing_overflows_or_rounds_at_the_extremes() -> None:
    """Inputs that drive one sum to its bound, either way, stay inside every accumulator."""
    converted = convert(mlp(), ConvertOptions(input_type=FixedPoint(True, 6, 1)))
    node = converted.graph["fc1"]
    assert isinstance(node, Dense)
    type_ = converted.graph.input_nodes[0].result
    best = np.where(node.weight > 0, type_.max_int, type_.min_int).T
    worst = np.where(node.weight > 0, type_.min_int, type_.max_int).T
    found = execute(converted.graph, {converted.graph.input_nodes[0].name: np.concatenate([best, worst])})["fc1"]
    fraction = type_.fraction + node.weight_type.fraction
    up = node.accumulator.fraction - fraction
    exact = np.concatenate([best, worst]) @ node.weight * 2**up
    exact += node.bias << (node.accumulator.fraction - node.bias_type.fraction)
    np.testing.assert_array_equal(found, exact)
    assert node.result.same_grid(node.accumulator)


@pytest.mark.parametrize(
    ("strategy", "reuse", "built"),
    [
        (Strategy.LATENCY, 1, "latency"),
        (Strategy.LATENCY, 4, "latency"),
        (Strategy.RESOURCE, 1, "resource"),
        (Strategy.RESOURCE, 4, "resource"),
        (Strategy.RESOURCE_UNROLLED, 1, "resource"),  # hls4ml has nothing to unroll
        (Strategy.RESOURCE_UNROLLED, 4, "resource_unrolled"),
        (Strategy.DISTRIBUTED_ARITHMETIC, 1, "distributed_arithmetic"),
    ],
)
def test_strategy_and_reuse_change_no_number(strategy: Strategy, reuse: int, built: str) -> None:
    model = mlp()
    base = convert(model, ConvertOptions(input_type=INPUT)).graph
    other = convert(model, ConvertOptions(input_type=INPUT, strategy=strategy, reuse_factor=reuse)).graph
    for node in base:
        for name, array in node.arrays().items():
            np.testing.assert_array_equal(array, other[node.name].arrays()[name])
    fc1 = other["fc1"]
    assert isinstance(fc1, Dense)
    assert (fc1.strategy, fc1.reuse_factor) == (built, reuse)


def test_heads() -> None:
    model = mlp(activation="softmax")
    logits = convert(model, ConvertOptions(input_type=INPUT, head=Head.LOGITS))
    assert not any(isinstance(node, Softmax) for node in logits.graph)
    assert "fc2" not in logits.layer_nodes or logits.layer_nodes["fc2"] == "fc2"
    hot = convert(model, ConvertOptions(input_type=INPUT, head=Head.ARGMAX))
    inputs, values = run(hot)
    last = hot.graph.output_nodes[0]
    assert isinstance(last, Softmax)
    assert last.implementation is SoftmaxImplementation.ARGMAX
    winner = np.argmax(execute(logits.graph, inputs)[logits.graph.outputs[0]], axis=1)
    np.testing.assert_array_equal(values[last.name], np.eye(4, dtype=np.int64)[winner])
    appended = convert(mlp(), ConvertOptions(input_type=INPUT, head=Head.ARGMAX)).graph
    assert isinstance(appended.output_nodes[0], Softmax)


@pytest.mark.parametrize("choice", [SoftmaxChoice.STABLE, SoftmaxChoice.LATENCY])
def test_softmax_is_near_the_true_one(choice: SoftmaxChoice) -> None:
    model = mlp(activation="softmax")
    converted = convert(model, ConvertOptions(input_type=INPUT, softmax=choice))
    inputs, ours = run(converted)
    last = converted.graph.output_nodes[0]
    assert "lookup tables" in float32_approximations(converted.graph)[last.name]
    theirs = layer_outputs(model, converted, inputs)[last.name]
    error = np.abs(to_floats(ours[last.name], last.result) - theirs).max()
    assert error < (0.02 if choice is SoftmaxChoice.STABLE else 0.2)


def test_names_from_strangers_become_identifiers_and_come_back() -> None:
    model = mlp()
    model.layers[0].name = '../../x; rm -rf $HOME "'
    model.layers[1].name = 'relu"; system("x'
    model.layers[2].name = "fc2"
    converted = convert(model, ConvertOptions(input_type=INPUT))
    assert all(node.name.isidentifier() for node in converted.graph)
    assert {node.source for node in converted.graph} >= {'../../x; rm -rf $HOME "', 'relu"; system("x'}
    assert model.layers[0].name == '../../x; rm -rf $HOME "', "the user's model is left as it was"
    assert set(converted.layer_nodes) >= {'../../x; rm -rf $HOME "', 'relu"; system("x', "fc2"}


def test_names_that_differ_only_in_what_is_cleaned_stay_apart() -> None:
    model = mlp()
    for layer, name in zip(model.layers, ("a b", "a_b", "A?b"), strict=True):
        layer.name = name
    assert len({node.name.lower() for node in convert(model, ConvertOptions(input_type=INPUT)).graph}) == 4


def test_a_stated_type_wins_over_the_derived_one() -> None:
    stated = {"fc1": {"accum": FixedPoint.parse("fixed<10,4>"), "result": FixedPoint.parse("fixed<8,4,RND,SAT>")}}
    graph = convert(mlp(), ConvertOptions(input_type=INPUT, precision=stated)).graph
    node = graph["fc1"]
    assert isinstance(node, Dense)
    assert (str(node.accumulator), str(node.result)) == ("fixed<10,4>", "fixed<8,4,RND,SAT>")


def test_a_stated_type_goes_before_the_quantizers():
    stated = FixedPoint.parse("fixed<4,1,RND_CONV,SAT>")
    node = convert(mlp(), ConvertOptions(precision={"fc1": {"weight": stated}})).graph["fc1"]
    assert node.weight_type == stated
    whole = convert(mlp(), ConvertOptions()).graph["fc1"]
    assert np.array_equal(node.weight, np.clip(np.rint(whole.weight / 4), -8, 7))


def test_binary_weights_can_have_no_other_type():
    import keras
    from qkeras import QDense, binary

    layers = [keras.layers.Input((4,)), QDense(3, kernel_quantizer=binary(alpha=1), use_bias=False, name="fc")]
    with pytest.raises(
        PrecisionError, match=r"layer 'fc': weight is binary, .* leave weight out of the precision config"
    ):
        convert(keras.Sequential(layers), ConvertOptions(precision={"fc": {"weight": FixedPoint.parse("fixed<4,2>")}}))


def test_a_stated_type_for_nobody_is_refused_by_name() -> None:
    with pytest.raises(PrecisionError, match=r"names layer 'fc9', which the model lacks; it has .*fc1"):
        convert(mlp(), ConvertOptions(precision={"fc9": {"weight": INPUT}}))
    with pytest.raises(PrecisionError, match=r"gives layer 'fc1' a type 'wieght'; it has .*weight"):
        convert(mlp(), ConvertOptions(precision={"fc1": {"wieght": INPUT}}))


def test_unsupported_layers_are_all_named() -> None:
    model = keras.Sequential(
        [
            keras.layers.Input((4, 4, 1)),
            keras.layers.Conv2DTranspose(2, 3, name="c1"),
            keras.layers.UnitNormalization(name="u1"),
        ]
    )
    with pytest.raises(
        UnsupportedLayerError, match=r"'c1' \(Conv2DTranspose\), 'u1' \(UnitNormalization\); supported are .*QDense"
    ):
        convert(model, ConvertOptions())


def test_a_smooth_upsampling_is_refused_not_made_blocky() -> None:
    """hls4ml's own config has it write the nearest number, whatever the model says."""
    model = keras.Sequential([keras.layers.Input((2, 3, 1)), keras.layers.UpSampling2D(interpolation="bilinear")])
    with pytest.raises(
        UnsupportedLayerError, match=r"resizes by 'bilinear', for which hls4ml has no C\+\+; use .*'nearest'"
    ):
        convert(model, ConvertOptions())


def test_an_activation_with_a_table_is_carried() -> None:
    graph = convert(mlp(activation="tanh"), ConvertOptions(input_type=INPUT)).graph
    assert any(isinstance(node, TableActivation) and node.span == 8 for node in graph)


def test_nan_weights_are_counted() -> None:
    model = mlp()
    model.layers[0].weights[0].assign(np.full((8, 6), np.nan))
    with pytest.raises(WeightError, match=r"layer 'fc1'.*48 values that are NaN or infinite"):
        convert(model, ConvertOptions())


def test_weights_too_fine_for_any_type_are_refused() -> None:
    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(2, name="fine")])
    model.layers[0].weights[0].assign(np.array([[1.0, 1e-30], [1.0, 1.0]]))
    with pytest.raises(WeightError, match=r"weight of layer 'fine' needs \d+ bits .* state its type in --precision"):
        convert(model, ConvertOptions())
    stated = {"fine": {"weight": FixedPoint(True, 16, 4)}}
    graph = convert(model, ConvertOptions(precision=stated)).graph
    node = graph["fine"]
    assert isinstance(node, Dense)
    assert node.weight_type == FixedPoint(True, 16, 4)


def test_handlers_stand_aside_for_hls4ml_own(monkeypatch: pytest.MonkeyPatch) -> None:
    own = object()
    registry = {"qkeras.qlayers.QDense": own, "QActivation": own}
    monkeypatch.setattr(handlers, "registry", registry)
    added = handlers.register()
    assert "QDense" not in added
    assert "QActivation" not in added
    assert "QBatchNormalization" in added
    assert registry["qkeras.qlayers.QDense"] is own
    assert handlers.register() == ()


def test_every_handled_layer_exists_in_qkeras() -> None:
    import importlib

    for name, module in handlers.LACKING_LAYERS.items():
        assert hasattr(importlib.import_module(module), name), f"{module}.{name}"


def test_convolutions_reach_hls4ml_through_the_handlers() -> None:
    """The Graph refuses them for now; hls4ml itself must get complete layers."""
    import hls4ml
    from qkeras import QConv1D, QConv2D, QConv2DBatchnorm, QDepthwiseConv2D

    handlers.register()
    q = quantized_bits(4, 0, alpha=1)
    model = keras.Sequential(
        [
            keras.layers.Input((8, 8, 2)),
            QConv2D(4, 3, kernel_quantizer=q, bias_quantizer=q, activation=quantized_relu(4, 1), name="conv"),
            QDepthwiseConv2D(3, depthwise_quantizer=q, bias_quantizer=q, name="depthwise"),
            QConv2DBatchnorm(3, 2, kernel_quantizer=q, bias_quantizer=q, name="folded"),
        ]
    )
    layers, *_ = hls4ml.converters.parse_keras_v3_model(model, allow_da_fallback=False)
    found = {layer["name"]: layer for layer in layers}
    assert found["conv"]["class_name"] == "QConv2D"
    assert found["conv"]["weight_data"].shape == (3, 3, 2, 4)
    assert found["conv_quantized_relu"]["activation"] == "relu"
    assert found["depthwise"]["depthwise_data"].shape == (3, 3, 4, 1)
    assert {"gamma_data", "beta_data", "mean_data", "variance_data"} <= set(found["folded"])
    one = keras.Sequential([keras.layers.Input((8, 2)), QConv1D(3, 3, kernel_quantizer=q, name="c1")])
    layers, *_ = hls4ml.converters.parse_keras_v3_model(one, allow_da_fallback=False)
    assert layers[1]["weight_quantizer"] is not None


@pytest.mark.parametrize("file", ["qkeras-v3_3layer.keras", "qkeras_3layer.json", "KERAS_3layer.json"])
def test_models_that_others_made(file: str, example_models: Path) -> None:
    from codesign.frontend.loading import load_model

    graph = convert(load_model(example_models / file), ConvertOptions()).graph
    assert isinstance(graph, Graph)
    assert sum(isinstance(node, Dense) for node in graph) == 4
    assert any(isinstance(node, Activation) for node in graph)


def test_quantized_linear_is_met_or_refused_by_name() -> None:
    q = quantized_linear(6, 0, alpha=1.0)
    model = fill(keras.Sequential([keras.layers.Input((8,)), QDense(4, kernel_quantizer=q, use_bias=False, name="fc")]))
    assert_equals_keras(model)


def test_two_inputs_two_outputs_and_a_shared_trunk() -> None:
    def q() -> Any:
        return quantized_bits(6, 0, alpha=1)

    a, b = keras.layers.Input((4,), name="a"), keras.layers.Input((3,), name="b")
    trunk = QActivation(quantized_relu(6, 2), name="act")(
        QDense(5, kernel_quantizer=q(), bias_quantizer=q(), name="trunk")(a)
    )
    dropped = keras.layers.Dropout(0.5, name="drop")(trunk)
    left = QDense(2, kernel_quantizer=q(), bias_quantizer=q(), name="left")(dropped)
    right = QDense(3, kernel_quantizer=q(), bias_quantizer=q(), name="right")(trunk)
    other = QDense(2, kernel_quantizer=q(), bias_quantizer=q(), name="other")(b)
    model = fill(keras.Model([a, b], [left, right, other]))
    converted = convert(model, ConvertOptions(input_type=INPUT))
    graph = converted.graph
    assert [node.name for node in graph.input_nodes] == ["a", "b"]
    assert graph.outputs == ("left", "right", "other")
    assert converted.layer_nodes["drop"] == "act"
    inputs, ours = run(converted)
    floats = [to_floats(inputs[name], INPUT).astype(np.float32) for name in ("a", "b")]
    for name, theirs in zip(graph.outputs, model.predict(floats, verbose=0), strict=True):
        np.testing.assert_array_equal(to_floats(ours[name], graph[name].result), theirs.astype(np.float64))
