"""Recurrent layers of Keras and QKeras on the way to a Graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from codesign.errors import UnsupportedLayerError
from codesign.graph import Concatenate, Direction, FixedPoint, Gru, Lstm, Node, ReadTimeStep, WriteTimeStep

keras = pytest.importorskip("keras")
pytest.importorskip("hls4ml")
qkeras = pytest.importorskip("qkeras")

from codesign.frontend.convert import convert  # noqa: E402
from codesign.frontend.options import ConvertOptions  # noqa: E402
from codesign.graph.convert import to_floats  # noqa: E402
from codesign.simulate import execute, to_integers  # noqa: E402
from tests.differential.running import compare  # noqa: E402
from tests.hls.designs import Pair  # noqa: E402

L = keras.layers
INPUT = FixedPoint.parse("fixed<8,2>")
WEIGHTS = qkeras.quantized_bits(6, 1, alpha=1)
QUANTIZERS = {"kernel_quantizer": WEIGHTS, "recurrent_quantizer": WEIGHTS, "bias_quantizer": WEIGHTS}
FUNCTIONS = {"activation": "tanh", "recurrent_activation": "sigmoid"}


def named(layer: Any, name: str = "rnn") -> Any:
    """QKeras hands a recurrent layer's name to its cell."""
    layer.name = name
    return layer


def built(layer: Any, shape: tuple[int, ...] = (5, 3)) -> Any:
    given = L.Input(shape, name="x")
    model = keras.Model(given, layer(given))
    rng = np.random.default_rng(4)
    for weight in model.weights:
        weight.assign(rng.normal(0, 0.5, weight.shape))
    return model


def nodes(model: Any) -> dict[str, Node]:
    return {node.name: node for node in convert(model, ConvertOptions(input_type=INPUT)).graph}


@pytest.mark.parametrize(
    ("layer", "cls"),
    [
        (lambda: L.LSTM(4, name="rnn"), Lstm),
        (lambda: L.GRU(4, name="rnn", return_sequences=True), Gru),
        (lambda: named(qkeras.QLSTM(4, **QUANTIZERS, **FUNCTIONS)), Lstm),
        (lambda: named(qkeras.QGRU(4, use_bias=False, reset_after=True, **QUANTIZERS, **FUNCTIONS)), Gru),
        (lambda: named(qkeras.QGRU(4, reset_after=True, **QUANTIZERS, **FUNCTIONS)), Gru),
    ],
)
def test_a_layer_computes_nearly_what_keras_computes(layer, cls):
    model = built(layer())
    graph = convert(model, ConvertOptions(input_type=INPUT)).graph
    assert isinstance(graph["rnn"], cls)
    x = np.random.default_rng(1).integers(-128, 128, (50, 5, 3)) / 64
    found = execute(graph, {"x": to_integers(x, INPUT).values})["rnn"]
    wanted = model.predict(x, verbose=0)
    # Tables of 1024 entries over (-8, 8) are off by up to their step, in every gate.
    assert np.abs(to_floats(found, graph["rnn"].result) - wanted).max() < 0.05
    assert np.abs(wanted).max() > 0.3


def test_quantized_weights_are_those_of_the_quantizer():
    model = built(named(qkeras.QLSTM(4, **QUANTIZERS, **FUNCTIONS)))
    node = nodes(model)["rnn"]
    assert isinstance(node, Lstm)
    cell = model.get_layer("rnn").cell
    wanted = keras.ops.convert_to_numpy(WEIGHTS(cell.recurrent_kernel))
    assert np.array_equal(to_floats(node.recurrent_weight, node.recurrent_weight_type), wanted)


def test_what_an_lstm_reads_is_cast_into_its_only_type():
    found = nodes(built(L.LSTM(4, name="rnn")))
    assert found["rnn"].inputs == ("rnn_cast",)
    assert found["rnn_cast"].result == found["rnn"].result == found["rnn"].accumulator


@pytest.mark.parametrize("wrap", [L.Bidirectional, qkeras.QBidirectional])
def test_both_directions_stand_beside_each_other(wrap):
    model = built(wrap(L.GRU(2, return_sequences=True), name="both"))
    graph = convert(model, ConvertOptions(input_type=INPUT)).graph
    assert isinstance(graph["both"], Concatenate)
    assert [graph[name].direction for name in graph["both"].inputs] == [Direction.FORWARD, Direction.BACKWARD]
    x = np.random.default_rng(1).integers(-128, 128, (50, 5, 3)) / 64
    found = execute(graph, {"x": to_integers(x, INPUT).values})["both"]
    assert np.abs(to_floats(found, graph["both"].result) - model.predict(x, verbose=0)).max() < 0.05


def test_a_time_distributed_layer_is_a_loop():
    model = built(L.TimeDistributed(qkeras.QDense(2, name="inner", kernel_quantizer=WEIGHTS), name="each"))
    graph = convert(model, ConvertOptions(input_type=INPUT)).graph
    assert [type(node) for node in (graph["each"], graph["each_end"])] == [ReadTimeStep, WriteTimeStep]
    assert [graph.runs(graph[name]) for name in ("x", "each", "inner", "each_end")] == [1, 5, 5, 1]


@pytest.mark.tools
@pytest.mark.parametrize(
    "layer",
    [
        lambda: named(qkeras.QLSTM(4, **QUANTIZERS, **FUNCTIONS)),
        lambda: qkeras.QBidirectional(L.LSTM(3, return_sequences=True), name="both"),
        lambda: L.TimeDistributed(qkeras.QDense(2, name="inner", kernel_quantizer=WEIGHTS), name="each"),
    ],
)
def test_the_compiled_code_gives_the_same_integers(layer, tmp_path):
    converted = convert(built(layer()), ConvertOptions(input_type=INPUT))
    compare(Pair(converted.model_graph, converted.graph), tmp_path, 100)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (lambda: L.SimpleRNN(2, name="rnn"), "layer 'rnn' is a SimpleRNN; .* have C\\+\\+ for LSTM and GRU only"),
        (lambda: named(qkeras.QSimpleRNN(2)), "layer 'rnn' is a QSimpleRNN"),
        (lambda: L.LSTM(2, go_backwards=True, name="rnn"), "layer 'rnn' has go_backwards=True, which hls4ml"),
        (lambda: L.GRU(2, reset_after=False, name="rnn"), "layer 'rnn' has reset_after=False"),
        (lambda: L.LSTM(2, recurrent_activation="hard_sigmoid", name="rnn"), "recurrent_activation is 'hard_sigmoid'"),
        (
            lambda: named(qkeras.QLSTM(2)),
            r"layer 'rnn' has activation 'quantized_tanh'; .* sigmoid, tanh, relu only",
        ),
        (lambda: L.Bidirectional(L.LSTM(2), merge_mode="sum", name="both"), "layer 'both' has merge_mode 'sum'"),
        (
            lambda: L.TimeDistributed(L.Dense(2, activation="relu", name="inner"), name="each"),
            r"layer 'each' wraps 'inner' \(Dense\); .* single layers",
        ),
    ],
)
def test_what_hls4ml_has_no_code_for_is_refused_by_name(layer, message):
    with pytest.raises(UnsupportedLayerError, match=message):
        nodes(built(layer()))


def test_an_initial_state_is_refused():
    given, state = L.Input((5, 3), name="x"), L.Input((2,), name="h")
    model = keras.Model([given, state], L.GRU(2, name="rnn")(given, initial_state=state))
    with pytest.raises(UnsupportedLayerError, match="layer 'rnn' is given an initial state, which hls4ml leaves out"):
        nodes(model)
