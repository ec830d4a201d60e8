"""Batch normalization and the scales of QKeras' alpha."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from codesign.graph.nodes import Node, Normalize, NormalizeKind, frozen
from codesign.graph.reading.precision import read_weight
from codesign.graph.reading.registry import reads

_KINDS = {"BatchNormalization": NormalizeKind.BATCH_NORMALIZATION, "ApplyAlpha": NormalizeKind.APPLY_ALPHA}


@reads(*_KINDS)
def read_normalize(node: Any, common: dict[str, Any]) -> Node:
    """A scale and a bias."""
    scale, scale_type = read_weight(node, "scale")
    bias, bias_type = read_weight(node, "bias")
    size = math.prod(common["shape"])
    channels = int(node.get_attr("n_filt") or -1)
    count = size if channels in (-1, 0) else channels
    return Normalize(
        **common,
        kind=_KINDS[node.class_name],
        scale=frozen(np.broadcast_to(scale.ravel(), (count,))),
        scale_type=scale_type,
        bias=frozen(np.broadcast_to(bias.ravel(), (count,))),
        bias_type=bias_type,
    )
