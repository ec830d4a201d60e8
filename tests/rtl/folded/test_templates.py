"""The templates for casts and products, over all numbers."""

import itertools

import numpy as np
import pytest

from codesign.graph import FixedPoint, Overflow, Rounding
from codesign.graph.cast import cast
from codesign.rtl.folded.casts import Number, cast_of
from codesign.rtl.stream import Layout, Unit, every_beat
from codesign.rtl.units.text import module
from tests.rtl.unit_bench import Bench, Trial, check

pytestmark = pytest.mark.tools

_SLOT = 8
_PASS = ["assign out_valid = in0_valid;", "assign in0_ready = out_ready;"]


def _unit(name, bits, lanes, body, templates):
    text = module(name, [bits], lanes * _SLOT, [*body, *_PASS])
    return Unit(name, (Layout(1, 1),), Layout(lanes, 1), every_beat(1, 1, 0), {f"{name}.v": text}, templates)


def _casts(name, source):
    """Every mode into types below, at, above and beyond the source's width and grid, for all numbers of a type."""
    targets = [
        FixedPoint(signed, width, width - fraction, rounding, overflow)
        for signed, (width, fraction) in itertools.product((True, False), ((3, 1), (1, 0), (4, -9), (6, 8)))
        for rounding, overflow in itertools.product(Rounding, Overflow)
        if signed or overflow is not Overflow.WRAP_SM
    ]
    number = Number(source.width, source.signed, source.fraction, source.min_int, source.max_int)
    body, expected = [], []
    values = np.arange(source.min_int, source.max_int + 1)
    for index, target in enumerate(targets):
        made = cast_of(number, target)
        body.append(f"wire [{target.width - 1}:0] y{index};")
        body.append(f"cs_cast #({made.parameters()}) cast{index} (.x(in0_data), .y(y{index}));")
        body.append(f"assign out_data[{index * _SLOT}+:{_SLOT}] = y{index};")
        expected.append(np.asarray(cast(values, source.fraction, target)) & ((1 << target.width) - 1))
    unit = _unit(name, source.width, len(targets), body, ("cs_cast.sv",))
    return Trial(unit, ((values[:, None, None], source.width),), (np.stack(expected, axis=1)[:, None], _SLOT))


def _products():
    """Products of all numbers of one to four bits, each with each."""
    a, b = (v.ravel() for v in np.meshgrid(np.arange(-8, 8), np.arange(-8, 8)))
    sizes = list(itertools.product((1, 2, 3, 4), repeat=2))
    body, expected = ["wire signed [7:0] both = in0_data;"], []
    for index, (wide, narrow) in enumerate(sizes):
        body += [
            f"wire signed [{wide + narrow - 1}:0] p{index};",
            f"cs_multiply #(.A({wide}), .B({narrow})) m{index} (.a(both[{wide - 1}:0]), .b(both[{narrow + 3}:4]), "
            f".product(p{index}));",
            f"wire signed [{_SLOT - 1}:0] wide{index} = p{index};",
            f"assign out_data[{index * _SLOT}+:{_SLOT}] = wide{index};",
        ]
        short = [((v + (1 << (n - 1))) & ((1 << n) - 1)) - (1 << (n - 1)) for v, n in ((a, wide), (b, narrow))]
        expected.append(short[0] * short[1])
    unit = _unit("products", 8, len(sizes), body, ("cs_multiply.sv",))
    joined = (a & 15) | ((b & 15) << 4)
    return Trial(unit, ((joined[:, None, None], 8),), (np.stack(expected, axis=1)[:, None], _SLOT))


def test_every_cast_and_product_of_all_numbers(tmp_path):
    sources = (FixedPoint(True, 7, 4), FixedPoint(False, 6, 3), FixedPoint(True, 1, 1))
    trials = [_casts(f"casts{index}", source) for index, source in enumerate(sources)]
    check(Bench([*trials, _products()], tmp_path), seeds=(1,), resets=())
