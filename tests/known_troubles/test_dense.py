"""A QKeras dense layer of 8-bit weights that hls4ml's users never saw agree (hls4ml issue 874), and what is right."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from codesign.graph import Dense, FixedPoint
from codesign.graph.convert import to_floats, to_integers
from codesign.hls import run_csim
from codesign.simulate import execute

keras = pytest.importorskip("keras")
qkeras = pytest.importorskip("qkeras")
pytest.importorskip("hls4ml")

from codesign.frontend import handlers  # noqa: E402
from codesign.frontend.convert import convert as convert_model  # noqa: E402
from codesign.frontend.options import ConvertOptions  # noqa: E402
from tests.hls.designs import convert  # noqa: E402
from tests.hls.test_csim import write  # noqa: E402

SAMPLES = 1000
ACTIVATION = FixedPoint.parse("ufixed<10,2,RND_CONV,SAT>")


def small_model():
    def bits():
        return qkeras.quantized_bits(8, 0, alpha=1)

    layers = [
        keras.layers.Input((16,), name="x"),
        qkeras.QDense(16, kernel_quantizer=bits(), bias_quantizer=bits(), name="fc"),
        qkeras.QActivation(qkeras.quantized_relu(10, 2), name="act"),
    ]
    model = keras.Sequential(layers)
    rng = np.random.default_rng(874)
    model.set_weights([rng.uniform(-1, 1, weight.shape) for weight in model.weights])
    return model


def test_on_a_grid_the_simulator_gives_what_keras_gives():
    """8-bit inputs: every sum fits float32, so that both are exact, ties (to even) included."""
    model = small_model()
    graph = convert_model(model, ConvertOptions(input_type=FixedPoint(True, 8, 1))).graph
    assert graph["act"].result == ACTIVATION
    x = np.random.default_rng(1).integers(-128, 128, (SAMPLES, 16))
    found = execute(graph, {graph.input_nodes[0].name: x})["act"]
    np.testing.assert_array_equal(to_floats(found, ACTIVATION), model.predict(x / 128, verbose=0))


@pytest.mark.tools
def test_off_the_grid_the_simulator_is_exact_and_keras_within_a_step(tmp_path):
    """Raw floats into fixed<64,16>, as in the issue: float32 rounds the sums before the activation rounds them again.

    The simulator and the compiled C++ agree on every bit, and with the sums in rational numbers. Keras may be off by a
    step where its error carries a sum over a tie; no setting of the hardware could follow it there.
    """
    handlers.register()
    model = small_model()
    wide = {"result": "fixed<64,16>", "accum": "fixed<64,16>"}
    made = write(convert(model, {"x": {"result": "fixed<64,16>"}, "fc": wide}), tmp_path)
    graph = made.graph
    (port,), dense = graph.input_nodes, graph["fc"]
    assert isinstance(dense, Dense)
    rng = np.random.default_rng(2)
    floats = rng.uniform(-1, 1, (SAMPLES, 16)).astype(np.float32)
    weight = [Fraction(int(value), 128) for value in dense.weight[:, 0]]
    exact = [[Fraction(float(value)) for value in row] for row in floats]
    inputs = {port.name: to_integers(floats, port.result).values}
    found = execute(graph, inputs)
    run = run_csim(made.folder, inputs, made.work, trace=True)
    np.testing.assert_array_equal(run.outputs["act"], found["act"])
    bias = Fraction(int(dense.bias[0]), 128)
    sums = [sum((a * b for a, b in zip(row, weight, strict=True)), bias) for row in exact]
    assert all(total.denominator < 2**48 for total in sums)  # nothing was cut off before the activation
    rounded = [min(max(round(total * 256), 0), 1023) for total in sums]
    np.testing.assert_array_equal(found["act"][:, 0], rounded)
    theirs = np.rint(model.predict(floats, verbose=0) * 256).astype(np.int64)
    assert int(np.abs(theirs - found["act"]).max()) <= 1
