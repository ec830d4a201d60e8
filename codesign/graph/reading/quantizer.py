"""Quantizers of HGQ with types of their own for every number."""

from __future__ import annotations

from typing import Any

import numpy as np

from codesign.errors import UnsupportedLayerError
from codesign.graph.fixed_point import Overflow, Rounding
from codesign.graph.nodes import Node, Quantizer, frozen
from codesign.graph.reading.registry import reads


@reads("FixedPointQuantizer")
def read_quantizer(node: Any, common: dict[str, Any]) -> Node:
    """A cast of every number into a type of its own."""
    shape = common["shape"]
    signed, width, integer = (
        frozen(np.broadcast_to(np.asarray(mask)[0], shape).ravel().astype(np.int64)) for mask in node.mask_kbi
    )
    if width.size and int(width.min()) < 0:
        raise UnsupportedLayerError(
            f"layer {node.name!r} has types of {width.min()} bits, which hls4ml's C++ cannot hold; give 0 or more"
        )
    return Quantizer(
        **common,
        signed=signed,
        width=width,
        integer=integer,
        rounding=Rounding(str(node.RND)),
        overflow=Overflow(str(node.SAT)),
    )
