"""Softmax: what both reported ones take, and what is refused."""

from __future__ import annotations

from itertools import pairwise

import pytest

from codesign.errors import UnsupportedLayerError
from codesign.estimate.vitis.module import Module, module
from codesign.graph.nodes import SoftmaxDifference, SoftmaxImplementation
from codesign.rtl import Multipliers
from tests.estimate.vitis.nets import WIDE, asked, port, softmax


def _row(classes: int, clock_ns: float, multipliers: Multipliers) -> Module:
    source = port(classes, WIDE)
    found = module(softmax(source), (source,), asked(clock_ns, multipliers=multipliers))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("classes", "clock_ns", "multipliers", "dsp", "bram", "clocks", "lut", "ff"),
    [
        (2, 5.0, Multipliers.DSP, 2, 2, 8, 193, 244),
        (2, 5.0, Multipliers.LUT, 0, 2, 6, 925, 242),
        (5, 3.33, Multipliers.DSP, 5, 5, 16, 704, 1059),
        (5, 3.33, Multipliers.LUT, 0, 5, 13, 2534, 1056),
    ],
)
def test_reported(
    classes: int, clock_ns: float, multipliers: Multipliers, dsp: int, bram: int, clocks: int, lut: int, ff: int
) -> None:
    found = _row(classes, clock_ns, multipliers)
    assert (found.dsp, found.bram18, found.latency, found.interval) == (dsp, bram, clocks, 1)
    assert found.lut == pytest.approx(lut, rel=0.15)
    assert found.ff == pytest.approx(ff, rel=0.25)


def test_more_classes_take_more() -> None:
    rows = [_row(classes, 5.0, Multipliers.DSP) for classes in (2, 3, 8, 20)]
    for one, other in pairwise(rows):
        assert other.lut > one.lut
        assert other.ff > one.ff
        assert other.latency >= one.latency


def test_without_a_maximum() -> None:
    source = port(4, WIDE)
    plain = softmax(source, implementation=SoftmaxImplementation.LATENCY, difference=SoftmaxDifference.MAX_MINUS_X)
    found = module(plain, (source,), asked())
    assert found is not None
    assert found.lut < _row(4, 5.0, Multipliers.DSP).lut
    assert found.latency < _row(4, 5.0, Multipliers.DSP).latency


def test_what_is_not_modelled_is_refused() -> None:
    source = port(4, WIDE)
    argmax = softmax(source, implementation=SoftmaxImplementation.ARGMAX)
    with pytest.raises(UnsupportedLayerError) as refused:
        module(argmax, (source,), asked())
    assert str(refused.value) == (
        "layer 'softmax': the vitis flow has no cost model of softmax 'argmax'; choose stable or latency, or --flow rtl"
    )
    with pytest.raises(UnsupportedLayerError) as refused:
        module(softmax(source, n_slice=2), (source,), asked())
    assert str(refused.value) == (
        "layer 'softmax': the vitis flow has a cost model of one softmax, and this are 2; use --flow rtl"
    )
