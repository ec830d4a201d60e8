"""Layer normalization (nnet_layernorm.h)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.graph import FixedPoint, LayerNormalization
from codesign.graph.cast import Integers
from codesign.simulate.ap import Ap
from codesign.simulate.kernels.operand import Operand, precast


def _sum(terms: Ap, accumulator: FixedPoint) -> Ap:
    """Over the last axis, in order, every partial sum cast into the accumulator."""
    total = Ap(np.zeros(terms.values.shape[:-1], dtype=np.int64), accumulator)
    for index in range(terms.values.shape[-1]):
        total = (total + Ap(terms.values[..., index], terms.type)).to(accumulator)
    return total


@precast.register
def _(node: LayerNormalization, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    accumulator = node.accumulator
    factor = Ap(np.asarray(node.factor), node.factor_type)
    data = Ap(x.values.reshape(x.values.shape[0], -1, node.scale.size), x.type).to(accumulator)
    mean = (_sum(data, accumulator) * factor).to(accumulator)
    difference = (data - Ap(mean.values[..., None], accumulator)).to(accumulator)
    variance = (_sum((difference * difference).to(accumulator), accumulator) * factor).to(accumulator)
    place = (variance * Ap.constant(node.table.size) * Ap.constant(1 << node.range_power)).to_int()
    inverse = Ap(node.table[np.clip(place, 0, node.table.size - 1)][..., None], node.table_type)
    scaled = difference * inverse * Ap(node.scale, node.scale_type) + Ap(node.bias, node.bias_type)
    return scaled.values.reshape(x.values.shape[0], *node.shape), scaled.type.fraction
