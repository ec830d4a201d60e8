"""Element-wise functions against the compiled C++: equal integers."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from codesign.errors import GraphError, UnsupportedLayerError
from codesign.graph import Input, Overflow, Rounding
from tests.differential.running import compare

pytest.importorskip("hls4ml")

from tests.hls.layer_lists import Layer, convert_layers, port

pytestmark = pytest.mark.tools

IO_TYPES = ["io_parallel", "io_stream"]
MODES = [(r, o) for r, o in itertools.product(Rounding, Overflow) if o is not Overflow.WRAP_SM]
PLAIN = ("linear", "relu", "sigmoid", "tanh", "softplus", "softsign", "elu", "selu", "binary_tanh", "ternary_tanh")
# Signed and unsigned, integers, without integer bits, with zeros behind the point, wide.
SOURCES = (
    "fixed<9,5>",
    "ufixed<8,4,RND,SAT>",
    "fixed<8,4,RND_CONV,SAT_SYM>",
    "int<5>",
    "uint<4>",
    "fixed<6,-1>",
    "fixed<5,7>",
    "fixed<14,4>",
    "fixed<40,36>",
    "fixed<70,20>",
)

# Those that differ most; all of them take minutes to compile.
SOME = [("fixed<9,5>", "uint<4>", "fixed<40,36>"), pytest.param(SOURCES, marks=pytest.mark.slow)]


def named(name: str, text: str) -> Any:
    """A type as hls4ml's front ends hand it over."""
    from hls4ml.backends.fpga.fpga_backend import FPGABackend
    from hls4ml.model.types import NamedType

    return NamedType(name, FPGABackend.convert_precision_string(text))


def activation(name: str, source: str, function: str, types: dict[str, str], **settings: Any) -> Layer:
    return Layer(name, "Activation", source, types, settings, {"activation": function})


class Branches:
    """Functions, each with a port and modes of its own."""

    def __init__(self, shape: tuple[int, ...] = (5,)) -> None:
        self.layers: list[Layer] = []
        self.outputs: list[str] = []
        self.shape = shape

    def source(self, type_: str) -> str:
        name = f"x{len(self.outputs)}"
        self.layers.append(port(name, self.shape, type_))
        return name

    def add(self, function: str, type_: str, result: str | None = None, **settings: Any) -> None:
        index = len(self.outputs)
        types = {"result": result or self.result(index)}
        name = f"{function}_{index}"
        self.layers.append(activation(name, self.source(type_), function, types, **settings))
        self.outputs.append(name)

    def put(self, class_name: str, type_: str, types: dict[str, str], **attributes: Any) -> None:
        index = len(self.outputs)
        name = f"{class_name.lower()}_{index}"
        types = {"result": self.result(index), **types}
        self.layers.append(Layer(name, class_name, self.source(type_), types, {}, attributes))
        self.outputs.append(name)

    @staticmethod
    def result(index: int) -> str:
        rounding, overflow = MODES[(index * 11 + 4) % len(MODES)]
        return f"fixed<{5 + index % 4},{3 + index % 2},{rounding.value},{overflow.value}>"


@pytest.mark.parametrize("io_type", IO_TYPES)
@pytest.mark.parametrize("sources", SOME)
def test_functions_of_every_type(tmp_path, io_type, sources):
    made = Branches()
    for function, type_ in itertools.product(PLAIN, sources):
        made.add(function, type_)
    if io_type == "io_parallel":
        for function, type_ in itertools.product(("relu1", "relu6"), sources):
            made.add(function, type_)
    compare(convert_layers(made.layers, made.outputs, io_type=io_type), tmp_path, 600)


@pytest.mark.parametrize("io_type", [pytest.param("io_parallel", marks=pytest.mark.slow), "io_stream"])
def test_tables_of_many_sizes_and_types(tmp_path, io_type):
    tables = ("fixed<18,8>", "ufixed<9,1,RND,SAT>", "fixed<6,2,RND_CONV,SAT_SYM>", "int<4>", "fixed<40,4>", "uint<3>")
    sizes = (1, 2, 7, 100, 1024, 5000)
    made = Branches((8,))
    functions = ("sigmoid", "tanh", "softplus", "softsign", "elu", "selu")
    for index, (function, size) in enumerate(itertools.product(functions, sizes)):
        type_ = ("fixed<12,6>", "fixed<10,3>", "fixed<12,5>")[index % 3]
        table = tables[(index + index // 6) % len(tables)]
        made.add(function, type_, table if index % 5 == 0 else "fixed<50,10>", table_t=table, TableSize=size)
    design = convert_layers(made.layers, made.outputs, io_type=io_type)
    assert len({node.table_type for node in design.graph if not isinstance(node, Input)}) == len(tables)
    compare(design, tmp_path, 800)


@pytest.mark.parametrize("io_type", ["io_parallel", pytest.param("io_stream", marks=pytest.mark.slow)])
@pytest.mark.parametrize("sources", SOME)
def test_functions_with_parameters(tmp_path, io_type, sources):
    made = Branches()
    slopes = ((0.3, "fixed<8,2>"), (-1.7, "fixed<6,2,RND,SAT>"), (2, "uint<3>"), (-0.3, "int<4>"))
    for (alpha, param), type_ in itertools.product(slopes, sources):
        for class_name in ("LeakyReLU", "ThresholdedReLU", "ELU"):
            made.put(class_name, type_, {"param": param}, activation=class_name.lower(), activ_param=alpha)
    for type_ in sources:
        result = {"result": "fixed<20,4,RND,SAT>", "param": "auto"}
        made.put("LeakyReLU", type_, result, activation="leaky_relu", activ_param=0.01)
        made.put("HardActivation", type_, {}, activation="hard_sigmoid")
        made.put("HardActivation", type_, {}, activation="hard_tanh", slope=0.5, shift=0.5)
        param = np.random.default_rng(4).integers(-60, 61, made.shape) / 32
        made.put("PReLU", type_, {"param": "fixed<7,3>"}, activation="prelu", param_data=param)
    compare(convert_layers(made.layers, made.outputs, io_type=io_type), tmp_path, 600)


@pytest.mark.parametrize("io_type", IO_TYPES)
def test_tables_that_the_model_gives(tmp_path, io_type):
    """A table may be larger than it needs to be; a negative number is looked up by its two's complement."""
    made = Branches()
    rng = np.random.default_rng(5)
    for type_, size in (("fixed<6,3>", 64), ("ufixed<5,0>", 32), ("int<4>", 16), ("uint<1>", 2), ("fixed<7,9>", 200)):
        values = rng.integers(-200, 200, size) / 16
        table = f"fixed<{9 + size % 3},5,RND,SAT>"
        attributes = {"table_data": values, "table_t": named("table", table), "activation": "unary_lut"}
        made.put("UnaryLUT", type_, {"table": table}, **attributes)
    compare(convert_layers(made.layers, made.outputs, io_type=io_type), tmp_path, 300)


def test_quantizers_with_a_type_for_each_number(tmp_path):
    made = Branches((3, 4))
    rng = np.random.default_rng(6)
    modes = itertools.product((Rounding.TRN, Rounding.RND, Rounding.RND_CONV), (Overflow.WRAP, Overflow.SAT))
    for (rounding, overflow), type_ in itertools.product((*modes, (Rounding.RND, Overflow.SAT_SYM)), SOME[0]):
        for shape in ((1, 3, 4), (1, 1, 4)):
            signed, width = rng.integers(0, 2, shape), rng.integers(0, 8, shape)
            mask = (signed, np.where(rng.random(shape) < 0.2, 0, width), rng.integers(-1, 6, shape))
            given = {"mask_kbi": mask, "RND": rounding.value, "SAT": overflow.value, "overrides": {}, "fusible": False}
            made.put("FixedPointQuantizer", type_, {"result": "fixed<18,10>"}, **given)
    compare(convert_layers(made.layers, made.outputs), tmp_path, 400)


@pytest.mark.parametrize(
    ("class_name", "attributes", "io_type", "message"),
    [
        ("Activation", {"activation": "exponential"}, "io_parallel", "no C.. for activation 'exponential'; use one of"),
        ("Activation", {"activation": "relu6"}, "io_stream", "no C.. for relu6 on streams; use io_parallel"),
        ("TernaryTanh", {"activation": "ternary_tanh", "threshold": 0.5}, "io_parallel", "its results are never set"),
        ("LeakyReLU", {"activation": "swish", "activ_param": 1}, "io_parallel", "'swish' with a parameter; use one of"),
        ("HardActivation", {"activation": "hard_swish"}, "io_parallel", "'hard_swish'; use hard_sigmoid or hard_tanh"),
        ("PReLU", {"activation": "prelu", "param_data": np.ones(2)}, "io_parallel", "2 slopes among 5 .*shared_axes"),
    ],
)
def test_what_hls4ml_has_no_code_for_is_refused(class_name, attributes, io_type, message):
    layers = [port("x", (5,), "fixed<8,4>"), Layer("a", class_name, "x", {"param": "fixed<8,4>"}, {}, attributes)]
    with pytest.raises(UnsupportedLayerError, match=rf"layer 'a'.*{message}"):
        convert_layers(layers, ["a"], io_type=io_type)


def test_a_table_without_entries_is_refused():
    layers = [port("x", (5,), "fixed<8,4>"), activation("a", "x", "tanh", {}, TableSize=0)]
    with pytest.raises(UnsupportedLayerError, match="layer 'a' has a table of 0 entries; state a TableSize"):
        convert_layers(layers, ["a"])


def test_a_table_with_too_few_entries_is_refused():
    attributes = {"table_data": np.zeros(8), "table_t": named("table", "fixed<8,4>"), "activation": "unary_lut"}
    layers = [port("x", (5,), "fixed<8,4>"), Layer("a", "UnaryLUT", "x", {"table": "fixed<8,4>"}, {}, attributes)]
    with pytest.raises(GraphError, match=r"node 'a' has a table of 8 entries but reads fixed<8,4>"):
        convert_layers(layers, ["a"])
