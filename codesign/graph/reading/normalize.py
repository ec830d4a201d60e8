"""Batch normalization and the scales of QKeras' alpha."""

from __future__ import annotations

import math
from typing import Any

from codesign.errors import UnsupportedLayerError
from codesign.graph.nodes import Node, Normalize, NormalizeKind, frozen
from codesign.graph.reading.precision import read_weight
from codesign.graph.reading.products import read_products
from codesign.graph.reading.registry import reads

_KINDS = {"BatchNormalization": NormalizeKind.BATCH_NORMALIZATION, "ApplyAlpha": NormalizeKind.APPLY_ALPHA}


@reads(*_KINDS)
def read_normalize(node: Any, common: dict[str, Any]) -> Node:
    """A scale and a bias."""
    found = read_products(node, "scale")
    bias, bias_type = read_weight(node, "bias")
    size = math.prod(common["shape"])
    channels = int(node.get_attr("n_filt") or -1)
    count = size if channels == -1 else channels
    for what, values in (("scales", found.values), ("biases", bias)):
        if values.size < count:
            raise UnsupportedLayerError(
                f"layer {node.name!r} has {values.size} {what} for {count} values, and hls4ml's C++ reads past their "
                "end; normalize the last axis"
            )
    return Normalize(
        **common,
        kind=_KINDS[node.class_name],
        scale=frozen(found.values.ravel()[:count]),
        scale_type=found.type,
        bias=frozen(bias.ravel()[:count]),
        bias_type=bias_type,
        product=found.product,
        exponent_width=found.exponent_width,
    )
