"""Layers of `float` and `double` types against the compiled C++: the same numbers, to the bit."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codesign.graph import Graph, Overflow, Rounding
from codesign.graph.cast import Integers
from codesign.graph.convert import to_floats, to_integers
from codesign.hls import run_csim, write_project
from codesign.simulate import execute
from codesign.simulate.engine import predict
from tests.hls.designs import Pair, full_range

keras = pytest.importorskip("keras")
pytest.importorskip("hls4ml")

from tests.hls.designs import convert, layers  # noqa: E402

pytestmark = pytest.mark.tools

IO_TYPES = ["io_parallel", "io_stream"]
FLOATS = ("float", "double")


def numbers(graph: Graph, samples: int, scale: float = 1.0) -> dict[str, Integers]:
    """Numbers of every magnitude for float ports, ties and subnormal numbers among them; the full range for others."""
    rng = np.random.default_rng(5)
    found = full_range(graph, samples, 3)
    for node in graph.input_nodes:
        if node.result.significant is None:
            continue
        shape = (samples, *node.shape)
        values = rng.normal(size=shape) * scale
        values[: samples // 4] *= 2.0 ** rng.integers(-148, 60, (samples // 4, *node.shape))
        values[samples // 4 : samples // 2] = np.round(values[samples // 4 : samples // 2] * 8) / 8
        values[0] = 0
        found[node.name] = to_integers(values, node.result).values
    return found


def compare(design: Pair, place: Path, inputs: dict[str, Integers]) -> None:
    folder = place / "hls"
    folder.mkdir()
    write_project(design.model_graph, design.graph, folder)
    run = run_csim(folder, inputs, place / "work", trace=True)
    expected = execute(design.graph, inputs)
    fast = predict(design.graph, inputs)
    seen = {**run.layers, **run.outputs}
    assert seen.keys() >= {node.name for node in design.graph.output_nodes}
    for name, values in seen.items():
        wrong = np.argwhere(values != expected[name])
        assert wrong.size == 0, (
            f"{name}: {len(wrong)} of {values.size} differ, first at {wrong[0]}: "
            f"C++ {to_floats(values, design.graph[name].result)[tuple(wrong[0])]!r}, "
            f"Graph {to_floats(expected[name], design.graph[name].result)[tuple(wrong[0])]!r}; {design.graph[name]}"
        )
    for name, integers in fast.items():
        assert np.array_equal(integers, expected[name])


def trained(inputs: list[Any], outputs: list[Any], scale: float = 1.0) -> Any:
    """A model whose weights need every bit of a float."""
    model = keras.Model(inputs, outputs)
    rng = np.random.default_rng(11)
    for layer in model.layers:
        values = [rng.normal(size=weight.shape) * scale for weight in layer.weights]
        if type(layer).__name__ == "BatchNormalization":
            values[3] = np.abs(values[3]) + 0.5
        layer.set_weights(values)
    return model


MIXED = {
    "floats": ("float", "float", "float", "float", "float"),
    "doubles": ("double", "double", "double", "double", "double"),
    "bias": ("float", "float", "fixed<9,3>", "float", "float"),
    "narrower": ("double", "double", "double", "double", "float"),
    "wider": ("float", "float", "float", "float", "double"),
    "cut": ("float", "float", "float", "float", "fixed<12,5,RND_CONV,SAT>"),
    "wraps": ("double", "double", "double", "double", "ufixed<12,2>"),
    "accum": ("fixed<14,4>", "fixed<12,3>", "fixed<12,3>", "float", "fixed<16,6,RND>"),
    "accum_wide": ("fixed<40,4>", "fixed<33,3>", "fixed<50,3>", "double", "fixed<60,9,RND>"),
    "accum_ints": ("int<7>", "ap_int<5>", "int<4>", "float", "float"),
    "result": ("fixed<30,4>", "fixed<12,3>", "fixed<12,3>", "fixed<45,9>", "float"),
    "result_wide": ("fixed<60,4>", "fixed<20,3>", "fixed<12,3>", "fixed<90,9>", "double"),
}


@pytest.mark.parametrize("io_type", IO_TYPES)
def test_dense(tmp_path, io_type):
    types, settings, inputs, outputs = {}, {}, [], []
    for (name, (source, weight, bias, accumulator, result)), (way, reuse) in itertools.product(
        MIXED.items(), (("Latency", 1), ("Resource", 3))
    ):
        name = f"{name}_{way.lower()}"
        inputs.append(layers().Input((6,), name=f"in_{name}"))
        outputs.append(layers().Dense(3, name=name)(inputs[-1]))
        types[f"in_{name}"] = {"result": source}
        types[name] = {"weight": weight, "bias": bias, "accum": accumulator, "result": result}
        settings[name] = {"Strategy": way, "ReuseFactor": reuse}
    design = convert(trained(inputs, outputs), types, io_type=io_type, settings=settings)
    compare(design, tmp_path, numbers(design.graph, 200))


def branches(kinds: dict[str, tuple[str, str, Any]], shape: tuple[int, ...]) -> tuple[Any, Any, dict[str, Any]]:
    """A model of one input and one layer for each kind, of (input type, result type, layer)."""
    types: dict[str, Any] = {}
    inputs, outputs = [], []
    for name, (source, result, layer) in kinds.items():
        inputs.append(layers().Input(shape, name=f"in_{name}"))
        outputs.append(layer(name)(inputs[-1]))
        types[f"in_{name}"] = {"result": source}
        types[name] = {"result": result}
    return inputs, outputs, types


FIXED = [
    f"{kind}fixed<{width},{integer},{rounding.value},{overflow.value}>"
    for kind, width, integer in (("", 9, 4), ("u", 12, 3), ("", 70, 40))
    for rounding, overflow in itertools.product(Rounding, Overflow)
    if overflow is not Overflow.WRAP_SM  # hls4ml cannot write it
    and (overflow is not Overflow.SAT_SYM or width <= 64)  # ap_private prints warnings of itself
]


@pytest.mark.slow
@pytest.mark.parametrize("io_type", IO_TYPES)
def test_floats_into_fixed_point_and_back(tmp_path, io_type):
    kinds: dict[str, tuple[str, str, Any]] = {}

    def linear(name: str) -> Any:
        return layers().Activation("linear" if name.startswith("lin") else "relu", name=name)

    for index, text in enumerate(FIXED):
        kinds[f"{'lin' if index % 3 else 'relu'}_cut_{index}"] = (FLOATS[index % 2], text, linear)
    for index, text in enumerate(
        (
            "fixed<9,4>",
            "ufixed<30,3>",
            "fixed<33,5>",
            "fixed<64,1>",
            "fixed<100,50>",
            "int<40>",
            "uint<7>",
            "float",
            "double",
        )
    ):
        for target in FLOATS:
            kinds[f"lin_into_{target}_{index}"] = (text, target, linear)
            kinds[f"relu_into_{target}_{index}"] = (text, target, linear)
    inputs, outputs, types = branches(kinds, (5,))
    design = convert(trained(inputs, outputs), types, io_type=io_type)
    compare(design, tmp_path, numbers(design.graph, 300, 20))


def batch_normalization(name: str) -> Any:
    return layers().BatchNormalization(name=name)


@pytest.mark.parametrize("io_type", IO_TYPES)
def test_batch_normalization(tmp_path, io_type):
    """The product is rounded, then the sum."""
    kinds = {
        "float": ("float", "float", batch_normalization),
        "double": ("double", "double", batch_normalization),
        "cut": ("float", "fixed<20,6,RND,SAT>", batch_normalization),
        "narrower": ("double", "float", batch_normalization),
        "result": ("fixed<20,5>", "float", batch_normalization),
    }
    inputs, outputs, types = branches(kinds, (4, 3))
    for name, (source, _, _) in kinds.items():
        inside = "fixed<18,4>" if source.startswith("fixed") else source
        types[name].update(scale=inside, bias=inside)
    design = convert(trained(inputs, outputs), types, io_type=io_type)
    compare(design, tmp_path, numbers(design.graph, 200))


@pytest.mark.slow
@pytest.mark.parametrize("io_type", IO_TYPES)
def test_convolutions(tmp_path, io_type):
    made = {
        "conv1d": ((7, 3), lambda name: layers().Conv1D(2, 3, padding="same", name=name)),
        "pointwise": ((7, 3), lambda name: layers().Conv1D(2, 1, name=name)),
        "conv2d": ((5, 6, 2), lambda name: layers().Conv2D(3, 2, strides=2, name=name)),
        "depthwise": ((5, 6, 2), lambda name: layers().DepthwiseConv2D(3, padding="same", name=name)),
    }
    types, inputs, outputs = {}, [], []
    for (kind, (shape, layer)), mix in itertools.product(made.items(), ("floats", "doubles", "cut", "accum", "result")):
        source, weight, bias, accumulator, result = MIXED[mix]
        name = f"{kind}_{mix}"
        inputs.append(layers().Input(shape, name=f"in_{name}"))
        outputs.append(layer(name)(inputs[-1]))
        types[f"in_{name}"] = {"result": source}
        types[name] = {"weight": weight, "bias": bias, "accum": accumulator, "result": result}
    design = convert(trained(inputs, outputs), types, io_type=io_type)
    compare(design, tmp_path, numbers(design.graph, 60))


@pytest.mark.slow
@pytest.mark.parametrize("io_type", IO_TYPES)
def test_merges(tmp_path, io_type):
    made = {
        "add": layers().Add,
        "subtract": layers().Subtract,
        "multiply": layers().Multiply,
        "maximum": layers().Maximum,
        "minimum": layers().Minimum,
        "concatenate": layers().Concatenate,
        "average": layers().Average,
    }
    mixes = {
        "float": ("float", "float", "float"),
        "double": ("double", "double", "double"),
        "both": ("float", "double", "float"),
        "cut": ("float", "float", "fixed<20,6,RND,SAT>"),
        "fixed": ("fixed<20,6>", "fixed<33,3>", "float"),
    }
    types, inputs, outputs = {}, [], []
    for (kind, layer), (mix, (first, second, result)) in itertools.product(made.items(), mixes.items()):
        if kind == "average" and mix != "fixed":
            continue
        name = f"{kind}_{mix}"
        pair = [layers().Input((4,), name=f"{side}_{name}") for side in ("a", "b")]
        inputs += pair
        outputs.append(layer(name=name)(pair))
        types.update({f"a_{name}": {"result": first}, f"b_{name}": {"result": second}, name: {"result": result}})
    design = convert(trained(inputs, outputs), types, io_type=io_type)
    compare(design, tmp_path, numbers(design.graph, 200))


@pytest.mark.parametrize("io_type", IO_TYPES)
def test_moved_numbers_and_the_largest_of_windows(tmp_path, io_type):
    made = {
        "padding": lambda name: layers().ZeroPadding2D(1, name=name),
        "cropping": lambda name: layers().Cropping2D(1, name=name),
        "upsampling": lambda name: layers().UpSampling2D(2, name=name),
        "permute": lambda name: layers().Permute((2, 1, 3), name=name),
        "reshape": lambda name: layers().Reshape((24, 2), name=name),
        "pooling": lambda name: layers().MaxPooling2D(2, name=name),
        "global": lambda name: layers().GlobalMaxPooling2D(name=name),
    }
    # Refused; a port that is reshaped alone has no C++ in io_parallel.
    for kind in ("global",) if io_type == "io_stream" else ("pooling", "reshape"):
        del made[kind]
    types: dict[str, Any] = {}
    inputs, outputs = [], []
    for (kind, layer), source in itertools.product(made.items(), FLOATS):
        name = f"{kind}_{source}"
        inputs.append(layers().Input((4, 6, 2), name=f"in_{name}"))
        outputs.append(layer(name)(inputs[-1]))
        types[f"in_{name}"] = {"result": source}
        types[name] = {"result": source}
        if kind in ("pooling", "global"):
            types[name]["accum"] = source
    design = convert(trained(inputs, outputs), types, io_type=io_type)
    compare(design, tmp_path, numbers(design.graph, 40))
