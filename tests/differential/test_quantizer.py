"""Quantizers with types of their own for every number: hls4ml's compiled C++ against the simulator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from codesign.errors import UnsupportedLayerError
from codesign.graph import Quantizer

pytest.importorskip("hls4ml")

from tests.differential.test_merge import MODES, check, described, port
from tests.hls.designs import from_layers

pytestmark = pytest.mark.tools


def quantizer(name: str, source: str, masks: Any, rounding: str, overflow: str) -> dict[str, Any]:
    """A layer of hls4ml as HGQ's quantizers become it."""
    masks = tuple(np.asarray(mask)[None] for mask in masks)
    return described(
        name, "FixedPointQuantizer", source, mask_kbi=masks, RND=rounding, SAT=overflow, overrides={}, fusible=False
    )


@pytest.mark.slow
def test_every_number_in_every_mode(tmp_path):
    """Types of every width, none at all among them, and results that are cast once more."""
    rng = np.random.default_rng(4)
    found, types, outputs = [port("first", 2, 3), port("same", 2, 3)], {}, []
    types.update(first={"result": "fixed<12,5>"}, same={"result": "fixed<6,3,RND,SAT_SYM>"})
    for index, (rounding, overflow) in enumerate(MODES):
        name = f"cast_{index}"
        signed, integer = rng.integers(0, 2, (2, 3)), rng.integers(-1, 6, (2, 3))
        found.append(quantizer(name, "first", (signed, rng.integers(0, 9, (2, 3)), integer), rounding, overflow))
        types[name] = {"result": f"fixed<{7 + index % 8},{4 + index % 3},{','.join(MODES[(index * 5) % len(MODES)])}>"}
        outputs.append(name)
    one = np.ones((2, 3), dtype=int)
    found.append(quantizer("kept", "same", (one, 6 * one, [[3, 3, 3], [3, 2, 4]]), "RND", "SAT_SYM"))
    types["kept"] = {"result": "fixed<6,3,RND,SAT_SYM>"}
    design = from_layers(found, types, [*outputs, "kept"], whole={"BitExact": False})  # else hls4ml overrules the types
    graph = check(design, tmp_path, samples=600)
    assert sum(isinstance(node, Quantizer) for node in graph) == len(MODES) + 1


def test_types_of_less_than_no_bits_are_refused():
    one = np.ones((3,), dtype=int)
    found = [port("first", 3), quantizer("cast", "first", (one, [4, -1, 2], one), "RND", "SAT")]
    types = {"first": {"result": "fixed<8,3>"}, "cast": {"result": "fixed<8,3>"}}
    with pytest.raises(UnsupportedLayerError, match=r"'cast' has types of -1 bits, which hls4ml's C\+\+ cannot hold"):
        from_layers(found, types, ["cast"], whole={"BitExact": False})
