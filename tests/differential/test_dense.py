"""Dense layers in every strategy and product against the compiled C++: equal integers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from codesign.errors import UnsupportedLayerError
from codesign.graph import Dense, Overflow, Rounding
from tests.differential.running import compare

keras = pytest.importorskip("keras")
pytest.importorskip("hls4ml")

from tests.hls.designs import convert, fill, layers  # noqa: E402

pytestmark = pytest.mark.tools

SATURATING = (Overflow.SAT, Overflow.SAT_ZERO, Overflow.SAT_SYM)
# 6 inputs, 4 outputs: reuse factors below, at and above the number of inputs.
REUSE = (1, 2, 3, 6, 12, 24)


@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_saturating_sums_in_the_order_of_every_strategy(tmp_path, io_type):
    """Accumulators so narrow that every other sum saturates, with products rounded one by one."""
    types, settings, inputs, outputs = {}, {}, [], []
    for index, (strategy, reuse, overflow) in enumerate(
        itertools.product(("Latency", "Resource", "Resource_Unrolled"), REUSE, SATURATING)
    ):
        if strategy == "Resource_Unrolled" and reuse in (1, 24):
            continue  # hls4ml makes Resource of it, or another reuse factor
        name = f"{strategy.lower()}_{reuse}_{overflow.value.lower()}"
        inputs.append(layers().Input((6,), name=f"in_{name}"))
        outputs.append(layers().Dense(4, name=name)(inputs[-1]))
        types[f"in_{name}"] = {"result": "fixed<7,3>"}
        modes = f"{list(Rounding)[index % len(Rounding)].value},{overflow.value}"
        accumulator = f"fixed<{7 + index % 3},{4 + index % 2},{modes}>"
        # Every third bias has the accumulator's own type, so that its lowest number survives until it is added to.
        bias = accumulator if index % 3 == 0 else "fixed<7,3>"
        types[name] = {"weight": "fixed<6,2>", "bias": bias, "accum": accumulator, "result": "fixed<16,8>"}
        settings[name] = {"Strategy": strategy, "ReuseFactor": reuse}
    model = fill(keras.Model(inputs, outputs), 17)
    for layer in model.layers[len(inputs) :]:
        kernel, bias = layer.get_weights()
        kernel[::2, 0], kernel[:, 3] = 0, 0
        bias[:2] = -64  # wraps, or is the lowest number
        layer.set_weights([kernel, bias])
    compare(convert(model, types, settings=settings, io_type=io_type), tmp_path, 400)


@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_integer_types_everywhere(tmp_path, io_type):
    """ap_int inputs, weights, accumulators and results: they take from ap_fixed as C does, towards zero."""
    kinds = {
        "ternary": ("int<2>", "fixed<9,6>", "int<5>"),
        "bits": ("uint<1>", "int<7>", "fixed<8,4>"),
        "ints": ("int<4>", "int<6>", "uint<6>"),
        "mixed": ("fixed<6,3>", "int<6>", "int<7>"),
        "unsigned": ("ufixed<6,3>", "uint<6>", "fixed<9,4>"),
    }
    types, inputs, outputs = {}, [], []
    for source, (name, (weight, accumulator, result)) in itertools.product(("int<6>", "fixed<8,4>"), kinds.items()):
        name = f"{name}_{source[:3]}"
        inputs.append(layers().Input((5,), name=f"in_{name}"))
        outputs.append(layers().Dense(3, name=name)(inputs[-1]))
        types[f"in_{name}"] = {"result": source}
        types[name] = {"weight": weight, "bias": "fixed<7,4>", "accum": accumulator, "result": result}
    model = fill(keras.Model(inputs, outputs), 5)
    for layer in model.layers[len(inputs) :]:
        kernel, bias = layer.get_weights()
        layer.set_weights([np.round(kernel * 2), bias])
    design = convert(model, types, io_type=io_type)
    ternary = design.graph["ternary_int"]
    assert isinstance(ternary, Dense)
    assert set(np.unique(ternary.weight)) <= {-1, 0, 1}
    compare(design, tmp_path, 300)


@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
@pytest.mark.parametrize("kind", ["dense", "convolution"])
def test_code_that_hls4ml_does_not_write_is_refused(kind, io_type):
    """Of 3 numbers and a reuse factor of 2, it picks 1, and then names a function that it has not made."""
    one = layers().Dense(2, name="one") if kind == "dense" else layers().Conv1D(2, 3, name="one")
    model = keras.Sequential([layers().Input((3,) if kind == "dense" else (5, 1), name="x"), one])
    settings = {"one": {"Strategy": "Resource_Unrolled", "ReuseFactor": 2}}
    if kind == "convolution" and io_type == "io_parallel":
        assert convert(model, {}, settings=settings, io_type=io_type).graph["one"].strategy == "resource"
        return
    with pytest.raises(UnsupportedLayerError, match=r"layer 'one' .*reuse factor 1, for which it writes no code"):
        convert(model, {}, settings=settings, io_type=io_type)
