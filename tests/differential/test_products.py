"""Binary, ternary and power-of-two weights, and inputs of one bit, against the compiled C++: equal integers."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from codesign.graph import Dense, Graph, Product
from tests.differential.running import compare

keras = pytest.importorskip("keras")
qkeras = pytest.importorskip("qkeras")
pytest.importorskip("hls4ml")

from hls4ml.model.types import IntegerPrecisionType, XnorPrecisionType  # noqa: E402

from codesign.frontend import handlers  # noqa: E402
from tests.hls.designs import Pair, convert, layers  # noqa: E402

pytestmark = pytest.mark.tools

IO_TYPES = ["io_parallel", "io_stream"]
QUANTIZERS = {
    "po2": lambda: qkeras.quantized_po2(4),
    "po2_wide": lambda: qkeras.quantized_po2(5, max_value=4),
    "binary": lambda: qkeras.binary(alpha=1),
    "ternary": lambda: qkeras.ternary(alpha=1),
    "stochastic_binary": lambda: qkeras.stochastic_binary(alpha=1),
    "stochastic_ternary": lambda: qkeras.stochastic_ternary(alpha=1),
    "bits_1_0": lambda: qkeras.quantized_bits(1, 0, alpha=1),
    "bits_1_1": lambda: qkeras.quantized_bits(1, 1, alpha=1),
    "bits_2_1": lambda: qkeras.quantized_bits(2, 1, alpha=1),
    "bits_4_4": lambda: qkeras.quantized_bits(4, 4, alpha=1),
}


LATENCY = {"latency": {"Strategy": "Latency"}}


def design(
    quantizers: dict[str, Any], sources: dict[str, Any], modes: str, io_type: str, settings: dict[str, Any] = LATENCY
) -> Pair:
    """One QDense of 6 inputs and 3 outputs for every quantizer, type of input and strategy."""
    handlers.register()
    types: dict[str, dict[str, Any]] = {}
    inputs, outputs, chosen = [], [], {}
    for (kind, quantizer), (source, precision), (way, values) in itertools.product(
        quantizers.items(), sources.items(), settings.items()
    ):
        name = f"{kind}_of_{source}_{way}"
        inputs.append(layers().Input((6,), name=f"in_{name}"))
        bias = qkeras.quantized_bits(6, 2, alpha=1)
        outputs.append(qkeras.QDense(3, kernel_quantizer=quantizer(), bias_quantizer=bias, name=name)(inputs[-1]))
        types[f"in_{name}"] = {"result": precision}
        types[name] = {"accum": f"fixed<10,6{modes}>", "result": "fixed<24,12>"}
        chosen[name] = values
    model = keras.Model(inputs, outputs)
    rng = np.random.default_rng(7)
    for layer in model.layers:
        layer.set_weights([rng.uniform(-1.5, 1.5, weight.shape) for weight in layer.weights])
    return convert(model, types, io_type=io_type, settings=chosen)


def products(graph: Graph) -> set[tuple[Product, bool]]:
    return {(node.product, node.counts_agreement) for node in graph if isinstance(node, Dense)}


@pytest.mark.parametrize("io_type", IO_TYPES)
def test_every_quantizer_of_weights(tmp_path, io_type, monkeypatch):
    """Inputs whose shifts lose bits at either end are among them."""
    monkeypatch.setattr(np, "product", np.prod, raising=False)  # hls4ml 1.3.0 writes exponents with it
    sources = ("fixed<8,3>", "ufixed<6,4>", "int<5>", "fixed<4,-2>", "ufixed<3,7>", "fixed<3,9>")
    made = design(QUANTIZERS, {f"s{index}": text for index, text in enumerate(sources)}, "", io_type)
    assert products(made.graph) == {(Product.MULT, False), (Product.WEIGHT_EXPONENTIAL, False)}
    compare(made, tmp_path, 300)


@pytest.mark.parametrize("io_type", IO_TYPES)
def test_inputs_of_one_bit(tmp_path, io_type, monkeypatch):
    """Binary numbers, and integers of one bit, which hls4ml's C++ takes for them half of the time.

    The generated code of resource_unrolled leaves out binary weights of -1, which are zeros to it.
    """
    monkeypatch.setattr(np, "product", np.prod, raising=False)
    kinds = {key: QUANTIZERS[key] for key in ("binary", "ternary", "po2", "bits_4_4")}
    kinds["bits_4_0"] = lambda: qkeras.quantized_bits(4, 0, alpha=1)
    sources = {"xnor": XnorPrecisionType(), "uint": IntegerPrecisionType(1, False), "ufixed": "ufixed<1,1>"}
    settings = {
        **LATENCY,
        "resource_3": {"Strategy": "Resource", "ReuseFactor": 3},
        "unrolled_3": {"Strategy": "Resource_Unrolled", "ReuseFactor": 3},
        "unrolled_6": {"Strategy": "Resource_Unrolled", "ReuseFactor": 6},
    }
    made = design(kinds, sources, ",RND,SAT_SYM", io_type, settings)
    assert products(made.graph) >= {
        (Product.BOTH_BINARY, True),
        (Product.DATA_BINARY, False),
        (Product.MULT, True),
        (Product.MULT, False),
    }
    compare(made, tmp_path, 100)
