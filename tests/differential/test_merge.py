"""Merges, concatenations, embeddings and copies of streams: hls4ml's compiled C++ against the simulator."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codesign.errors import UnsupportedLayerError
from codesign.graph import Broadcast, Graph, Input, Overflow, Reshape, Rounding
from codesign.hls import run_csim, write_project
from codesign.simulate import execute

keras = pytest.importorskip("keras")
pytest.importorskip("hls4ml")

from hls4ml.model.types import SaturationMode  # noqa: E402

from tests.hls.designs import Pair, convert, fill, from_layers, full_range, layers  # noqa: E402

pytestmark = pytest.mark.tools

MODES = [
    (rounding.value, overflow.value)
    for rounding, overflow in itertools.product(Rounding, Overflow)
    if overflow.value in SaturationMode.__members__
]
MERGES = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")


def check(design: Pair, place: Path, *, samples: int = 300, inputs: Any = None) -> Graph:
    """The compiled C++ gives the simulator's integers at every layer and output; returns the Graph."""
    graph = design.graph
    (place / "hls").mkdir()
    write_project(design.model_graph, graph, place / "hls")
    inputs = full_range(graph, samples, 7) if inputs is None else inputs
    expected = execute(graph, inputs)
    run = run_csim(place / "hls", inputs, place / "work", trace=True)
    assert tuple(run.outputs) == graph.outputs
    traced = {node.name for node in graph if not isinstance(node, (Input, Reshape)) and node.result.width <= 53}
    assert set(run.layers) == traced
    for name, values in {**run.layers, **run.outputs}.items():
        assert np.array_equal(values, expected[name]), name
    return graph


def ports(types: dict[str, dict[str, str]], names: str, shape: tuple[int, ...], *kinds: str) -> list[Any]:
    """Inputs of one shape, and their types."""
    found = []
    for name, kind in zip(names.split(), kinds, strict=True):
        found.append(layers().Input(shape, name=name))
        types[name] = {"result": kind}
    return found


def merged(types: dict[str, dict[str, str]], merge: str, name: str, operands: Any, result: str, **options: Any) -> Any:
    """One branch."""
    types[name] = {"result": result}
    return getattr(layers(), merge)(name=name, **options)(operands)


@pytest.mark.slow
def test_every_merge_in_every_mode(tmp_path):
    """Signed and unsigned numbers of other fractions, cast into types that are too narrow at either end."""
    types: dict[str, dict[str, str]] = {}
    first, second = ports(types, "first second", (2, 3), "fixed<7,3>", "ufixed<6,4>")
    outputs = []
    for index, (mode, merge) in enumerate(itertools.product(MODES, MERGES)):
        result = f"{'u' if index % 4 == 3 else ''}fixed<{4 + index % 3},{2 + index % 3},{','.join(mode)}>"
        operands = (second, first) if index % 3 == 2 else (first, second)
        outputs.append(merged(types, merge, "_".join((merge, *mode)).lower(), operands, result))
    check(convert(keras.Model([first, second], outputs), types), tmp_path, samples=600)


def test_every_merge_of_streams(tmp_path):
    """hls4ml copies a stream for up to seven readers; each copy is handed on, and none is a node."""
    types: dict[str, dict[str, str]] = {}
    kinds = ["fixed<7,3>", "ufixed<6,4>", "int<5>", "uint<4>", "fixed<9,2,RND,SAT_SYM>", "fixed<9,2,RND,SAT_SYM>"]
    given, outputs = [], []
    for pair in range(3):
        names = f"first_{pair} second_{pair}"
        given += ports(types, names, (2, 3), *kinds[2 * pair : 2 * pair + 2])
        for index, merge in enumerate(MERGES):
            result = f"fixed<{5 + index % 3},{2 + index % 3},{','.join(MODES[(11 * index + 7 * pair) % len(MODES)])}>"
            outputs.append(merged(types, merge, f"{merge.lower()}_{pair}", given[-2:], result))
    graph = check(convert(keras.Model(given, outputs), types, io_type="io_stream"), tmp_path, samples=600)
    assert not any(node.name.startswith("clone") for node in graph)


def test_of_the_very_type_of_the_result(tmp_path):
    """Where nothing is cast, SAT_SYM keeps the lowest value; where the other operand is cast, it does not."""
    types: dict[str, dict[str, str]] = {}
    same, wide = "fixed<5,3,RND,SAT_SYM>", "fixed<8,4>"
    first, second, third = ports(types, "first second third", (1, 4), same, same, wide)
    outputs = []
    for index, operands in enumerate([(first, second), (second, third), (third, first), (third, third)]):
        outputs += [
            merged(types, merge, f"{merge.lower()}_{index}", operands, same) for merge in (*MERGES, "Concatenate")
        ]
    design = convert(keras.Model([first, second, third], outputs), types)
    inputs = full_range(design.graph, 500, 3)
    lowest = {name: node.result.min_int for name, node in zip(inputs, design.graph.input_nodes, strict=True)}
    for name, values in inputs.items():
        values[:50] = lowest[name]
    check(design, tmp_path, inputs=inputs)
    assert execute(design.graph, inputs)["maximum_0"].min() == -16
    assert execute(design.graph, inputs)["maximum_3"].min() == -15


@pytest.mark.slow
def test_the_smaller_operand_repeats_along_the_flattened_larger_one(tmp_path):
    """Not as Keras broadcasts: hls4ml's C++ takes an index modulo the size, whatever the shapes."""
    types: dict[str, dict[str, str]] = {}
    (image,) = ports(types, "image", (2, 3, 4), "fixed<7,3>")
    shapes = {"scalar": (1, 1, 1), "channel": (1, 1, 4), "row": (1, 3, 4), "pixel": (2, 3, 1), "column": (2, 1, 1)}
    given, outputs = [image], []
    for index, (name, shape) in enumerate(shapes.items()):
        given += ports(types, name, shape, f"fixed<{5 + index % 3},3>")
        for merge in MERGES:
            operands = (image, given[-1]) if index % 2 else (given[-1], image)
            outputs.append(merged(types, merge, f"{merge.lower()}_{name}", operands, "fixed<8,4,RND,SAT>"))
    check(convert(keras.Model(given, outputs), types), tmp_path)


def test_vivado_repeats_a_stream_before_it_is_merged(tmp_path):
    types: dict[str, dict[str, str]] = {}
    given, outputs = [], []
    for index, merge in enumerate(MERGES):
        shape = (2, 3, 1) if index % 2 else (1, 1, 4)
        given += ports(types, f"image_{index}", (2, 3, 4), "fixed<7,3>")
        given += ports(types, f"small_{index}", shape, "fixed<6,2>")
        operands = given[-2:] if index % 3 else given[:-3:-1]
        outputs.append(merged(types, merge, f"{merge.lower()}_{index}", operands, "fixed<9,5,RND,SAT>"))
    graph = check(convert(keras.Model(given, outputs), types, io_type="io_stream", backend="Vivado"), tmp_path)
    assert sum(isinstance(node, Broadcast) for node in graph) == len(MERGES)


@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_concatenation_along_every_axis(tmp_path, io_type):
    types: dict[str, dict[str, str]] = {}
    given, outputs = [], []
    cases = [
        ((3,), (5,), 1),
        ((4,), (2,), -1),
        ((2, 3), (4, 3), 1),
        ((2, 3), (1, 3), -2),
        ((2, 3), (2, 4), 2),
        ((3, 2), (3, 1), -1),
        ((2, 3, 2), (1, 3, 2), 1),
        ((2, 2, 2), (3, 2, 2), -3),
        ((2, 3, 2), (2, 1, 2), 2),
        ((2, 3, 2), (2, 2, 2), -2),
        ((2, 3, 2), (2, 3, 3), 3),
        ((2, 3, 2), (2, 3, 1), -1),
    ]
    for index, (left, right, axis) in enumerate(cases):
        given += ports(types, f"left_{index}", left, "fixed<7,3>") + ports(
            types, f"right_{index}", right, "ufixed<6,4>"
        )
        result = f"fixed<{5 + index % 3},3,{','.join(MODES[(5 * index) % len(MODES)])}>"
        outputs.append(merged(types, "Concatenate", f"both_{index}", given[-2:], result, axis=axis))
    check(convert(keras.Model(given, outputs), types, io_type=io_type), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_rows_of_tables(tmp_path, io_type):
    types: dict[str, dict[str, str]] = {}
    given, outputs = [], []
    for index, kind in enumerate(["uint<3>", "int<4>", "ufixed<3,3>", "fixed<6,4>"]):
        given += ports(types, f"words_{index}", (5,), kind)
        result = f"fixed<{5 + index},3,{','.join(MODES[(9 * index + 4) % len(MODES)])}>"
        types[f"rows_{index}"] = {"embeddings": "fixed<9,3>", "result": result}
        outputs.append(layers().Embedding(8, 3, name=f"rows_{index}")(given[-1]))
    design = convert(fill(keras.Model(given, outputs), 5), types, io_type=io_type)
    inputs = full_range(design.graph, 400, 2)
    highest = {node.name: (7 << node.result.fraction) for node in design.graph.input_nodes}
    check(design, tmp_path, inputs={name: np.clip(values, 0, highest[name]) for name, values in inputs.items()})


@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_results_inside_that_leave_the_design_too(tmp_path, io_type):
    types: dict[str, dict[str, str]] = {}
    first, second = ports(types, "first second", (4,), "fixed<8,3>", "fixed<6,4>")
    total = merged(types, "Add", "total", (first, second), "fixed<9,4>")
    types["dense"] = {"weight": "fixed<8,3>", "bias": "fixed<8,3>", "accum": "fixed<18,9>", "result": "fixed<12,7>"}
    dense = layers().Dense(4, name="dense")(total)
    twice = merged(types, "Multiply", "twice", (total, dense), "fixed<14,8>")
    square = merged(types, "Subtract", "square", (twice, first), "fixed<14,8>")
    model = fill(keras.Model([second, first], [total, square, dense]), 3)
    graph = check(convert(model, types, io_type=io_type), tmp_path)
    assert graph.outputs == ("total", "square", "dense")


def described(name: str, class_name: str, inputs: str, **attributes: Any) -> dict[str, Any]:
    """A layer as hls4ml's front ends describe it."""
    return {"name": name, "class_name": class_name, "inputs": inputs.split(), **attributes}


def port(name: str, *shape: int) -> dict[str, Any]:
    return described(name, "InputLayer", "", input_shape=list(shape))


@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_nested_models_and_ports_that_leave_as_they_are(tmp_path, io_type):
    """A stream that is an output and read inside is copied, even that of a port, and that of a flattened port."""
    inner = [port("inner_in", 6), described("inner_relu", "Activation", "inner_in", activation="relu")]
    group = {"layer_list": inner, "input_layers": ["inner_in"], "output_layers": ["inner_relu"], "data_reader": None}
    found = [
        port("first", 6),
        port("image", 2, 3),
        described("inner", "LayerGroup", "first", output_shape=[None, 6], **group),
        described("after", "Merge", "inner first", op="subtract"),
        described("flat", "Reshape", "image", target_shape=[6]),
        described("beside", "Concatenate", "flat after", op="concatenate1d", axis=1),
        described("again", "Concatenate", "after flat", op="concatenate1d", axis=1),
    ]
    types = {name: {"result": "fixed<7,4,RND,SAT>"} for name in ("inner_relu", "after", "beside", "again")}
    types.update(first={"result": "fixed<8,3>"}, image={"result": "fixed<8,4>"})
    outputs = ["beside", "again", "inner", *(["first"] if io_type == "io_stream" else [])]
    graph = check(from_layers(found, types, outputs, io_type=io_type), tmp_path)
    assert {node.name for node in graph} == {"first", "inner_relu", "after", "image", "flat", "beside", "again"}


@pytest.mark.slow
def test_layers_of_qonnx(tmp_path):
    """What hls4ml's own flows leave of constants, quantizers, and their merges and matrices."""
    quantizer = {"narrow": False, "rounding_mode": "ROUND", "signed": True}
    found = [
        port("first", 4),
        described("scale", "Constant", "", value=np.array([0.125, 0.25, 0.5, 1.0])),
        described("zero", "Constant", "", value=np.array(0.0)),
        described("bits", "Constant", "", value=np.array(6)),
        described("quantizer", "Quant", "first scale zero bits", **quantizer),
        described("offset", "Constant", "", value=np.array([0.5, 1.0, 2.0, -1.0])),
        described("moved", "Merge", "quantizer offset", op="add"),
        described("matrix", "Constant", "", value=np.array([[1, -1, 2], [0.5, 3, 1], [-2, 1, 1], [1, 0, -1.5]])),
        described("product", "MatMul", "moved matrix"),
    ]
    types = {"first": {"result": "fixed<8,3>"}, "product": {"result": "fixed<12,7>", "accum": "fixed<16,8>"}}
    graph = check(from_layers(found, types, ["product"]), tmp_path)
    assert [type(node).__name__ for node in graph][-1] == "Dense"


@pytest.mark.parametrize(
    ("layer", "options", "message"),
    [
        (described("m", "Merge", "first second", op="divide"), {}, r"'m': hls4ml's C\+\+ has no merge 'divide'"),
        (
            described("m", "Concatenate", "deep deep_too", op="concatenate4d", axis=1),
            {},
            r"'m' concatenates results of 4 axes, for which hls4ml has no C\+\+",
        ),
        (
            described("m", "Dot", "vector vector_too", op="dot1d", axes=1),
            {"io_type": "io_stream"},
            r"'m': hls4ml's C\+\+ has a dot product for io_parallel only",
        ),
        (
            described("m", "Dot", "bits vector", op="dot1d", axes=1),
            {},
            r"'m': hls4ml's C\+\+ for a dot product does not compile for a first operand of one bit",
        ),
        (described("m", "MatMul", "first second"), {}, r"'m' \(MatMul\): hls4ml's backend writes no C\+\+ for it"),
    ],
)
def test_what_the_backends_cannot_write_is_refused(layer, options, message):
    shapes = {"first": (4, 4), "second": (4, 4), "vector": (3,), "vector_too": (3,), "bits": (3,)}
    shapes.update(deep=(1, 2, 3, 4), deep_too=(1, 2, 3, 4))
    found = [port(name, *shapes[name]) for name in layer["inputs"]]
    types = {name: {"result": "uint<1>" if name == "bits" else "fixed<8,3>"} for name in layer["inputs"]}
    types["m"] = {
        "result": "fixed<9,4>",
        **({"accum": "fixed<9,4>"} if layer["class_name"] in ("Dot", "MatMul") else {}),
    }
    with pytest.raises(UnsupportedLayerError, match=message):
        from_layers([*found, layer], types, ["m"], **options)


def test_projects_that_would_not_compile_or_stop_are_not_written(tmp_path):
    types: dict[str, dict[str, str]] = {"relu": {"result": "fixed<6,3>"}}
    (given,) = ports(types, "given", (4,), "fixed<8,3>")
    inner = layers().Activation("relu", name="relu")(given)
    design = convert(keras.Model(given, [inner, given]), types)
    with pytest.raises(
        UnsupportedLayerError, match=r"input 'given' is an output too, which hls4ml's C\+\+ declares twice"
    ):
        write_project(design.model_graph, design.graph, tmp_path)
    types = {"flat": {}}
    (image,) = ports(types, "image", (2, 3), "fixed<8,3>")
    flat = layers().Flatten(name="flat")(image)
    model = keras.Model(image, merged(types, "Add", "both", (flat, flat), "fixed<9,4>"))
    design = convert(model, types, io_type="io_stream")
    with pytest.raises(
        UnsupportedLayerError, match="'both' reads a stream of packs of 3 numbers and writes packs of 6"
    ):
        write_project(design.model_graph, design.graph, tmp_path)
