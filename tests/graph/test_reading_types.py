"""hls4ml's precisions as types and products."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from codesign.errors import UnsupportedLayerError
from codesign.graph import FixedPoint, Product
from codesign.graph.reading import read_type
from codesign.graph.reading.products import product_kind, read_products

pytest.importorskip("hls4ml")

from hls4ml.backends.backend import get_backend
from hls4ml.model.types import (
    ExponentPrecisionType,
    FixedPrecisionType,
    IntegerPrecisionType,
    StandardFloatPrecisionType,
    XnorPrecisionType,
)

PRECISIONS = [
    XnorPrecisionType(),
    IntegerPrecisionType(1, False),
    IntegerPrecisionType(2, True),
    IntegerPrecisionType(2, False),
    IntegerPrecisionType(8, True),
    FixedPrecisionType(2, 2),
    FixedPrecisionType(8, 3),
]


@pytest.mark.parametrize("weight", [*PRECISIONS, ExponentPrecisionType(4)], ids=str)
@pytest.mark.parametrize("data", PRECISIONS, ids=str)
def test_the_product_is_the_one_that_hls4ml_picks(data, weight):
    assert product_kind(data, weight).value == get_backend("Vivado").product_type(data, weight)


def test_integers_are_taken_towards_zero():
    assert read_type(XnorPrecisionType(), layer="fc", what="input") == FixedPoint.parse("ufixed<1,1,TRN_ZERO>")
    assert read_type(IntegerPrecisionType(5), layer="fc", what="input") == FixedPoint.parse("fixed<5,5,TRN_ZERO>")


@pytest.mark.parametrize(
    ("precision", "said"),
    [
        (
            FixedPrecisionType(8, 3, True, "RND", "SAT", 2),
            "layer 'fc': accum has type .*2>, whose fifth parameter is its",
        ),
        (StandardFloatPrecisionType(16, 5), "layer 'fc': accum has type half .*only fixed-point and integer types"),
        (StandardFloatPrecisionType(32, 8, False), "layer 'fc': accum has type std_float<32,8> .*only fixed-point"),
        (
            StandardFloatPrecisionType(20, 6),
            "layer 'fc': accum has type std_float<20,6> .*only fixed-point and integer",
        ),
        (ExponentPrecisionType(4), "layer 'fc': accum has type int<4> .*only fixed-point and integer types"),
    ],
    ids=str,
)
def test_types_that_are_not_carried_are_refused_by_name(precision, said):
    with pytest.raises(UnsupportedLayerError, match=said):
        read_type(precision, layer="fc", what="accum")


def layer(weights: list[float], width: int, source: FixedPrecisionType) -> SimpleNamespace:
    weight = SimpleNamespace(type=SimpleNamespace(precision=ExponentPrecisionType(width)), data=np.array(weights))
    variable = SimpleNamespace(type=SimpleNamespace(precision=source))
    return SimpleNamespace(
        name="fc", inputs=["x"], weights={"weight": weight}, get_input_variable=lambda name: variable
    )


def test_powers_of_two_are_plain_products_where_their_shifts_lose_nothing():
    found = read_products(layer([0.25, -2.0], 4, FixedPrecisionType(8, 3)))
    assert (found.product, found.exponent_width) == (Product.MULT, 0)
    np.testing.assert_array_equal(found.values * 2.0**-found.type.fraction, [0.25, -2.0])
    found = read_products(layer([2.0**-8, -2.0], 4, FixedPrecisionType(8, -2)))
    assert (found.product, found.exponent_width) == (Product.WEIGHT_EXPONENTIAL, 4)


def test_exponents_wrap_in_their_bits():
    found = read_products(layer([16.0], 3, FixedPrecisionType(8, 3)))
    np.testing.assert_array_equal(found.values * 2.0**-found.type.fraction, [2.0**-4])


@pytest.mark.parametrize(
    ("weights", "width", "said"),
    [
        ([1.0, 0.0], 4, "layer 'fc': weight holds zeros, and hls4ml writes a logarithm"),
        ([2.0**-31, 2.0**32], 7, "layer 'fc': weight spans powers of two from -31 to 32; they may be 62 apart"),
    ],
)
def test_powers_of_two_that_are_not_carried(weights, width, said):
    with pytest.raises(UnsupportedLayerError, match=said):
        read_products(layer(weights, width, FixedPrecisionType(8, 3)))
