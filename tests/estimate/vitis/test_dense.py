"""Dense layers of strategy Latency."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import UnsupportedLayerError
from codesign.estimate.vitis.module import Module, module
from codesign.graph import Dense, FixedPoint, Overflow, Rounding
from codesign.graph.nodes.product import Product
from codesign.rtl import Multipliers
from tests.estimate.vitis.nets import ULTRA, X, asked, dense, port


def _row(node: Dense, clock_ns: float = 5.0, **conditions: object) -> Module:
    found = module(node, (port(node.weight.shape[0]),), asked(clock_ns, **conditions))  # type: ignore[arg-type]
    assert found is not None
    return found


def _random(n_in: int, n_out: int, **fields: object) -> Dense:
    return dense(np.random.default_rng(n_in * n_out).integers(-128, 128, (n_in, n_out)), **fields)


def test_wires_take_nothing_but_registers() -> None:
    found = _row(dense([[64, 0], [0, -2]]))
    assert (found.dsp, found.bram18, found.latency, found.interval) == (0, 0, 0, 1)
    assert found.lut == 0
    assert found.ff == 2 * 8 + 1, "of the operands: hls4ml's baselines of one input and 64 outputs have 18"


def test_equal_products_of_an_input_are_one() -> None:
    assert _row(dense([[11, 11, 11]])).dsp == 1
    assert _row(dense([[11], [11], [11]])).dsp == 3
    assert _row(dense([[11, -11, 22]])).dsp == 3, "the negative and the double are others"


def test_multipliers_are_of_what_is_asked() -> None:
    node = _random(8, 8)
    in_dsp, in_lut = _row(node), _row(node, multipliers=Multipliers.LUT)
    assert in_dsp.dsp > 0
    assert in_lut.dsp == 0
    assert in_lut.lut - in_dsp.lut == pytest.approx(62 * in_dsp.dsp, rel=0.06)


@pytest.mark.parametrize("reuse", [1, 2, 3, 10, 100])
def test_the_limit_on_multipliers_is_hls4mls(reuse: int) -> None:
    node = _random(12, 10, reuse_factor=reuse)
    zeros = int((node.weight == 0).sum())
    limit = -(-120 // reuse) - zeros // reuse
    found = _row(node)
    assert found.dsp == min(_row(_random(12, 10)).dsp, limit)
    assert found.interval <= reuse
    assert found.latency >= found.interval - 1


def test_a_reuse_factor_that_is_asked_for_overrides() -> None:
    node = _random(12, 10, reuse_factor=7)
    assert _row(node, reuse={"fc": 2}) == _row(replace(node, reuse_factor=2))
    assert _row(node, reuse={"fc": 2}).interval == 2


@given(st.integers(1, 40), st.integers(1, 10), st.sampled_from([1, 2, 5]))
def test_a_faster_clock_takes_no_fewer_clocks(n_in: int, n_out: int, reuse: int) -> None:
    node = _random(n_in, n_out, reuse_factor=reuse)
    clocks = [_row(node, clock_ns).latency for clock_ns in (40.0, 10.0, 5.0, 3.33, 2.0)]
    assert clocks == sorted(clocks)


def test_a_faster_family_takes_fewer_clocks() -> None:
    node = _random(32, 8)
    assert _row(node, part=ULTRA).latency < _row(node).latency


def test_sums_of_three_at_a_time_at_5_ns_and_of_two_at_3_33() -> None:
    ones = dense(np.full((9, 1), 3))
    assert _row(ones, 5.0).latency == 2
    assert _row(ones, 3.33).latency == 4


def test_an_accumulator_that_rounds_and_clips_costs_more() -> None:
    node = _random(6, 6)
    careful = replace(node, accumulator=FixedPoint(True, 14, 4, Rounding.RND, Overflow.SAT))
    plain = replace(node, accumulator=FixedPoint(True, 14, 4))
    assert _row(careful).lut > _row(plain).lut + 36 * 15


def test_a_result_that_rounds_costs_an_adder_each() -> None:
    node = _random(6, 6)
    rounded = replace(node, result=FixedPoint(True, 8, 4, Rounding.RND))
    assert _row(rounded).lut == _row(node).lut + 6 * 15


def test_what_is_not_modelled_is_refused() -> None:
    unrolled = _random(4, 4, strategy="distributed_arithmetic")
    with pytest.raises(UnsupportedLayerError) as refused:
        _row(unrolled)
    assert str(refused.value) == (
        "layer 'fc': the vitis flow has no cost model of strategy 'distributed_arithmetic', which no report at hand "
        "shows; choose strategy latency or resource, or --flow rtl"
    )
    ternary = replace(_random(4, 4), product=Product.WEIGHT_TERNARY)
    with pytest.raises(UnsupportedLayerError, match=r"layer 'fc': .* no cost model of products 'weight_ternary'"):
        _row(ternary)


def test_unsigned_numbers_of_18_bits_take_a_wider_block() -> None:
    node = dense([[11]], weight_type=FixedPoint(True, 18, 4))
    wide = FixedPoint(False, 25, 10)
    assert module(node, (port(1, wide),), asked()) != module(node, (port(1, X),), asked())
    found = module(node, (port(1, wide),), asked())
    assert found is not None
    assert found.dsp == 2
