"""Dense layers of strategy Resource: what follows from hls4ml's loop."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.estimate.vitis.module import Module, module
from codesign.rtl import Multipliers
from tests.estimate.vitis.nets import asked, dense, port


def _row(n_in: int, n_out: int, reuse: int, multipliers: Multipliers = Multipliers.DSP) -> Module:
    weight = np.random.default_rng(1).integers(-128, 128, (n_in, n_out))
    node = dense(weight, strategy="resource", reuse_factor=reuse)
    found = module(node, (port(n_in),), asked(multipliers=multipliers))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("reuse", "multipliers", "bram"),
    # one word holds a weight of 8 bits for each multiplier; a block RAM reads 36 bits at once
    [(2, 128, 29), (4, 64, 15), (16, 16, 4), (64, 4, 1), (256, 1, 1)],
)
def test_blocks(reuse: int, multipliers: int, bram: int) -> None:
    found = _row(16, 16, reuse)
    assert (found.interval, found.dsp, found.bram18) == (reuse, multipliers, bram)
    assert found.latency > reuse


def test_without_reuse_the_weights_are_constants() -> None:
    found = _row(16, 16, 1)
    assert found.bram18 == 0
    assert found.dsp < 256
    assert found.interval == 1


def test_in_luts() -> None:
    found, in_dsp = _row(16, 16, 16, Multipliers.LUT), _row(16, 16, 16)
    assert found.dsp == 0
    assert found.lut > in_dsp.lut + 16 * 55


def test_no_more_turns_than_products() -> None:
    assert _row(4, 1, 8).interval == 4
