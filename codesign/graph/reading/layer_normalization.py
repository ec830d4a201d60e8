"""Layer normalization and its table (nnet_layernorm.h)."""

from __future__ import annotations

from typing import Any

import numpy as np

from codesign.errors import UnsupportedLayerError
from codesign.graph.fixed_point import FixedPoint
from codesign.graph.nodes import LayerNormalization, Node, frozen
from codesign.graph.reading.precision import class_names, read_type, read_weight, type_of
from codesign.graph.reading.registry import reads
from codesign.graph.root_tables import inverse_roots, mean_factor

_SIGN = FixedPoint(True, 2, 2)


@reads("LayerNormalization")
def read_layer_normalization(node: Any, common: dict[str, Any]) -> Node:
    """A layer normalization."""
    if str(node.model.config.get_config_value("IOType")) == "io_stream":
        raise UnsupportedLayerError(
            f"layer {node.name!r}: layer normalization in io_stream, for which hls4ml has no C++; use io_parallel"
        )
    for key in ("scale", "bias"):  # Binary ones are 0 and 1 in this C++, not -1 and 1.
        read_type(node.weights[key].type.precision, layer=node.name, what=key)
    scale, scale_type = read_weight(node, "scale")
    bias, bias_type = read_weight(node, "bias")
    accumulator, table_type = type_of(node, "accum"), type_of(node, "table")
    length = int(np.prod(common["shape"])) // int(node.get_attr("seq_len"))
    factor, factor_type = _factor(node, length, accumulator)
    power = int(node.get_attr("table_range_power2"))
    epsilon, entries = int(node.get_attr("epsilon_power_of_10")), int(node.get_attr("table_size"))
    return LayerNormalization(
        **common,
        scale=frozen(scale.ravel()),
        scale_type=scale_type,
        bias=frozen(bias.ravel()),
        bias_type=bias_type,
        accumulator=accumulator,
        factor=factor,
        factor_type=factor_type,
        table=inverse_roots(epsilon, power, entries, table_type),
        table_type=table_type,
        range_power=power,
    )


def _factor(node: Any, length: int, accumulator: FixedPoint) -> tuple[int, FixedPoint]:
    """What the C++ multiplies a sum of `length` numbers by to get their mean, with its type.

    It multiplies as it would by the scale: where that is ternary, by the factor's sign alone.
    """
    factor = mean_factor(length, accumulator)
    precision = node.weights["scale"].type.precision
    if "IntegerPrecisionType" in class_names(precision) and precision.signed and int(precision.width) == 2:
        whole = accumulator.fraction >= 0 and factor == -(1 << accumulator.fraction)
        return (-1 if whole else int(factor != 0)), _SIGN
    return factor, accumulator
