"""`codesign.Graph`: what a user calls in Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from codesign import FixedPoint, Graph, InputRoundedWarning
from codesign.errors import DesignError, InputDataError, PrecisionError
from codesign.graph import Dense, Input, Overflow, Softmax, frozen
from codesign.verify.rung import Status


@pytest.fixture
def graph() -> Graph:
    x = Input(name="x", inputs=(), shape=(3,), result=FixedPoint(True, 6, 2))
    fc = Dense(
        name="fc",
        inputs=("x",),
        shape=(2,),
        result=FixedPoint(True, 8, 4, overflow=Overflow.SAT),
        weight=frozen([[1, -2], [3, 4], [-5, 6]]),
        weight_type=FixedPoint(True, 4, 2),
        bias=frozen([1, -1]),
        bias_type=FixedPoint(True, 4, 2),
        accumulator=FixedPoint(True, 14, 8),
    )
    return Graph("d", (x, fc), ("fc",))


def test_predict(graph: Graph) -> None:
    x = np.array([[0.5, -0.25, 1.0], [-1, 0, 1.5]])
    weight, bias = np.array([[1, -2], [3, 4], [-5, 6]]) / 4, np.array([1, -1]) / 4
    np.testing.assert_array_equal(graph.predict(x), np.clip(np.floor((x @ weight + bias) * 16) / 16, -8, 7.9375))
    np.testing.assert_array_equal(graph.predict({"x": x}), graph.predict(x))


def test_rounded_inputs_are_told(graph: Graph) -> None:
    with pytest.warns(InputRoundedWarning, match=r"of 3 input values, 2 were rounded .* and 1 were outside"):
        graph.predict([[0.01, 0.02, 9.0]])
    with pytest.raises(InputDataError, match="1 values that are NaN or infinite"):
        graph.predict([[0.0, float("nan"), 0.0]])


def test_trace_counts_what_overflowed(graph: Graph) -> None:
    layers = {layer.node: layer for layer in graph.trace([[1.9375, 1.9375, -2.0], [0, 0, 0]])}
    assert layers["x"].headroom == 0
    assert (layers["fc"].overflowed, layers["fc"].accumulator_overflowed) == (0, 0)
    exact = np.array([1.9375, 1.9375, -2]) @ (np.array([[1, -2], [3, 4], [-5, 6]]) / 4) + np.array([1, -1]) / 4
    np.testing.assert_array_equal(layers["fc"].values[0] / 16, np.floor(exact * 16) / 16)
    narrow = Graph(
        "n",
        (
            graph["x"],
            Dense(
                **{
                    **{name: getattr(graph["fc"], name) for name in graph["fc"].__dataclass_fields__},
                    "accumulator": FixedPoint(True, 6, 2),
                }
            ),
        ),
        ("fc",),
    )
    (_, fc) = narrow.trace([[1.9375, 1.9375, -2.0], [0, 0, 0]])
    assert fc.accumulator_overflowed == int(np.count_nonzero((exact < -2) | (exact >= 2)))
    assert fc.accumulator_overflowed > 0


def test_headroom_and_dead_bits(graph: Graph) -> None:
    (x, _) = graph.trace([[0.5, -0.5, 0.25]])
    assert (x.low, x.high, x.headroom, x.dead_bits) == (-8, 8, 1, 2)
    (x, _) = graph.trace([[0.0, 0.0, 0.0]])
    assert (x.low, x.high, x.dead_bits) == (0, 0, None)


def test_save_and_load(graph: Graph, tmp_path: Path) -> None:
    graph.save(tmp_path)
    again = Graph.load(tmp_path)
    assert isinstance(again, Graph)
    x = np.array([[0.5, -0.25, 1.0]])
    np.testing.assert_array_equal(again.predict(x), graph.predict(x))


def test_a_loaded_graph_runs_without_keras_tensorflow_and_hls4ml(graph: Graph, tmp_path: Path) -> None:
    graph.save(tmp_path)
    code = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("keras", "tensorflow", "qkeras", "hls4ml", "tf_keras"):
            raise ModuleNotFoundError(f"{name} is not here", name=name)
sys.meta_path.insert(0, Absent())
from codesign import Graph
g = Graph.load(sys.argv[1])
print(g.predict([[0.5, -0.25, 1.0]]).tolist(), len(g.trace([[0.5, -0.25, 1.0]])))
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"{graph.predict([[0.5, -0.25, 1.0]]).tolist()} 2"


@pytest.mark.tools
def test_verify_with_fresh_rtl(graph: Graph) -> None:
    x = np.random.default_rng(0).integers(-32, 32, (50, 3)) / 16
    (result,) = graph.verify(x)
    assert (result.rung, result.status, result.samples) == ("rtl", Status.EQUAL, 50)
    with pytest.raises(DesignError, match="rungs csim need a design folder"):
        graph.verify(x, rungs=("csim",))


def test_from_keras_and_from_hls4ml() -> None:
    pytest.importorskip("keras")
    hls4ml = pytest.importorskip("hls4ml")
    import keras

    from tests.frontend.models import fill, mlp

    graph = Graph.from_keras(mlp(), {"fc1": {"result": "fixed<9,4,RND,SAT>"}}, input_precision="ufixed<5,1>")
    assert isinstance(graph, Graph)
    assert str(graph["fc1"].result) == "fixed<9,4,RND,SAT>"
    assert graph.predict(np.zeros((2, 8))).shape == (2, 4)
    with pytest.raises(PrecisionError, match="is not a fixed-point type"):
        Graph.from_keras(mlp(), {"fc1": {"result": "flat<8>"}})
    model = fill(keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3, activation="softmax", name="fc")]))
    config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend="Vitis")
    made = hls4ml.converters.convert_from_keras_model(model, hls_config=config, backend="Vitis", output_dir="unused")
    read = Graph.from_hls4ml(made)
    assert isinstance(read.output_nodes[0], Softmax)
    assert str(read.input_nodes[0].result) == "fixed<16,6>"
