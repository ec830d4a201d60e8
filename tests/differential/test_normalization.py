"""Scales, biases and thresholds against the compiled C++: equal integers."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from codesign.errors import UnsupportedLayerError
from codesign.graph import BinaryThreshold, Normalize, Overflow, Product, Rounding, TernaryThreshold
from tests.differential.running import compare

pytest.importorskip("hls4ml")

from hls4ml.model.quantizers import BinaryQuantizer, TernaryQuantizer
from hls4ml.model.types import ExponentPrecisionType, XnorPrecisionType

from tests.hls.layer_lists import Layer, convert_layers, port

pytestmark = pytest.mark.tools

MODES = [(r, o) for r, o in itertools.product(Rounding, Overflow) if o is not Overflow.WRAP_SM]
SHAPES = ((6,), (3, 4), (2, 3, 2))
SOURCES = ("fixed<9,5>", "ufixed<6,4>", "int<5>", "uint<3>", "fixed<40,20>", "fixed<5,-2>")


class PowersOfTwo:
    """A quantizer whose weights hls4ml writes as signs and exponents."""

    def __init__(self, bits: int) -> None:
        self.hls_type = ExponentPrecisionType(width=bits, signed=True)
        self.alpha = 1

    def __call__(self, data: Any) -> Any:
        return data


class Design:
    """Layers behind ports of their own."""

    def __init__(self, seed: int) -> None:
        self.layers: list[Layer] = []
        self.outputs: list[str] = []
        self.rng = np.random.default_rng(seed)

    def put(self, class_name: str, source: str, types: dict[str, str], **attributes: Any) -> str:
        name = f"{class_name.lower()}_{len(self.layers)}"
        rounding, overflow = MODES[(len(self.layers) * 11 + 4) % len(MODES)]
        result = f"fixed<{5 + len(self.layers) % 4},{3 + len(self.layers) % 2},{rounding.value},{overflow.value}>"
        self.layers.append(Layer(name, class_name, source, {"result": result, **types}, {}, attributes))
        return name

    def port(self, shape: tuple[int, ...], type_: str) -> str:
        self.layers.append(port(f"x{len(self.layers)}", shape, type_))
        return self.layers[-1].name

    def bits(self, shape: tuple[int, ...]) -> str:
        """Numbers of one bit that stand for -1 and 1."""
        given = {"activation": "binary_tanh", "quantizer_precision": XnorPrecisionType()}
        return self.put("Activation", self.port(shape, "fixed<4,2>"), {}, **given)

    def normalize(self, class_name: str, shape: tuple[int, ...], source: str, **attributes: Any) -> str:
        filters = shape[-1] if len(shape) > 1 else -1
        count = shape[-1]
        given = {
            "n_in": int(np.prod(shape)),
            "n_filt": filters,
            "scale_data": (self.rng.integers(-60, 61, count) * 2 + 1) / 32,
            "bias_data": self.rng.integers(-60, 61, count) / 32,
            **attributes,
        }
        types = {"scale": "fixed<7,3,RND,SAT>", "bias": "fixed<8,4>"}
        return self.put(class_name, source, types, **given)


@pytest.mark.parametrize("io_type", [pytest.param("io_parallel", marks=pytest.mark.slow), "io_stream"])
def test_scales_of_every_product(tmp_path, io_type, monkeypatch):
    monkeypatch.setattr(np, "product", np.prod, raising=False)  # hls4ml 1.3.0 writes exponents with it
    made = Design(1)
    for type_, shape in itertools.product(SOURCES, SHAPES):
        made.outputs.append(made.normalize("BatchNormalization", shape, made.port(shape, type_)))
    for shape in SHAPES[:2]:
        powers = 2.0 ** made.rng.integers(-3, 4, shape[-1]) * made.rng.choice([-1, 1], shape[-1])
        for quantizer, scale in (
            (BinaryQuantizer(1), made.rng.integers(-9, 9, shape[-1])),
            (TernaryQuantizer(), made.rng.integers(-9, 9, shape[-1]) / 8),
            (PowersOfTwo(4), powers),
            (PowersOfTwo(3), powers),
        ):
            for type_ in ("fixed<7,3>", "ufixed<4,6>", "int<3>"):
                given = {"scale_quantizer": quantizer, "scale_data": scale}
                made.outputs.append(made.normalize("ApplyAlpha", shape, made.port(shape, type_), **given))
        binary = {"scale_quantizer": BinaryQuantizer(1)}
        made.outputs.append(made.normalize("ApplyAlpha", shape, made.bits(shape), **binary))
        made.outputs.append(made.normalize("ApplyAlpha", shape, made.bits(shape)))
    design = convert_layers(made.layers, made.outputs, io_type=io_type)
    products = {node.product for node in design.graph if isinstance(node, Normalize)}
    assert products == {Product.MULT, Product.DATA_BINARY, Product.BOTH_BINARY, Product.WEIGHT_EXPONENTIAL}
    compare(design, tmp_path, 400)


@pytest.mark.parametrize("io_type", ["io_parallel", pytest.param("io_stream", marks=pytest.mark.slow)])
def test_binary_and_ternary_tanh_behind_scales(tmp_path, io_type):
    made = Design(2)
    for type_, shape in itertools.product(SOURCES, SHAPES):
        for tanh in ("binary_tanh", "ternary_tanh"):
            scaled = made.normalize("BatchNormalization", shape, made.port(shape, type_))
            class_name, threshold = ("TernaryTanh", {"threshold": 0.5}) if "ternary" in tanh else ("Activation", {})
            made.outputs.append(made.put(class_name, scaled, {}, activation=tanh, **threshold))
    for shape in SHAPES if io_type == "io_parallel" else SHAPES[:1]:
        given = {"activation": "ternary_tanh", "threshold": 0.33, "n_in": int(np.prod(shape))}
        made.outputs.append(made.put("TernaryTanh", made.port(shape, "fixed<8,3>"), {}, **given))
    design = convert_layers(made.layers, made.outputs, io_type=io_type)
    kinds = {type(node) for node in design.graph.output_nodes}
    assert kinds == {BinaryThreshold, TernaryThreshold}
    compare(design, tmp_path, 400)


def test_scales_that_lack_are_refused():
    made = Design(3)
    name = made.normalize("BatchNormalization", (3, 4), made.port((3, 4), "fixed<8,4>"), scale_data=np.ones(3))
    with pytest.raises(UnsupportedLayerError, match=r"has 3 scales for 4 values.*normalize the last axis"):
        convert_layers(made.layers, [name])


def test_a_ternary_tanh_of_several_axes_has_no_code_for_streams():
    made = Design(4)
    given = {"activation": "ternary_tanh", "threshold": 0.33, "n_in": 12}
    name = made.put("TernaryTanh", made.port((3, 4), "fixed<8,3>"), {}, **given)
    with pytest.raises(UnsupportedLayerError, match="has 12 thresholds for packs of 4 numbers of a stream"):
        convert_layers(made.layers, [name], io_type="io_stream")
