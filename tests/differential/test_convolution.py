"""hls4ml's compiled convolutions against the simulator: equal integers for every layer."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from codesign.errors import UnsupportedLayerError
from codesign.frontend.options import ConvertOptions, IoType
from codesign.graph import FixedPoint, Overflow, Rounding
from codesign.hls import write_project

keras = pytest.importorskip("keras")
qkeras = pytest.importorskip("qkeras")
pytest.importorskip("hls4ml")

from hls4ml.model.types import SaturationMode  # noqa: E402

from codesign.frontend import handlers  # noqa: E402
from codesign.frontend.convert import convert as convert_exactly  # noqa: E402
from tests.differential.running import compare  # noqa: E402
from tests.hls.designs import Pair, convert, fill, layers  # noqa: E402

pytestmark = pytest.mark.tools

SAMPLES = 200
BACKENDS = ["Vitis", pytest.param("Vivado", marks=pytest.mark.slow)]
SHAPES = {"series": (9, 3), "image": (6, 5, 2)}
SOURCES = {"series": "fixed<7,3>", "image": "ufixed<6,3>"}
# Accumulators that wrap, round every product, and saturate; each meets each geometry and strategy over the tests.
ACCUMULATORS = (
    "fixed<16,8>",
    "fixed<11,6,RND,SAT>",
    "fixed<9,5,RND_CONV,SAT_SYM>",
    "fixed<12,7,TRN_ZERO,SAT_ZERO>",
    "fixed<8,5,RND_ZERO>",
    "ufixed<10,6,RND_MIN_INF,SAT>",
    "fixed<30,14,RND_INF,SAT>",
)
NARROW = "fixed<8,4,RND,SAT>"
RESULTS = ("fixed<8,4,RND,SAT>", "fixed<9,6>", "ufixed<7,4,RND_CONV,SAT>", "fixed<6,4,TRN_ZERO,SAT_SYM>")


@dataclass(frozen=True)
class Branch:
    """One layer behind an input: its Keras class and arguments, and its settings for hls4ml."""

    layer: str
    source: str
    given: Mapping[str, Any]
    settings: Mapping[str, Any] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    source_type: str = ""


def design(branches: Mapping[str, Branch], *, seed: int, io_type: str, backend: str = "Vitis") -> Pair:
    """All branches beside each other, each behind an input of its own: streams have one reader."""
    sources, outputs, types = [], [], {}
    for index, (name, branch) in enumerate(branches.items()):
        sources.append(layers().Input(SHAPES[branch.source], name=f"of_{name}"))
        outputs.append(getattr(layers(), branch.layer)(name=name, **branch.given)(sources[-1]))
        types[f"of_{name}"] = {"result": branch.source_type or SOURCES[branch.source]}
        types[name] = {
            "weight": "fixed<7,3>",
            "bias": "fixed<8,3>",
            "accum": ACCUMULATORS[(index + seed) % len(ACCUMULATORS)],
            "result": RESULTS[(index + seed) % len(RESULTS)],
            **branch.types,
        }
    settings = {name: branch.settings for name, branch in branches.items()}
    model = fill(keras.Model(sources, outputs), seed)
    return convert(model, types, io_type=io_type, settings=settings, backend=backend)


def conv1d(given: Mapping[str, Any], settings: Mapping[str, Any] | None = None, **types: str) -> Branch:
    return Branch("Conv1D", "series", {"filters": 4, "kernel_size": 3, **given}, settings or {}, types)


def conv2d(given: Mapping[str, Any], settings: Mapping[str, Any] | None = None, **types: str) -> Branch:
    return Branch("Conv2D", "image", {"filters": 3, "kernel_size": (3, 2), **given}, settings or {}, types)


def depth1d(given: Mapping[str, Any], settings: Mapping[str, Any] | None = None, **types: str) -> Branch:
    return Branch("DepthwiseConv1D", "series", {"kernel_size": 4, **given}, settings or {}, types)


def depth2d(given: Mapping[str, Any], settings: Mapping[str, Any] | None = None, **types: str) -> Branch:
    return Branch("DepthwiseConv2D", "image", {"kernel_size": (3, 2), **given}, settings or {}, types)


GEOMETRIES = {
    "line": conv1d({}),
    "line_stride": conv1d({"strides": 2, "kernel_size": 4}),
    "line_jump": conv1d({"strides": 3, "kernel_size": 2}),
    "line_same": conv1d({"padding": "same", "kernel_size": 4}),
    "line_same_stride": conv1d({"padding": "same", "strides": 2, "kernel_size": 5, "use_bias": False}),
    "line_causal": conv1d({"padding": "causal"}),
    "line_causal_stride": conv1d({"padding": "causal", "strides": 2}),
    "line_point": conv1d({"kernel_size": 1}),
    "line_point_stride": conv1d({"kernel_size": 1, "strides": 2}),
    "line_whole": conv1d({"kernel_size": 9, "filters": 1}),
    "plane": conv2d({}),
    "plane_stride": conv2d({"strides": (2, 1)}),
    "plane_jump": conv2d({"strides": (3, 4), "kernel_size": (2, 1)}),
    "plane_same": conv2d({"padding": "same", "kernel_size": (4, 3)}),
    "plane_same_stride": conv2d({"padding": "same", "strides": (2, 3), "use_bias": False}),
    "plane_row": conv2d({"kernel_size": (1, 3)}),
    "plane_column": conv2d({"kernel_size": (3, 1), "strides": (1, 2)}),
    "plane_point": conv2d({"kernel_size": 1}),
    "plane_point_stride": conv2d({"kernel_size": 1, "strides": (2, 3)}),
    "plane_whole": conv2d({"kernel_size": (6, 5), "filters": 1}),
}
DEPTHWISE = {
    "deep_line": depth1d({}),
    "deep_line_stride": depth1d({"strides": 2, "kernel_size": 3}),
    "deep_line_jump": depth1d({"strides": 3, "kernel_size": 2}),
    "deep_line_same": depth1d({"padding": "same"}),
    "deep_line_point": depth1d({"kernel_size": 1}),
    "deep_line_split": depth1d({}, {"ParallelizationFactor": 3}),
    "deep_plane": depth2d({}),
    "deep_plane_stride": depth2d({"strides": (2, 2), "use_bias": False}),
    "deep_plane_jump": depth2d({"strides": (3, 3), "kernel_size": (2, 1)}),
    "deep_plane_same": depth2d({"padding": "same"}),
    "deep_plane_same_stride": depth2d({"padding": "same", "strides": (2, 2)}),
    "deep_plane_row": depth2d({"kernel_size": (1, 3)}),
    "deep_plane_point": depth2d({"kernel_size": 1}),
}


def reuse(factor: int, strategy: str = "Resource", **more: Any) -> dict[str, Any]:
    return {"ReuseFactor": factor, "Strategy": strategy, **more}


# A window of the line holds 9 numbers, one of the plane 12, one of the points 3 and 2.
STRATEGIES = {
    "line_latency": conv1d({}, reuse(4, "Latency")),
    "line_resource": conv1d({}, reuse(1)),
    "line_resource_3": conv1d({"strides": 2}, reuse(3), accum="fixed<10,5,RND,SAT>"),
    "line_resource_9": conv1d({"strides": 2}, reuse(9), accum="fixed<10,5,TRN,SAT_SYM>"),
    "line_point_resource": conv1d({"kernel_size": 1}, reuse(3), accum="fixed<10,5,TRN,SAT>"),
    "plane_resource_2": conv2d({}, reuse(2), accum="fixed<9,5,RND_ZERO,SAT>"),
    "plane_resource_4": conv2d({}, reuse(4), accum="fixed<9,5,RND_ZERO,SAT_ZERO>"),
    "plane_resource_12": conv2d({"strides": (2, 2)}, reuse(12), accum="fixed<9,5,RND_ZERO,SAT>"),
    "plane_point_resource": conv2d({"kernel_size": 1}, reuse(2), accum="fixed<10,5,TRN,SAT>"),
}
PARTITIONS = {
    "line_split": conv1d({}, {"ParallelizationFactor": 7}),
    "line_point_split": conv1d({"kernel_size": 1}, {"ParallelizationFactor": 3}),
    "line_point_whole": conv1d({"kernel_size": 1}, {"ParallelizationFactor": 9}),
    "line_point_stride_whole": conv1d({"kernel_size": 1, "strides": 2}, {"ParallelizationFactor": 5}),
    "line_resource_split": conv1d({"padding": "same"}, reuse(3, ParallelizationFactor=9), accum="fixed<10,5,RND,SAT>"),
    "plane_split": conv2d({"padding": "same"}, {"ParallelizationFactor": 10}),
    "plane_point_whole": conv2d({"kernel_size": 1}, {"ParallelizationFactor": 30}),
    "plane_resource_split": conv2d({}, reuse(6, ParallelizationFactor=4), accum="fixed<10,5,RND,SAT>"),
}
BEYOND = {
    "line_resource_18": conv1d({"strides": 2}, reuse(18), accum="fixed<10,5,RND,SAT>"),
    "line_resource_36": conv1d({}, reuse(36), accum="fixed<10,5,RND,SAT>"),
    "plane_resource_36": conv2d({}, reuse(36), accum="fixed<9,5,RND_ZERO,SAT>"),
    "line_unrolled": conv1d({}, reuse(3, "resource_unrolled"), accum="fixed<10,5,RND,SAT>"),
    "line_unrolled_18": conv1d({}, reuse(18, "resource_unrolled"), accum="fixed<10,5,RND,SAT>", weight="fixed<3,3>"),
    "line_point_unrolled": conv1d({"kernel_size": 1}, reuse(3, "resource_unrolled"), accum="fixed<10,5,RND,SAT>"),
    "plane_unrolled": conv2d(
        {}, reuse(4, "resource_unrolled"), accum="fixed<8,5,TRN,SAT_SYM>", bias="fixed<8,5,TRN,SAT_SYM>"
    ),
    "plane_unrolled_12": conv2d({}, reuse(12, "resource_unrolled"), accum="fixed<9,5,RND_ZERO,SAT_ZERO>"),
}
# 12 numbers in 3 channels, 12 numbers in 2: reuse factors below, at, and above the channels, of each remainder.
DEPTHWISE_STREAMED = {
    **{f"deep_line_{factor}": depth1d({}, reuse(factor), accum=NARROW) for factor in (1, 2, 3, 4, 6, 12, 24)},
    **{f"deep_plane_{factor}": depth2d({}, reuse(factor), accum=NARROW) for factor in (1, 2, 3, 4, 6, 12)},
}
# One-bit inputs and weights, which hls4ml's C++ takes for binary ones where both are `ap_uint<1>`; two-bit weights.
NARROW_TYPES = {
    "mult": ("uint<4>", "int<3>"),
    "ternary": ("fixed<5,2>", "int<2>"),
    "bits": ("uint<1>", "uint<1>"),
    "bit_inputs": ("uint<1>", "fixed<4,2>"),
    "bit_weights": ("fixed<4,2>", "uint<1>"),
}
NARROW_LAYERS = {
    "line": conv1d({"strides": 2}, reuse(3)),
    "line_point": conv1d({"kernel_size": 1}),
    "line_point_whole": conv1d({"kernel_size": 1, "strides": 2}, {"ParallelizationFactor": 5}),
    "plane": conv2d({}),
    "line_same": conv1d({"padding": "same"}),
    "deep_line": depth1d({"padding": "same"}),
    "deep_plane": depth2d({}),
}
PRODUCTS = {
    f"{kind}_{name}": replace(
        branch, types={"weight": weight, "accum": "fixed<9,6,TRN,SAT>", "result": "fixed<12,8>"}, source_type=source
    )
    for kind, (source, weight) in NARROW_TYPES.items()
    for name, branch in NARROW_LAYERS.items()
}


def without(start: str, branches: Mapping[str, Branch]) -> dict[str, Branch]:
    """hls4ml's headers of 1-D and 2-D depthwise convolutions for io_parallel exclude each other."""
    return {name: branch for name, branch in branches.items() if start not in name}


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_geometry(tmp_path, backend):
    chosen = {**GEOMETRIES, **without("deep_plane", DEPTHWISE)}
    compare(design(chosen, seed=3, io_type="io_parallel", backend=backend), tmp_path, SAMPLES)


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_geometry_in_a_stream(tmp_path, backend):
    compare(design({**GEOMETRIES, **DEPTHWISE}, seed=4, io_type="io_stream", backend=backend), tmp_path, SAMPLES)


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_strategy_and_partition(tmp_path, backend):
    chosen = {**STRATEGIES, **PARTITIONS, **without("deep_line", DEPTHWISE)}
    compare(design(chosen, seed=5, io_type="io_parallel", backend=backend), tmp_path, SAMPLES)


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_strategy_in_a_stream(tmp_path, backend):
    made = design({**STRATEGIES, **BEYOND, **DEPTHWISE_STREAMED}, seed=6, io_type="io_stream", backend=backend)
    assert {node.strategy for node in made.graph if hasattr(node, "strategy")} == {
        "latency",
        "resource",
        "resource_unrolled",
    }
    compare(made, tmp_path, SAMPLES)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("io_type", "left_out"), [pytest.param("io_parallel", "deep_plane", marks=pytest.mark.slow), ("io_stream", "none")]
)
def test_every_product(tmp_path, io_type, left_out, backend):
    compare(design(without(left_out, PRODUCTS), seed=7, io_type=io_type, backend=backend), tmp_path, SAMPLES)


def encoded(branch: Branch, **more: Any) -> Branch:
    return replace(branch, settings={**branch.settings, "ConvImplementation": "Encoded", **more})


ENCODED = {
    "line": encoded(conv1d({})),
    "line_stride": encoded(conv1d({"strides": 2})),
    "line_jump": encoded(conv1d({"kernel_size": 3, "strides": 5})),
    "line_resource": encoded(conv1d({}, reuse(3), accum=NARROW)),
    "line_unrolled": encoded(conv1d({}, reuse(3, "resource_unrolled"), accum=NARROW)),
    "line_point": encoded(conv1d({"kernel_size": 1, "strides": 2})),
    "plane": encoded(conv2d({"kernel_size": 3})),
    "plane_stride": encoded(conv2d({"kernel_size": 2, "strides": 2})),
    "plane_whole": encoded(conv2d({"kernel_size": 5, "strides": 1})),
    "deep_line": encoded(depth1d({})),
    "deep_line_stride": encoded(depth1d({"strides": 3, "kernel_size": 3}, reuse(2), accum=NARROW)),
    "deep_plane": encoded(depth2d({"kernel_size": 3})),
    "deep_plane_resource": encoded(depth2d({"kernel_size": 2}, reuse(4), accum=NARROW)),
}


@pytest.mark.slow
def test_every_encoded_stream(tmp_path):
    compare(design(ENCODED, seed=8, io_type="io_stream", backend="Vivado"), tmp_path, SAMPLES)


@pytest.mark.parametrize(
    "branch",
    [
        encoded(conv1d({"kernel_size": 2, "strides": 5})),
        encoded(conv2d({"kernel_size": (3, 2)})),
        encoded(conv2d({"kernel_size": 2, "strides": (2, 1)})),
    ],
)
def test_encoded_streams_that_read_beyond_their_table_are_refused(branch):
    with pytest.raises(UnsupportedLayerError, match=r"layer 'conv' has windows .* use ConvImplementation LineBuffer"):
        design({"conv": branch}, seed=1, io_type="io_stream", backend="Vivado")
    design({"conv": branch}, seed=1, io_type="io_stream")  # Vitis has line buffers only


def test_depthwise_convolutions_of_both_kinds_do_not_compile_in_parallel(tmp_path):
    made = design({"line": depth1d({}), "plane": depth2d({})}, seed=1, io_type="io_parallel")
    with pytest.raises(UnsupportedLayerError, match=r"layers 'line' and 'plane': .* the same include guard"):
        write_project(made.model_graph, made.graph, tmp_path)


REFUSED = {
    "reuse factor 18, but a window holds 9 numbers": (conv1d({}, reuse(18)), "io_parallel"),
    "makes 6 channels of 3; .* depth multiplier 1 only": (depth1d({"depth_multiplier": 2}), "io_stream"),
    "makes 10 channels of 2; .* depth multiplier 1 only": (depth2d({"depth_multiplier": 5}), "io_parallel"),
    "has strategy resource, which hls4ml's C\\+\\+ lacks": (depth1d({}, reuse(3)), "io_parallel"),
    "windows of height 1 and vertical stride 2": (conv2d({"kernel_size": (1, 3), "strides": (2, 1)}), "io_stream"),
    "fit 7 times into its width, but its result has 5; .* dilation": (conv1d({"dilation_rate": 2}), "io_stream"),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_the_compiled_code_cannot_compute_is_refused(message):
    branch, io_type = REFUSED[message]
    with pytest.raises(UnsupportedLayerError, match=f"layer 'conv'.* {message}"):
        design({"conv": branch}, seed=1, io_type=io_type)


@pytest.mark.parametrize("io_type", [pytest.param(IoType.PARALLEL, marks=pytest.mark.slow), IoType.STREAM])
def test_convolutions_of_qkeras(tmp_path, io_type):
    """Depth multipliers, dilation, separable and folded ones, and all kinds of quantized weights, by our front end."""
    q = {"bias_quantizer": qkeras.quantized_bits(6, 1, alpha=1)}
    bits, wide = qkeras.quantized_bits(5, 1, alpha=1), qkeras.quantized_bits(16, 6, alpha=1)
    makers = {
        "several": lambda name: qkeras.QDepthwiseConv2D(
            2, depth_multiplier=5, depthwise_quantizer=bits, name=name, **q
        ),
        "folded": lambda name: qkeras.QConv2DBatchnorm(
            3, 2, kernel_quantizer=wide, bias_quantizer=wide, padding="same", name=name
        ),
        "separable": lambda name: qkeras.QSeparableConv2D(
            3, 2, depthwise_quantizer=bits, pointwise_quantizer=bits, name=name, **q
        ),
        "dilated": lambda name: qkeras.QConv2D(3, 2, dilation_rate=2, kernel_quantizer=bits, name=name, **q),
        "scaled": lambda name: qkeras.QConv2D(
            3, 2, kernel_quantizer=qkeras.quantized_bits(4, 0, alpha="auto_po2"), name=name, **q
        ),
        "powers": lambda name: qkeras.QConv2D(3, 2, kernel_quantizer=qkeras.quantized_po2(4), name=name, **q),
        "binary": lambda name: qkeras.QConv2D(3, 2, kernel_quantizer=qkeras.binary(alpha=1), name=name, **q),
        "ternary": lambda name: qkeras.QConv2D(3, 1, kernel_quantizer=qkeras.ternary(alpha=1), name=name, **q),
    }
    inputs = [layers().Input(SHAPES["image"], name=f"of_{name}") for name in makers]
    outputs = [make(name)(given) for given, (name, make) in zip(inputs, makers.items(), strict=True)]
    model = keras.Model(inputs, outputs)
    rng = np.random.default_rng(4)
    for layer in model.layers:
        variables = zip(layer.weights, layer.get_weights(), strict=True)
        layer.set_weights(
            [
                old
                if "iteration" in item.path
                else (rng.integers(-20, 21, old.shape) + 40 * ("variance" in item.path)) / 16
                for item, old in variables
            ]
        )
    made = convert_exactly(model, ConvertOptions(input_type=FixedPoint(True, 6, 3), io_type=io_type))
    compare(Pair(made.model_graph, made.graph), tmp_path, SAMPLES)


MODES = [pair for pair in itertools.product(Rounding, Overflow) if pair[1].value in SaturationMode.__members__]
MODE_LAYERS = (
    conv1d({"strides": 3}),
    conv2d({"strides": 3}, reuse(6)),
    depth1d({"strides": 3}),
    conv1d({"kernel_size": 1, "strides": 4}),
    conv1d({"strides": 3}, reuse(3)),
)


@pytest.mark.parametrize("io_type", ["io_parallel", pytest.param("io_stream", marks=pytest.mark.slow)])
def test_every_rounding_and_overflow_mode(tmp_path, io_type):
    """In accumulator and result both, with biases that the accumulator does not hold."""
    branches = {}
    for index, (rounding, overflow) in enumerate(MODES):
        other = MODES[(index * 11 + 4) % len(MODES)]
        types = {
            "accum": f"fixed<{8 + index % 3},{4 + index % 2},{other[0].value},{other[1].value}>",
            "result": f"fixed<{4 + index % 3},{3 + index % 2},{rounding.value},{overflow.value}>",
            "bias": "fixed<9,5>" if index % 3 else f"fixed<8,4,{other[0].value},{other[1].value}>",
        }
        branches[f"of_{rounding.value}_{overflow.value}".lower()] = replace(
            MODE_LAYERS[index % len(MODE_LAYERS)], types=types
        )
    wide = {"weight": "fixed<40,20>", "accum": "fixed<90,50,RND,SAT>", "result": "fixed<70,40,TRN,SAT>"}
    branches["wide"] = conv1d({}, **wide)
    branches["wide_deep"] = depth1d({}, **wide)
    branches = {
        name: replace(branch, source_type="fixed<40,20>" if "wide" in name else "") for name, branch in branches.items()
    }
    compare(design(branches, seed=9, io_type=io_type), tmp_path, 3 * SAMPLES)


@pytest.mark.parametrize("io_type", [IoType.PARALLEL, pytest.param(IoType.STREAM, marks=pytest.mark.slow)])
def test_a_network_of_everything(tmp_path, io_type):
    q = {"bias_quantizer": qkeras.quantized_bits(6, 1, alpha=1)}
    bits, relu = qkeras.quantized_bits(5, 1, alpha=1), qkeras.quantized_relu(5, 2)
    given = layers().Input((8, 8, 1), name="image")
    hidden = qkeras.QConv2D(4, 3, padding="same", kernel_quantizer=bits, activation=relu, name="first", **q)(given)
    hidden = layers().MaxPooling2D(2, name="pool")(hidden)
    hidden = qkeras.QSeparableConv2D(
        6, 3, padding="same", depthwise_quantizer=bits, pointwise_quantizer=bits, activation=relu, name="second", **q
    )(hidden)
    hidden = layers().BatchNormalization(name="norm")(hidden)
    hidden = qkeras.QConv2D(3, 2, strides=2, kernel_quantizer=qkeras.binary(alpha=1), name="third", **q)(hidden)
    hidden = layers().Flatten(name="flat")(qkeras.QActivation(relu, name="act")(hidden))
    model = fill(keras.Model(given, qkeras.QDense(5, kernel_quantizer=bits, name="last", **q)(hidden)), 3)
    made = convert_exactly(model, ConvertOptions(input_type=FixedPoint(False, 6, 1), io_type=io_type))
    compare(Pair(made.model_graph, made.graph), tmp_path, SAMPLES)


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["Latency", "Resource"])
def test_folded_convolutions_of_vivado(tmp_path, strategy):
    """With Resource hls4ml transposes the folded weights twice, and computes with what comes of it."""
    handlers.register()
    bits = qkeras.quantized_bits(6, 1, alpha=1)
    given = layers().Input(SHAPES["image"], name="image")
    layer = qkeras.QConv2DBatchnorm(3, 2, kernel_quantizer=bits, bias_quantizer=bits, name="conv")
    model = keras.Model(given, layer(given))
    rng = np.random.default_rng(4)
    layer.set_weights([rng.uniform(0.5, 2, np.shape(item)) for item in layer.get_weights()])
    types = {"image": {"result": "fixed<6,3>"}}
    settings = {"conv": {"Strategy": strategy, "ReuseFactor": 4}}
    compare(convert(model, types, settings=settings, backend="Vivado"), tmp_path, SAMPLES)
