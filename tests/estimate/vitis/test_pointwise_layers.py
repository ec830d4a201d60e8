"""Rectifiers, casts, scales and biases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from codesign.errors import UnsupportedLayerError
from codesign.estimate.vitis.casts import cast_lut
from codesign.estimate.vitis.module import Module, module
from codesign.graph import (
    Activation,
    ActivationFunction,
    FixedPoint,
    Normalize,
    NormalizeKind,
    Overflow,
    Rounding,
    frozen,
)
from codesign.graph.nodes.product import Product
from codesign.rtl import Family, Multipliers
from tests.estimate.vitis.nets import POSITIVE, ULTRA, WIDE, asked, port, relu


def test_a_rectifier_is_logic_where_it_fits_into_a_clock() -> None:
    source = port(5, WIDE)
    assert module(relu(source), (source,), asked(5.0)) == Module(5 * 43, 0, 0, 0, 0, 1), "as reported"
    assert module(relu(source), (source,), asked(3.33, part=ULTRA)) == Module(5 * 43, 0, 0, 0, 0, 1)


def test_else_it_takes_a_clock() -> None:
    source = port(63, WIDE)
    assert module(relu(source), (source,), asked(3.33)) == Module(63 * 56, 63 * 34 + 1, 0, 0, 1, 1), "as reported"


def test_a_rectifier_that_cuts_is_a_comparison_and_a_choice() -> None:
    source = port(4, WIDE)
    node = relu(source, result=FixedPoint(True, 12, 4))
    assert module(node, (source,), asked()) == Module(4 * (13 + 12), 0, 0, 0, 0, 1)


def test_a_cast_alone() -> None:
    source = port(4, WIDE)
    wires = replace(relu(source), function=ActivationFunction.LINEAR, result=FixedPoint(True, 12, 4))
    assert module(wires, (source,), asked()) is None
    rounded: Activation = replace(wires, result=FixedPoint(True, 12, 8, Rounding.RND))
    assert module(rounded, (source,), asked()) == Module(4 * 12, 0, 0, 0, 0, 1)


@pytest.mark.parametrize(
    ("result", "lut"),
    [
        (FixedPoint(True, 16, 4), 0),
        (FixedPoint(True, 18, 4, Rounding.RND, Overflow.SAT), 0),  # finer, and as large
        (FixedPoint(True, 12, 4, Rounding.RND), 12),
        (FixedPoint(True, 12, 4, Rounding.RND_CONV), 12 + 9),
        (FixedPoint(True, 15, 4, Rounding.RND_CONV), 21),  # one bit lost: a tie is that bit
        (FixedPoint(True, 14, 2, overflow=Overflow.SAT), 6),
        (FixedPoint(False, 16, 4, overflow=Overflow.SAT), 6),
        (POSITIVE, 15 + 9 + 6),
    ],
)
def test_casts(result: FixedPoint, lut: int) -> None:
    assert cast_lut(WIDE, result, Family.XILINX_7SERIES) == lut


def _normalize(scale: Any, bias: Any, size: int, **fields: Any) -> Normalize:
    values = {"kind": NormalizeKind.APPLY_ALPHA, "scale_type": WIDE, "bias_type": FixedPoint(True, 8, 1), **fields}
    return Normalize(
        name="alpha", inputs=("x",), shape=(size,), result=WIDE, scale=frozen(scale), bias=frozen(bias), **values
    )


def test_a_scale_that_shifts_leaves_an_adder() -> None:
    source = port(2, WIDE)
    assert module(_normalize([8192, 8192], [31, -31], 2), (source,), asked()) == Module(2 * 28, 0, 0, 0, 0, 1)
    assert module(_normalize([8192], [0], 2), (source,), asked()) == Module(0, 0, 0, 0, 0, 1)


def test_other_scales_multiply() -> None:
    source = port(6, WIDE)
    node = _normalize([8192, 3, 11], [1, 1, 1], 6)
    found = module(node, (source,), asked())
    assert found is not None
    assert found.dsp == 2, "of scale 11, for each of two rows"
    assert found.latency > 0
    in_lut = module(node, (source,), asked(multipliers=Multipliers.LUT))
    assert in_lut is not None
    assert in_lut.dsp == 0
    assert in_lut.lut > found.lut
    shared = module(_normalize([11], [1], 6), (source,), asked(reuse={"alpha": 3}))
    assert shared is not None
    assert shared.dsp == 2
    assert shared.interval == 3


def test_scales_of_another_product_are_refused() -> None:
    node = replace(_normalize([1], [0], 2), product=Product.WEIGHT_BINARY)
    with pytest.raises(UnsupportedLayerError, match=r"layer 'alpha': .* no cost model of products 'weight_binary'"):
        module(node, (port(2),), asked())
