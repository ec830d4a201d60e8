"""Recurrent layers: the compiled C simulation of hls4ml against the Graph, integer by integer."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from codesign.graph import Gru, Overflow, Rounding

keras = pytest.importorskip("keras")
pytest.importorskip("hls4ml")

from hls4ml.converters.keras_v3._base import registry  # noqa: E402

from codesign.frontend import handlers  # noqa: E402
from tests.differential.running import compare  # noqa: E402
from tests.hls.designs import Pair, convert, fill, layers  # noqa: E402

pytestmark = pytest.mark.tools

SAMPLES = 150
WEIGHTS = {
    "weight": "fixed<8,3>",
    "bias": "fixed<9,3>",
    "recurrent_weight": "fixed<7,2,RND,SAT>",
    "recurrent_bias": "fixed<8,3>",
}


class Branches:
    """Layers beside each other in one model, each with a port of its own, so that one compilation checks them all."""

    def __init__(self) -> None:
        self.ports: list[Any] = []
        self.outputs: list[Any] = []
        self.types: dict[str, dict[str, str]] = {}
        self.settings: dict[str, dict[str, Any]] = {}

    def add(
        self,
        layer: Any,
        source: str,
        types: dict[str, str],
        *,
        shape: tuple[int, ...] = (5, 3),
        **settings: Any,
    ) -> None:
        """A layer that reads a port of type `source`."""
        port = layers().Input(shape, name=f"{layer.name}_port")
        self.ports.append(port)
        self.outputs.append(layer(port))
        self.types[port.name] = {"result": source}
        self.types[layer.name] = {**WEIGHTS, **types}
        self.settings[layer.name] = settings

    def convert(self, seed: int, **options: Any) -> Pair:
        types = {name: dict(values) for name, values in self.types.items()}
        return convert(fill(keras.Model(self.ports, self.outputs), seed), types, settings=self.settings, **options)


MODES = list(itertools.product(Rounding, [item for item in Overflow if item is not Overflow.WRAP_SM]))
TABLES = (256, 1024, 300, 97)


def add_gru(branches: Branches, index: int, **settings: Any) -> None:
    """A GRU whose types all differ: a pair of modes in its result, and another in its accumulator."""
    (rounding, overflow), other = MODES[index], MODES[(index * 11 + 5) % len(MODES)]
    branches.add(
        layers().GRU(2, name=f"gru_{rounding.value}_{overflow.value}".lower(), return_sequences=index % 2 == 0),
        f"fixed<{6 + index % 4},{2 + index % 3}>",
        {
            "accum": f"fixed<{10 + index % 5},{4 + index % 3},{other[0].value},{other[1].value}>",
            "result": f"fixed<{6 + index % 3},{1 + index % 3},{rounding.value},{overflow.value}>",
            "table": f"fixed<{8 + index % 9},{2 + index % 3},{other[0].value},{overflow.value}>",
        },
        shape=(4, 3),
        TableSize=TABLES[index % 4],
        **settings,
    )


def add_lstm(branches: Branches, index: int) -> None:
    """An LSTM; hls4ml's C++ compiles only where what it reads, its accumulator and its result have one type."""
    rounding, overflow = MODES[index]
    one = f"fixed<{8 + index % 5},{2 + index % 3},{rounding.value},{overflow.value}>"
    branches.add(
        layers().LSTM(2, name=f"lstm_{rounding.value}_{overflow.value}".lower(), return_sequences=index % 2 == 0),
        one,
        {"accum": one, "result": one, "table": f"fixed<{8 + index % 9},{2 + index % 3},RND,SAT>"},
        shape=(4, 3),
        TableSize=TABLES[index % 4],
    )


def test_gru_in_every_rounding_and_every_overflow_mode(tmp_path):
    branches = Branches()
    for index in range(0, len(MODES), 3):
        add_gru(branches, index)
    compare(branches.convert(7), tmp_path, SAMPLES)


@pytest.mark.slow
def test_gru_in_every_pair_of_modes(tmp_path):
    branches = Branches()
    for index in range(len(MODES)):
        add_gru(branches, index)
    compare(branches.convert(7), tmp_path, SAMPLES)


@pytest.mark.slow
def test_lstm_in_every_pair_of_modes(tmp_path):
    branches = Branches()
    for index in range(len(MODES)):
        add_lstm(branches, index)
    compare(branches.convert(8), tmp_path, SAMPLES)


@pytest.mark.parametrize("backend", ["Vitis", pytest.param("Vivado", marks=pytest.mark.slow)])
def test_streams(tmp_path, backend):
    branches = Branches()
    for index in range(0, len(MODES), 7):
        add_gru(branches, index)
        add_lstm(branches, index + 1)
        add_gru(branches, index + 2, UseStatic=False, Strategy="Resource", ReuseFactor=2)
    compare(branches.convert(9, io_type="io_stream", backend=backend), tmp_path, SAMPLES)


@pytest.mark.slow
def test_every_order_of_sums_in_accumulators_that_saturate(tmp_path):
    branches = Branches()
    types = {"accum": "fixed<10,4,TRN,SAT>", "result": "fixed<9,2,RND,SAT>"}
    for strategy, (units, n_in), factor in itertools.product(
        ("Resource", "Resource_Unrolled"), ((2, 4), (6, 6)), (1, 2, 3, 12, 1000)
    ):
        name = f"{strategy}_{units}_{n_in}_{factor}".lower()
        setting = {"Strategy": strategy, "ReuseFactor": factor}
        branches.add(layers().GRU(units, name=name), "fixed<7,2>", types, shape=(3, n_in), **setting)
    design = branches.convert(5)
    found = {(node.strategy, node.reuse_factor) for node in design.graph if isinstance(node, Gru)}
    assert {("resource", 2), ("resource", 12), ("resource_unrolled", 2), ("resource_unrolled", 12)} <= found
    compare(design, tmp_path, SAMPLES)


def test_functions_products_and_edges_of_tables(tmp_path):
    """Accumulators far beyond the tables; ternary weights; and bits, whose sums hls4ml takes for counts."""
    branches = Branches()
    for index, functions in enumerate(itertools.product(("tanh", "sigmoid", "relu"), repeat=2)):
        given = {"activation": functions[0], "recurrent_activation": functions[1]}
        types = {"accum": "fixed<14,8,RND,SAT>", "result": "fixed<10,4,RND,SAT>"}
        branches.add(layers().GRU(2, name=f"gru_{index}", **given), "fixed<9,6>", types, UseStatic=False)
        one = "fixed<12,6,TRN,SAT>"
        branches.add(layers().LSTM(2, name=f"lstm_{index}", **given), one, {"accum": one, "result": one})
    plain = {"accum": "fixed<12,5>", "result": "fixed<9,3>"}
    branches.add(
        layers().GRU(2, name="ternary"), "fixed<6,2>", {**plain, "weight": "int<2>", "recurrent_weight": "int<2>"}
    )
    branches.add(layers().GRU(3, name="bits"), "uint<1>", {**plain, "weight": "uint<1>"})
    branches.add(layers().GRU(2, name="one_step", return_sequences=True), "fixed<6,2>", plain, shape=(1, 3))
    branches.add(layers().GRU(2, name="unsigned", activation="relu"), "ufixed<6,2>", {**plain, "result": "ufixed<8,3>"})
    wide = {"accum": "fixed<80,40>", "result": "fixed<70,20,RND,SAT>", "weight": "fixed<40,3>"}
    branches.add(layers().GRU(2, name="wide"), "fixed<60,20>", wide)
    compare(branches.convert(11), tmp_path, SAMPLES)


def test_both_directions(tmp_path):
    keras_layers, given = layers(), layers().Input((4, 3), name="given")
    made = {
        "same": keras_layers.Bidirectional(keras_layers.LSTM(2, return_sequences=True), name="same"),
        "other": keras_layers.Bidirectional(
            keras_layers.LSTM(2),
            backward_layer=keras_layers.LSTM(3, go_backwards=True, activation="relu"),
            name="other",
        ),
        "gru": keras_layers.Bidirectional(keras_layers.GRU(3, return_sequences=True), name="gru"),
        "mixed": keras_layers.Bidirectional(
            keras_layers.GRU(3), backward_layer=keras_layers.LSTM(2, go_backwards=True), name="mixed"
        ),
    }
    weights = {f"{direction}_{key}": type_ for direction in ("forward", "backward") for key, type_ in WEIGHTS.items()}
    types = {name: {**weights, "accum": "fixed<12,5,TRN,SAT>", "result": "fixed<9,3,RND,SAT>"} for name in made}
    types["given"] = {"result": "fixed<7,2>"}
    settings = {"same": {"Strategy": "Resource", "ReuseFactor": 1000}, "gru": {"Strategy": "Resource"}}
    handlers.register()
    model = fill(keras.Model(given, [layer(given) for layer in made.values()]), 4)
    compare(convert(model, types, settings=settings), tmp_path, SAMPLES)


@contextlib.contextmanager
def from_pytorch(*, initial_states: bool) -> Iterator[None]:
    """Let layers come as hls4ml's PyTorch front end gives them: r before z, and biases of the state."""
    names = [f"keras.src.layers.rnn.{name}" for name in ("lstm.LSTM", "gru.GRU")]
    kept = {name: registry[name] for name in names}

    def handler(layer: Any, in_tensors: Any, out_tensors: Any) -> Any:
        (config,) = kept[f"{type(layer).__module__}.{type(layer).__name__}"](layer, in_tensors, out_tensors)
        bias = np.random.default_rng(9).integers(-60, 61, config["bias_data"].shape) / 32
        return ({**config, "pytorch": True, "pass_initial_states": initial_states, "recurrent_bias_data": bias},)

    registry.update(dict.fromkeys(names, handler))
    try:
        yield
    finally:
        registry.update(kept)


def pytorch_design(*, initial_states: bool, state: str = "fixed<14,5,RND,SAT>") -> Pair:
    one = "fixed<14,5,RND,SAT>"
    given = layers().Input((4, 3), name="given")
    states = [layers().Input((2,), name=f"state_{index}") for index in range(3)] if initial_states else []
    with from_pytorch(initial_states=initial_states):
        outputs = [
            layers().LSTM(2, name="lstm", return_sequences=True)(given, initial_state=states[:2] or None),
            layers().GRU(2, name="gru")(given, initial_state=states[2:] or None),
        ]
        weights = {**WEIGHTS, "recurrent_weight": WEIGHTS["weight"], "recurrent_bias": WEIGHTS["bias"]}
        types = {
            "given": {"result": one},
            "lstm": {**weights, "accum": one, "result": one},
            "gru": {**weights, "accum": "fixed<10,3>", "result": one},
            **{port.name: {"result": state} for port in states},
        }
        return convert(fill(keras.Model([given, *states], outputs), 5), types)


@pytest.mark.parametrize("initial_states", [pytest.param(False, marks=pytest.mark.slow), True])
def test_layers_from_pytorch(tmp_path, initial_states):
    design = pytorch_design(initial_states=initial_states)
    assert len(design.graph["lstm"].inputs) == (3 if initial_states else 1)
    compare(design, tmp_path, SAMPLES)


@pytest.mark.slow
def test_initial_states_that_hls4ml_leaves_out(tmp_path):
    """Its Keras front end reads them, and its C++ does not."""
    given, state = layers().Input((4, 3), name="given"), layers().Input((2,), name="state")
    model = keras.Model([given, state], layers().GRU(2, name="gru")(given, initial_state=state))
    types = {"given": {"result": "fixed<7,2>"}, "gru": {**WEIGHTS, "accum": "fixed<12,5>", "result": "fixed<9,3>"}}
    design = convert(fill(model, 3), types)
    assert design.graph["gru"].inputs == ("given",)
    compare(design, tmp_path, SAMPLES)


def test_loops_over_time_steps(tmp_path):
    """Around layers that read one, two and three axes, with layers after them."""
    keras_layers = layers()
    handlers.register()
    ports = [keras_layers.Input(shape, name=f"port_{len(shape)}") for shape in ((4, 3), (3, 4, 2), (2, 3, 3, 2))]
    wrapped = {
        "dense": (ports[0], keras_layers.Dense(2, name="dense")),
        "gru": (ports[1], keras_layers.GRU(2, name="gru")),
        "convolution": (ports[2], keras_layers.Conv2D(2, 2, name="convolution")),
    }
    source, inside = "fixed<7,3>", "fixed<9,3,RND,SAT>"
    types: dict[str, dict[str, str]] = {port.name: {"result": source} for port in ports}
    inner: dict[str, dict[str, str]] = {}
    outputs = []
    for name, (port, layer) in wrapped.items():
        outputs.append(
            keras_layers.Activation("relu", name=f"after_{name}")(
                keras_layers.TimeDistributed(layer, name=f"each_{name}")(port)
            )
        )
        types[f"each_{name}"] = {"result": source}
        inner[f"each_{name}_end"] = {"result": inside}
        inner[name] = {"result": inside, "weight": "fixed<8,3>", "bias": "fixed<8,3>", "accum": "fixed<12,4>"}
        types[f"after_{name}"] = {"result": "fixed<6,2>"}
    design = convert(fill(keras.Model(ports, outputs), 6), types, inner=inner)
    assert [design.graph.runs(design.graph[name]) for name in wrapped] == [4, 3, 2]
    compare(design, tmp_path, SAMPLES)
