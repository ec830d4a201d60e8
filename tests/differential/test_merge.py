"""Merges, concatenations, embeddings and copies of streams: hls4ml's compiled C++ against the simulator."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codesign.graph import Broadcast, Graph, Input, Overflow, Reshape, Rounding
from codesign.hls import run_csim, write_project
from codesign.simulate import execute

keras = pytest.importorskip("keras")
pytest.importorskip("hls4ml")

from hls4ml.model.types import SaturationMode  # noqa: E402

from tests.hls.designs import Pair, convert, fill, full_range, layers  # noqa: E402

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
