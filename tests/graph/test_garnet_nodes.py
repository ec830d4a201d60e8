"""GarNet's layers check their arrays, and what they read."""

from __future__ import annotations

from typing import Any

import pytest

from codesign.errors import GraphError
from codesign.graph import FixedPoint, GarNet, GarNetReference, Graph, Input, VertexCollapse, frozen

T = FixedPoint.parse("fixed<8,3>")
N = FixedPoint.parse("ufixed<3,3>")
SHARED = {
    "distance_weight": frozen([[1, 2, 3], [4, 5, 6]]),
    "distance_weight_type": T,
    "distance_bias": frozen([1, 2]),
    "distance_bias_type": T,
    "output_bias": frozen([1]),
    "output_bias_type": T,
    "table": frozen([1] * 4096),
    "table_type": T,
    "accumulator": T,
    "mean_by_count": False,
    "input_weight_type": T,
    "input_bias_type": T,
}


def garnet(**changes: Any) -> GarNet:
    arrays = {"input_weight": frozen([[[1, 2, 3], [4, 5, 6]]]), "input_bias": frozen([[1, 2]])}
    types = {"weight_accumulator": T, "norm_type": T, "collapse": VertexCollapse.MEAN}
    common = {"name": "g", "inputs": ("x", "n"), "shape": (1,), "result": T}
    return GarNet(**{**SHARED, **arrays, **types, **common, **changes})


def reference(**changes: Any) -> GarNetReference:
    arrays = {"input_weight": frozen([[1, 2, 3]]), "input_bias": frozen([1]), "output_weight": frozen([[[1], [2]]])}
    common = {"name": "g", "inputs": ("x", "n"), "shape": (4, 1), "result": T, "output_weight_type": T}
    return GarNetReference(**{**SHARED, **arrays, **common, **changes})


def graph(node: GarNet | GarNetReference, *, x: tuple[int, ...] = (4, 3), count: FixedPoint = N) -> Graph:
    features = Input(name="x", inputs=(), shape=x, result=T)
    return Graph("design", (features, Input(name="n", inputs=(), shape=(1,), result=count), node), ("g",))


def test_legal_layers_are_taken():
    assert graph(garnet())["g"].shape == (1,)
    assert graph(garnet(collapse=VertexCollapse.NONE, shape=(4, 1), reuse_factor=2))["g"].shape == (4, 1)
    assert graph(reference())["g"].shape == (4, 1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"inputs": ("x",)}, r"'g' reads 1 results, expected 2: features and their count"),
        ({"inputs": ("n", "x")}, r"'g' reads shape \(1,\), expected \(vertices, features\)"),
        ({"shape": (4, 1)}, r"'g' has shape \(4, 1\), expected \(1,\)"),
        ({"collapse": VertexCollapse.NONE}, r"'g' has shape \(1,\), expected \(4, 1\)"),
        ({"reuse_factor": 3}, r"'g' has reuse_factor 3; it must divide the 4 vertices"),
        ({"reuse_factor": 0}, r"'g' has reuse_factor 0; it must divide the 4 vertices"),
        ({"distance_bias": frozen([])}, r"'g' has 0 aggregators and 1 results; give at least one"),
        ({"distance_weight": frozen([[1, 2, 3]])}, r"'g': distance_weight has shape \(1, 3\), expected \(2, 3\)"),
        ({"distance_bias": frozen([1])}, r"'g': distance_weight has shape \(2, 3\), expected \(1, 3\)"),
        ({"output_bias": frozen([500])}, r"'g': output_bias spans \[500, 500\]"),
        ({"table": frozen([1] * 4095)}, r"'g': table has shape \(4095,\), expected \(4096,\)"),
        ({"input_weight": frozen([[[1, 2, 3]]])}, r"'g': input_weight has shape \(1, 1, 3\), expected \(1, 2, 3\)"),
        ({"input_bias": frozen([1])}, r"'g': input_bias has shape \(1,\), expected \(1, 2\)"),
    ],
)
def test_contradictions_are_refused(changes, message):
    with pytest.raises(GraphError, match=message):
        graph(garnet(**changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shape": (1,)}, r"'g' has shape \(1,\), expected \(4, 1\)"),
        ({"input_bias": frozen([])}, r"'g' propagates no features; give at least one"),
        ({"input_weight": frozen([[1, 2]])}, r"'g': input_weight has shape \(1, 2\), expected \(1, 3\)"),
        ({"input_bias": frozen([1, 2])}, r"'g': input_weight has shape \(1, 3\), expected \(2, 3\)"),
        ({"output_weight": frozen([[[1]]])}, r"'g': output_weight has shape \(1, 1, 1\), expected \(1, 2, 1\)"),
    ],
)
def test_contradictions_of_a_reference_are_refused(changes, message):
    with pytest.raises(GraphError, match=message):
        graph(reference(**changes))


def test_features_and_counts_that_are_none_are_refused():
    with pytest.raises(GraphError, match=r"'g' reads shape \(12,\), expected \(vertices, features\)"):
        graph(garnet(), x=(12,))
    with pytest.raises(GraphError, match=r"'g' reads a count of type fixed<40,33>; it may have 32 integer bits"):
        graph(garnet(), count=FixedPoint(True, 40, 33))
    with pytest.raises(
        GraphError, match=r"'g' divides by a count of type ufixed<4,5>; give it a type that holds odd numbers"
    ):
        graph(garnet(mean_by_count=True), count=FixedPoint(False, 4, 5))
