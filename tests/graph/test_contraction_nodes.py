"""Dot products, einsums and dense layers over axes check what they read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from codesign.errors import GraphError
from codesign.graph import Dot, Einsum, EinsumDense, FixedPoint, Graph, Input, Node, Product, frozen

T = FixedPoint.parse("fixed<4,2>")
BIT = FixedPoint.parse("ufixed<1,1>")
TERNARY = FixedPoint.parse("fixed<2,2>")


def graph(node: Node, left: tuple[int, ...], right: tuple[int, ...], *types: FixedPoint) -> Graph:
    kinds = types or (T, T)
    ports = [
        Input(name=name, inputs=(), shape=shape, result=kind)
        for name, shape, kind in zip(("a", "b"), (left, right), kinds, strict=True)
    ]
    return Graph("design", (*ports, node), (node.name,))


def dot(**changes: Any) -> Dot:
    return Dot(**{"name": "d", "inputs": ("a", "b"), "shape": (1,), "result": T, "accumulator": T, **changes})


def test_a_dot_product_takes_as_many_numbers_of_both():
    graph(dot(), (4,), (4,))
    for node, right in ((dot(), (3,)), (dot(shape=(2,)), (4,))):
        with pytest.raises(GraphError, match=r"'d' has shape \(.*both must have as many numbers, and the result one"):
            graph(node, (4,), right)


@pytest.mark.parametrize(
    ("product", "types", "message"),
    [
        (Product.WEIGHT_EXPONENTIAL, (T, T), "product 'weight_exponential', which takes weights and no results"),
        (Product.DATA_BINARY, (T, T), r"product 'data_binary' but reads fixed<4,2> where it takes ufixed<1,1>"),
        (Product.WEIGHT_BINARY, (BIT, T), r"product 'weight_binary' but reads fixed<4,2>"),
        (Product.BOTH_BINARY, (T, BIT), r"product 'both_binary' but reads fixed<4,2>"),
        (Product.WEIGHT_TERNARY, (TERNARY, T), r"its second operand is fixed<4,2>; it must be int<2>"),
    ],
)
def test_products_take_operands_of_their_own_types(product, types, message):
    with pytest.raises(GraphError, match=message):
        graph(dot(product=product), (4,), (4,), *types)


def einsum(**changes: Any) -> Einsum:
    """Two (2, 3, 4) and (2, 5, 4) to (3, 5, 2)."""
    values = {
        "name": "e",
        "inputs": ("a", "b"),
        "shape": (3, 5, 2),
        "result": T,
        "left_axes": (0, 1, 2),
        "right_axes": (0, 1, 2),
        "n_inplace": 2,
        "n_contract": 4,
        "interim_shape": (2, 3, 5),
        "result_axes": (1, 2, 0),
        "accumulator": T,
    }
    return Einsum(**{**values, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"left_axes": (0, 1, 1)}, r"'e': left_axes \(0, 1, 1\) does not name each axis of shape \(2, 3, 4\) once"),
        ({"right_axes": (0, 1)}, r"'e': right_axes \(0, 1\) does not name each axis of shape \(2, 5, 4\) once"),
        ({"result_axes": (0, 1, 2)}, r"'e' has shape \(3, 5, 2\), but axes \(0, 1, 2\) of shape \(2, 3, 5\) give"),
        ({"n_inplace": 0}, r"'e': 0 places of sums of 4 products do not divide shapes"),
        ({"n_contract": 3}, r"'e': 2 places of sums of 3 products do not divide shapes"),
        ({"n_inplace": 1}, r"'e' has shape \(3, 5, 2\), but shapes .* give 1 x 6 x 10 numbers"),
        ({"product": Product.BOTH_BINARY}, r"'e' has product 'both_binary'"),
    ],
)
def test_an_einsum_has_axes_that_fit(changes, message):
    graph(einsum(), (2, 3, 4), (2, 5, 4))
    with pytest.raises(GraphError, match=message):
        graph(einsum(**changes), (2, 3, 4), (2, 5, 4))


def einsum_dense(**changes: Any) -> EinsumDense:
    """(2, 3, 4) to (3, 2, 5), with weights for each of the 2."""
    values = {
        "name": "e",
        "inputs": ("a",),
        "shape": (3, 2, 5),
        "result": T,
        "source_axes": (0, 1, 2),
        "weight": frozen(np.ones((2, 4, 5), dtype=np.int64)),
        "weight_type": T,
        "bias": frozen(np.zeros((2, 3, 5), dtype=np.int64)),
        "bias_type": T,
        "interim_shape": (2, 3, 5),
        "result_axes": (1, 0, 2),
        "accumulator": T,
    }
    return EinsumDense(**{**values, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source_axes": (0, 1)}, r"'e': source_axes \(0, 1\) does not name each axis"),
        ({"result_axes": (0, 1, 2)}, r"'e' has shape \(3, 2, 5\), but axes"),
        ({"weight": frozen(np.ones((8, 5)))}, r"'e': weight and bias must have three axes each"),
        ({"weight": frozen(np.full((2, 4, 5), 8))}, r"'e': weight spans \[8, 8\]"),
        ({"bias": frozen(np.zeros((2, 3, 4)))}, r"'e': bias has shape \(2, 3, 4\), expected \(2, 3, 5\)"),
        ({"weight": frozen(np.ones((2, 3, 5)))}, r"'e': weights of shape \(2, 3, 5\) and 3 free rows do not lead"),
        ({"product": Product.WEIGHT_BINARY}, r"'e' has product 'weight_binary' with constant weights"),
        ({"counts_agreement": True}, r"'e' counts equal bits but reads fixed<4,2>; it must be ufixed<1,1>"),
    ],
)
def test_a_dense_layer_over_axes_has_weights_that_fit(changes, message):
    graph(einsum_dense(), (2, 3, 4), (1,))
    with pytest.raises(GraphError, match=message):
        graph(einsum_dense(**changes), (2, 3, 4), (1,))
