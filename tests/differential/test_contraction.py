"""Dot products, einsums and dense layers over axes: hls4ml's compiled C++ against the simulator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras")
pytest.importorskip("hls4ml")

from tests.differential.test_merge import MODES, check, described, merged, ports  # noqa: E402
from tests.hls.designs import Pair, convert, fill, from_layers, layers  # noqa: E402

pytestmark = pytest.mark.tools


def accumulator(index: int) -> str:
    """Few fraction bits or many, wrapping or saturating, of every mode in turn."""
    fixed = f"fixed<{7 + index % 5},{5 + index % 3},{','.join(MODES[(index * 11 + 4) % len(MODES)])}>"
    return ("fixed<20,10>", fixed, fixed, fixed)[index % 4]


def result(index: int) -> str:
    return f"fixed<{5 + index % 4},{3 + index % 3},{','.join(MODES[(index * 5 + 1) % len(MODES)])}>"


@pytest.mark.slow
def test_dot_products_in_every_mode(tmp_path):
    types: dict[str, dict[str, str]] = {}
    kinds = ["fixed<7,3>", "ufixed<6,4>", "int<2>", "fixed<8,3,RND,SAT_SYM>", "uint<5>"]
    given = ports(types, "first second third fourth fifth", (6,), *kinds)
    outputs = []
    for index in range(len(MODES)):
        left, right = given[index % 5], given[(index + 1 + index // 5 % 4) % 5]
        outputs.append(merged(types, "Dot", f"dot_{index}", (left, right), result(index), axes=1))
        types[f"dot_{index}"]["accum"] = "int<7>" if index % 9 == 8 else accumulator(index)
    check(convert(keras.Model(given, outputs), types), tmp_path, samples=500)


EINSUMS = [
    ("ij,jk->ik", (3, 4), (4, 2)),
    ("ij,jk->ki", (3, 4), (4, 2)),
    ("bhq,bkh->bqk", (2, 3, 2), (2, 4, 3)),
    ("aecd,abcd->acbe", (2, 3, 2, 2), (2, 4, 2, 2)),  # queries and keys of attention with several heads
    ("acbe,aecd->abcd", (2, 2, 3, 4), (2, 4, 2, 3)),  # their scores and the values
    ("ij,ij->ij", (3, 2), (3, 2)),
    ("ijk,kj->i", (2, 3, 4), (4, 3)),
    ("...j,jk->...k", (2, 3, 4), (4, 2)),
    ("i,j->ji", (3,), (4,)),
    ("ij,ij->", (2, 3), (2, 3)),
]


def einsum_graph(cases: list[tuple[str, tuple[int, ...], tuple[int, ...], str, str, str, str]]) -> Pair:
    """One einsum for each case; no layer of Keras becomes one."""
    found: list[dict[str, Any]] = []
    types: dict[str, dict[str, str]] = {}
    for index, (equation, left, right, left_type, right_type, accum, out) in enumerate(cases):
        for side, shape, kind in (("left", left, left_type), ("right", right, right_type)):
            name = f"{side}_{index}"
            found.append({"name": name, "class_name": "InputLayer", "input_shape": list(shape), "inputs": []})
            types[name] = {"result": kind}
        shape = np.einsum(equation.replace("...", "xyz"[: len(left) - 1]), np.zeros(left), np.zeros(right)).shape
        found.append(
            {
                "name": f"sum_{index}",
                "class_name": "Einsum",
                "equation": equation,
                "inp0_shape": left,
                "inp1_shape": right,
                "out_shape": shape or (1,),
                "inputs": [f"left_{index}", f"right_{index}"],
            }
        )
        types[f"sum_{index}"] = {"accum": accum, "result": out}
    return from_layers(found, types, [item["name"] for item in found if item["class_name"] == "Einsum"])


def test_einsums_in_every_mode(tmp_path):
    kinds = ["fixed<7,3>", "ufixed<6,4>", "int<2>", "fixed<5,1>", "uint<1>", "int<4>"]
    cases = []
    for index in range(3 * len(EINSUMS)):
        accum = "int<9>" if index % 7 == 6 else accumulator(index)
        types = (kinds[index % 6], kinds[(index + 2 + index // 6) % 6], accum, result(index))
        cases.append((*EINSUMS[index % len(EINSUMS)], *types))
    check(einsum_graph(cases), tmp_path, samples=300)


def test_dense_layers_over_axes(tmp_path):
    types: dict[str, dict[str, str]] = {}
    given, outputs = [], []
    cases = [
        ("abc,cd->abd", (3, 4), (3, 2), "d"),
        ("abc,bcd->abd", (3, 4), (3, 2), "bd"),
        ("abc,cde->abde", (2, 3), (2, 2, 2), "de"),
        ("abcd,cde->abe", (2, 2, 2), (2, 3), "e"),
        ("abc,cd->adb", (3, 4), (2, 3), None),
        ("abc,bd->acd", (3, 2), (2, 3), "d"),
    ]
    for index in range(3 * len(cases)):
        equation, source, shape, bias = cases[index % len(cases)]
        name = f"sums_{index}"
        given += ports(types, f"given_{index}", source, ["fixed<7,3>", "ufixed<6,4>", "uint<1>"][index // len(cases)])
        outputs.append(layers().EinsumDense(equation, shape, bias_axes=bias, name=name)(given[-1]))
        types[name] = {
            "weight": "uint<1>" if index in (13, 16) else ["fixed<7,2>", "int<2>", "fixed<9,3>"][index % 3],
            "bias": "fixed<7,3>",
            "accum": accumulator(index),
            "result": result(index),
        }
    settings = {f"sums_{index}": {"ParallelizationFactor": 1 + index % 3} for index in range(6)}
    check(convert(fill(keras.Model(given, outputs), 9), types, settings=settings), tmp_path, samples=300)


def test_attention_with_several_heads(tmp_path):
    """As hls4ml's front end for HGQ's multi-head attention builds it: projections, scores, softmax, values, output."""
    rng = np.random.default_rng(8)
    found = [described("given", "InputLayer", "", input_shape=[3, 4])]
    types = {"given": {"result": "fixed<8,3>"}}
    weights = {"weight": "fixed<6,2>", "bias": "fixed<6,2>", "accum": "fixed<16,8>", "result": "fixed<9,4,RND,SAT>"}
    for name in ("query", "key", "value"):
        found.append(
            described(
                name,
                "EinsumDense",
                "given",
                equation="bc,cde->bde",
                inp_shape=(3, 4),
                out_shape=(3, 2, 2),
                weight_data=rng.integers(-30, 31, (4, 2, 2)) / 16,
                bias_data=rng.integers(-30, 31, (2, 2)) / 16,
            )
        )
        types[name] = dict(weights)
    scores = {"equation": "ecd,bcd->cbe", "inp0_shape": (3, 2, 2), "inp1_shape": (3, 2, 2), "out_shape": (2, 3, 3)}
    mixed = {"equation": "cbe,ecd->bcd", "inp0_shape": (2, 3, 3), "inp1_shape": (3, 2, 2), "out_shape": (3, 2, 2)}
    found += [
        described("scores", "Einsum", "key query", **scores),
        described("weights", "Softmax", "scores", activation="softmax", axis=-1, n_in=18, n_outer=6, n_inner=1),
        described("mixed", "Einsum", "weights value", **mixed),
        described(
            "combined",
            "EinsumDense",
            "mixed",
            equation="bde,dec->bc",
            inp_shape=(3, 2, 2),
            out_shape=(3, 4),
            weight_data=rng.integers(-30, 31, (2, 2, 4)) / 16,
            bias_data=None,
        ),
    ]
    sums = {"accum": "fixed<18,9>", "result": "fixed<10,5,RND,SAT>"}
    types.update(scores=sums, weights={"result": "ufixed<10,1,RND,SAT>"}, mixed=sums, combined=dict(weights))
    graph = check(from_layers(found, types, ["combined"]), tmp_path, samples=300)
    assert [type(node).__name__ for node in graph].count("Einsum") == 2
