"""hls4ml's compiled convolutions against the simulator: equal integers for every layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codesign.hls import run_csim, write_project
from codesign.simulate import execute

keras = pytest.importorskip("keras")
pytest.importorskip("hls4ml")

from tests.hls.designs import Pair, convert, fill, full_range, layers  # noqa: E402

pytestmark = pytest.mark.tools

SAMPLES = 200
SHAPES = {"series": (9, 3), "image": (6, 5, 2)}
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
RESULTS = ("fixed<8,4,RND,SAT>", "fixed<9,6>", "ufixed<7,4,RND_CONV,SAT>", "fixed<6,4,TRN_ZERO,SAT_SYM>")


@dataclass(frozen=True)
class Branch:
    """One layer behind an input: its Keras class and arguments, and its settings for hls4ml."""

    layer: str
    source: str
    given: Mapping[str, Any]
    settings: Mapping[str, Any] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)


def design(branches: Mapping[str, Branch], *, seed: int, io_type: str, backend: str = "Vitis") -> Pair:
    """All branches beside each other."""
    sources = {name: layers().Input(shape, name=name) for name, shape in SHAPES.items()}
    types = {"series": {"result": "fixed<7,3>"}, "image": {"result": "ufixed<6,3>"}}
    outputs = []
    for index, (name, branch) in enumerate(branches.items()):
        outputs.append(getattr(layers(), branch.layer)(name=name, **branch.given)(sources[branch.source]))
        types[name] = {
            "weight": "fixed<7,3>",
            "bias": "fixed<8,3>",
            "accum": ACCUMULATORS[(index + seed) % len(ACCUMULATORS)],
            "result": RESULTS[(index + seed) % len(RESULTS)],
            **branch.types,
        }
    used = {branch.source for branch in branches.values()}
    model = fill(keras.Model([sources[name] for name in SHAPES if name in used], outputs), seed)
    settings = {name: branch.settings for name, branch in branches.items()}
    types = {name: value for name, value in types.items() if name in used | set(branches)}
    return convert(model, types, io_type=io_type, settings=settings, backend=backend)


def check(made: Pair, place: Path, seed: int) -> None:
    """Every layer equal, and every layer of the Graph but ports among them."""
    folder = place / "hls"
    folder.mkdir(parents=True)
    write_project(made.model_graph, made.graph, folder)
    inputs = full_range(made.graph, SAMPLES, seed)
    run = run_csim(folder, inputs, place / "work", trace=True)
    expected = execute(made.graph, inputs)
    assert set(made.graph.outputs) == set(run.outputs)
    for name, values in {**run.layers, **run.outputs}.items():
        assert np.array_equal(values, expected[name]), (name, made.graph[name])


def conv1d(given: Mapping[str, Any], settings: Mapping[str, Any] | None = None, **types: str) -> Branch:
    return Branch("Conv1D", "series", {"filters": 4, "kernel_size": 3, **given}, settings or {}, types)


def conv2d(given: Mapping[str, Any], settings: Mapping[str, Any] | None = None, **types: str) -> Branch:
    return Branch("Conv2D", "image", {"filters": 3, "kernel_size": (3, 2), **given}, settings or {}, types)


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


@pytest.mark.parametrize("io_type", ["io_parallel"])
def test_every_geometry(tmp_path, io_type):
    check(design(GEOMETRIES, seed=3, io_type=io_type), tmp_path, 4)
