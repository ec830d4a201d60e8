"""GarNet and GarNetStack: hls4ml's compiled C++ against the simulator."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codesign.errors import InputDataError, UnsupportedLayerError
from codesign.graph import GarNet, GarNetReference, Overflow, Rounding
from codesign.hls import run_csim, write_project
from codesign.simulate import execute

pytest.importorskip("keras")
pytest.importorskip("hls4ml")

from hls4ml.model import layers as hls4ml_layers
from hls4ml.model.quantizers import TernaryQuantizer
from hls4ml.model.types import SaturationMode

from tests.hls.designs import Pair, from_layers, full_range

pytestmark = pytest.mark.tools

MODES = [
    f"{rounding.value},{overflow.value}"
    for rounding, overflow in itertools.product(Rounding, Overflow)
    if overflow.value in SaturationMode.__members__
]
INTERNAL = ("edge_weight", "edge_weight_aggr", "aggr", "norm")


class Designs:
    """Descriptions of layers beside each other, all of them of the same features `x` and count `n`."""

    def __init__(self, vertices: int, n_in: int, x: str, n: str, seed: int = 1) -> None:
        self.rng = np.random.default_rng(seed)
        self.vertices, self.n_in = vertices, n_in
        self.found: list[dict[str, Any]] = [
            {"name": "x", "class_name": "InputLayer", "input_shape": [vertices, n_in]},
            {"name": "n", "class_name": "InputLayer", "input_shape": [1]},
        ]
        self.types: dict[str, dict[str, str]] = {"x": {"result": x}, "n": {"result": n}}
        self.settings: dict[str, dict[str, Any]] = {}

    def _weights(self, mark: str, n_in: int, propagate: int, aggregators: int, n_out: int) -> dict[str, Any]:
        shapes = {
            f"FLR{mark}_kernel_data": (n_in, propagate),
            f"FLR{mark}_bias_data": (propagate,),
            f"S{mark}_kernel_data": (n_in, aggregators),
            f"S{mark}_bias_data": (aggregators,),
            f"Fout{mark}_kernel_data": (aggregators * propagate, n_out),
            f"Fout{mark}_bias_data": (n_out,),
        }
        return {name: self.rng.integers(-40, 41, shape) / 32 for name, shape in shapes.items()}

    def add(
        self,
        name: str,
        *,
        propagate: Any = 3,
        aggregators: Any = 2,
        n_out: Any = 4,
        collapse: str | None = "mean",
        mean_by_nvert: bool = False,
        reuse_factor: int = 1,
        reads: str = "x",
        types: Mapping[str, str] | None = None,
        **options: Any,
    ) -> str:
        """A GarNet, or a GarNetStack where its sizes are lists; `options` are written over its description."""
        common = {
            "name": name,
            "inputs": [reads, "n"],
            "n_vertices": self.vertices,
            "collapse": collapse,
            "mean_by_nvert": mean_by_nvert,
            "input_format": "xn",
            "n_aggregators": aggregators,
            "n_out_features": n_out,
            "n_propagate": propagate,
        }
        n_in = (
            self.n_in if reads == "x" else next(item for item in self.found if item["name"] == reads)["n_out_features"]
        )
        if isinstance(n_out, list):
            sizes = [n_in, *n_out[:-1]]
            common.update({"class_name": "GarNetStack", "n_sublayers": len(n_out), "n_in_features": sizes})
            for index, size in enumerate(sizes):
                common.update(self._weights(str(index), size, propagate[index], aggregators[index], n_out[index]))
        else:
            common.update({"class_name": "GarNet", "n_in_features": n_in})
            common.update(self._weights("", n_in, propagate, aggregators, n_out))
        self.found.append({**common, **options})
        if types is not None:
            self.types[name] = dict(types)
        self.settings[name] = {"ReuseFactor": reuse_factor}
        return name

    def build(self, outputs: list[str] | None = None, **options: Any) -> Pair:
        """The design, every layer an output."""
        outputs = outputs or [item["name"] for item in self.found[2:]]
        return from_layers(self.found, self.types, outputs, settings=self.settings, **options)


def check(design: Pair, place: Path, counts: Any, samples: int = 200, unset: tuple[str, ...] = ()) -> None:
    """The compiled C++ gives the simulator's integers everywhere, but in vertices of `unset` that do not count.

    Args:
        design: of `Designs`.
        place: an empty folder.
        counts: integers that `n` may have.
        samples: random ones, over the full range.
        unset: layers that C++ leaves partly unset.
    """
    graph = design.graph
    (place / "hls").mkdir()
    write_project(design.model_graph, graph, place / "hls")
    inputs = full_range(graph, samples, 7)
    rng = np.random.default_rng(5)
    inputs["x"][::3] = rng.integers(-40, 41, inputs["x"][::3].shape)  # not saturated throughout
    inputs["x"] = np.clip(inputs["x"], graph["x"].result.min_int, graph["x"].result.max_int)
    inputs["n"] = rng.choice(np.asarray(counts), inputs["n"].shape)
    inputs["n"][: len(counts), 0] = counts
    expected = execute(graph, inputs)
    run = run_csim(place / "hls", inputs, place / "work", trace=True)
    assert tuple(run.outputs) == graph.outputs
    assert {node.name for node in graph if isinstance(node, (GarNet, GarNetReference))} - set(run.layers) == {
        node.name for node in graph if "_sublayer_" in node.name
    }
    for name, values in {**run.layers, **run.outputs}.items():
        inside = np.ones(values.shape[:2], dtype=bool)
        if name in unset:
            inside = np.arange(values.shape[1]) < inputs["n"]
        assert np.array_equal(values[inside], expected[name][inside]), name
        assert len(np.unique(values)) > 1, name


def internal(rng: np.random.Generator, index: int) -> dict[str, str]:
    """Types of every internal number, in other modes each, some of them too narrow."""
    modes = [MODES[(index * 7 + place * 11) % len(MODES)] for place in range(5)]
    widths = rng.integers(0, 4, 5)
    return {
        "edge_weight": f"ufixed<{8 + widths[0]},{widths[0] // 2},{modes[0].replace('WRAP_SM', 'WRAP')}>",
        "edge_weight_aggr": f"ufixed<{9 + widths[1]},{widths[1]},{modes[1].replace('WRAP_SM', 'WRAP')}>",
        "aggr": f"fixed<{13 + widths[2]},{4 + widths[2]},{modes[2]}>",
        "norm": f"ufixed<{9 + widths[3]},{1 + widths[3]},{modes[3].replace('WRAP_SM', 'WRAP')}>",
        "result": f"fixed<{10 + widths[4]},{3 + widths[4]},{modes[4]}>",
    }


def test_means_over_vertices(tmp_path):
    """Means by either count, of default and of stated types, with every reuse factor, in every mode."""
    designs = Designs(8, 3, "fixed<10,3>", "ufixed<5,5>")
    for by_count, reuse in itertools.product((False, True), (1, 2, 4, 8)):
        designs.add(f"default_{by_count}_{reuse}".lower(), mean_by_nvert=by_count, reuse_factor=reuse)
    for index in range(16):
        types = internal(designs.rng, index)
        by_count, reuse = bool(index % 2), (1, 2, 4, 8)[index // 2 % 4]
        designs.add(f"stated_{index}", mean_by_nvert=by_count, reuse_factor=reuse, types=types)
    check(designs.build(), tmp_path, range(1, 13))


@pytest.mark.slow
def test_vertices(tmp_path):
    """Results of every vertex; a layer behind that counts the same ones lets some of them out."""
    designs = Designs(8, 3, "fixed<10,3>", "ufixed<5,5>")
    for index in range(12):
        types = internal(designs.rng, index) if index > 3 else None
        reuse = (1, 2, 4, 8)[index % 4]
        designs.add(f"all_{index}", collapse=None, mean_by_nvert=index % 3 == 1, reuse_factor=reuse, types=types)
    check(designs.build(), tmp_path, (8, 9, 31))


def test_a_layer_behind_a_layer(tmp_path):
    """Fewer vertices may count where all that reads them counts the same ones."""
    designs = Designs(8, 3, "fixed<10,3>", "ufixed<4,4>")
    designs.add("first", collapse=None, reuse_factor=2)
    designs.add("second", collapse=None, reuse_factor=4, reads="first", mean_by_nvert=True)
    designs.add("third", reads="second")
    designs.add("other", reads="second", propagate=[2, 2], aggregators=[2, 3], n_out=[3, 2])
    check(designs.build(["third", "other"]), tmp_path, range(1, 10), unset=("first", "second"))


@pytest.mark.slow
def test_counts_of_other_types(tmp_path):
    """Counts that are negative, broken or integers, and vertices that are no power of two."""
    for index, (kind, vertices, counts, means) in enumerate(
        (
            ("fixed<7,5>", 8, [*range(-64, 0), *range(1, 64)], (False, True)),
            ("int<6>", 12, range(-32, 32), (False,)),
            ("ufixed<6,7>", 6, range(4), (False,)),
            ("uint<4>", 12, range(1, 13), (False, True)),
            ("int<5>", 12, range(1, 16), (True,)),
        )
    ):
        designs = Designs(vertices, 2, "ufixed<8,2>" if index % 2 else "int<6>", kind, seed=index)
        factors = (1, 2, 4, 8) if vertices == 8 else (1, 2, 4) if kind[0] == "i" else (1, 2, 3, 6)
        for by_count, reuse in itertools.product(means, factors):
            types = internal(designs.rng, index + reuse) if reuse > 2 else None
            designs.add(f"mean_{by_count}_{reuse}".lower(), mean_by_nvert=by_count, reuse_factor=reuse, types=types)
        place = tmp_path / str(index)
        place.mkdir()
        check(designs.build(), place, counts)


def test_ternary_transforms(tmp_path):
    designs = Designs(4, 3, "fixed<10,3>", "ufixed<4,4>")
    designs.add("ternary", quantizer=TernaryQuantizer())
    designs.add("vertices", quantizer=TernaryQuantizer(), collapse=None)
    designs.add("stack", propagate=[2, 2], aggregators=[2, 3], n_out=[3, 2], quantizer=TernaryQuantizer())
    check(designs.build(backend="Vivado"), tmp_path, (4, 5))


def test_stacks(tmp_path):
    """Two to three sublayers, and one, which the C++ takes for two."""
    designs = Designs(8, 3, "fixed<10,3>", "ufixed<5,5>")
    for index in range(10):
        depth = 2 + index % 2
        sizes = {
            key: [int(n) for n in designs.rng.integers(1, 5, depth)] for key in ("propagate", "aggregators", "n_out")
        }
        if index % 5 == 4:
            sizes = {"propagate": [2], "aggregators": [2], "n_out": [3]}
        types = internal(designs.rng, index) if index > 3 else None
        by_count, reuse = bool(index // 2 % 2), (1, 2, 4, 8)[index % 4]
        designs.add(f"stack_{index}", mean_by_nvert=by_count, reuse_factor=reuse, types=types, **sizes)
    check(designs.build(), tmp_path, range(1, 13))


@pytest.mark.slow
def test_reference_implementation(tmp_path, monkeypatch):
    monkeypatch.setattr(hls4ml_layers.GarNet, "ref_impl", True)
    designs = Designs(6, 3, "fixed<10,3>", "fixed<6,5>")
    for index in range(12):
        types = internal(designs.rng, index) if index > 1 else None
        designs.add(f"reference_{index}", collapse=None, mean_by_nvert=bool(index % 2), types=types)
    check(designs.build(), tmp_path, [*range(-32, 0), *range(1, 12, 2), *range(12, 32)])


@pytest.mark.parametrize(
    ("options", "whole", "message"),
    [
        ({"collapse": "max"}, {}, r"'g': collapse 'max', for which hls4ml has no C\+\+; use 'mean'"),
        ({"collapse": "sum"}, {}, r"'g': collapse 'sum', for which hls4ml has no C\+\+; use 'mean'"),
        ({}, {"io_type": "io_stream"}, r"'g': GarNet in io_stream, for which hls4ml has no C\+\+; use io_parallel"),
        ({"n_vertices": 4}, {}, r"'g' is of 4 vertices, but reads 8"),
        ({"types": {"result": "int<8>"}}, {}, r"'g': collapse 'mean' into int<8>; sums of an integer type"),
        ({"types": {"aggr": "int<12>"}}, {}, r"'g': aggr has the integer type int<12>"),
        (
            {"propagate": [2, 2], "aggregators": [2, 2], "n_out": [2, 2], "collapse": None},
            {},
            r"'g': a GarNetStack without collapse, whose C\+\+ does not compile; use collapse 'mean'",
        ),
        (
            {"propagate": [2], "aggregators": [2], "n_out": [4]},
            {},
            r"'g': a GarNetStack of one sublayer with 3 features and 4 results, whose C\+\+ does not compile",
        ),
    ],
)
def test_what_has_no_code_is_refused(options, whole, message):
    designs = Designs(8, 3, "fixed<10,3>", "ufixed<5,5>")
    designs.add("g", **options)
    with pytest.raises(UnsupportedLayerError, match=message):
        designs.build(**whole)


def test_a_collapsed_reference_is_refused(monkeypatch):
    monkeypatch.setattr(hls4ml_layers.GarNet, "ref_impl", True)
    designs = Designs(8, 3, "fixed<10,3>", "ufixed<5,5>")
    designs.add("g")
    with pytest.raises(
        UnsupportedLayerError, match=r"'g': ref_impl with collapse 'mean', whose C\+\+ does not compile"
    ):
        designs.build()


@pytest.mark.parametrize(
    ("options", "vertices", "count", "message"),
    [
        ({"collapse": None}, 8, 7, r"integer 7 of ufixed<5,5>, and .* never sets the results of the others; let all 8"),
        ({"mean_by_nvert": True}, 8, 0, r"integer 0 of ufixed<5,5>, which hls4ml's C\+\+ would divide by"),
        ({"mean_by_nvert": True, "n": "int<6>"}, 8, -3, r"integer -3 of fixed<6,6.*>, and hls4ml's C\+\+ divides by"),
        ({"reuse_factor": 3}, 6, 7, r"integer 7 of ufixed<5,5>, and hls4ml's C\+\+ would read past the 6 there are"),
    ],
)
def test_counts_that_the_code_has_no_answer_for_are_refused(options, vertices, count, message):
    designs = Designs(vertices, 3, "fixed<10,3>", options.get("n", "ufixed<5,5>"))
    designs.add("g", **{name: value for name, value in options.items() if name != "n"})
    graph = designs.build().graph
    inputs = {"x": np.zeros((2, vertices, 3), dtype=np.int64), "n": np.array([[vertices], [count]])}
    with pytest.raises(InputDataError, match=f"'g': in sample 1 the number of vertices that count is the {message}"):
        execute(graph, inputs)


def test_vertices_that_others_read_must_all_count():
    """Only a layer that counts the same vertices may read some of them."""
    designs = Designs(8, 3, "fixed<10,3>", "ufixed<5,4>")
    designs.add("first", collapse=None)
    designs.add("second", reads="first", reuse_factor=2)
    designs.add("third", collapse=None)
    designs.add("fourth", reads="third")
    graph = designs.build(["second", "fourth"]).graph
    assert not graph["first"].partial  # half a vertex ends other groups
    assert graph["third"].partial
    assert not designs.build(["second", "third", "fourth"]).graph["third"].partial
