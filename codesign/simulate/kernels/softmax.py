"""hls4ml's softmax: lookup tables for the exponential and the inverse (nnet_activation.h)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from codesign.graph import FixedPoint, Softmax, SoftmaxImplementation
from codesign.graph.cast import Integers, cast, shift_left, widen
from codesign.graph.softmax_tables import internal_types
from codesign.simulate.kernels.operand import Operand, precast


def top_bits(values: Integers, type_: FixedPoint, entries: int) -> Integers:
    """The top log2(entries) bits of each word of `type_`, as an unsigned index."""
    bits = entries.bit_length() - 1
    words = widen(values, type_.width + 1) & ((1 << type_.width) - 1)
    return np.asarray(words >> (type_.width - bits), dtype=np.int64)


def tree_sum(values: Integers, type_: FixedPoint) -> Integers:
    """The sum over the last axis as hls4ml's balanced `reduce`: every partial sum is cast to `type_`."""
    n = values.shape[-1]
    if n == 1:
        return np.asarray(values[..., 0])
    left = 1 << ((n - 1).bit_length() - 1)
    total = widen(tree_sum(values[..., :left], type_), type_.width + 2) + tree_sum(values[..., left:], type_)
    return cast(total, type_.fraction, type_)


def _argmax(node: Softmax, x: Integers, source: FixedPoint) -> tuple[Integers, int]:
    winners = np.argmax(x, axis=-1)
    hot = np.zeros(x.shape, dtype=np.int64)
    hot[np.arange(x.shape[0]), winners] = 1
    return hot, 0


def _tables(node: Softmax, arguments: Integers, argument_type: FixedPoint) -> tuple[Integers, int]:
    """exp and inverse lookups for arguments already in the type that indexes the exponential table."""
    t = internal_types(node)
    exponentials = cast(
        node.exp_table[top_bits(arguments, argument_type, node.exp_table.size)],
        t.exp.fraction,
        t.accumulator,
        source=t.exp,
    )
    total = cast(tree_sum(exponentials, t.accumulator), t.accumulator.fraction, t.inv_input, source=t.accumulator)
    inverse = node.inv_table[top_bits(total, t.inv_input, node.inv_table.size)]
    product = widen(exponentials, t.accumulator.width + t.inv.width) * inverse[:, None]
    return product, t.accumulator.fraction + t.inv.fraction


def _stable(node: Softmax, x: Integers, source: FixedPoint) -> tuple[Integers, int]:
    norm = internal_types(node).norm
    distance = widen(x.max(axis=-1, keepdims=True), source.width + 2) - x
    return _tables(node, cast(distance, source.fraction, norm), norm)


def _latency(node: Softmax, x: Integers, source: FixedPoint) -> tuple[Integers, int]:
    return _tables(node, x, source)


def _clamped_index(values: Integers, fraction: int, offset: int, entries: int) -> Integers:
    """`int(values * 2**-fraction) + offset`, clamped into the table; C++ converts towards zero."""
    magnitude = np.abs(values) >> fraction if fraction > 0 else shift_left(np.abs(values), -fraction)
    whole = np.where(values < 0, -magnitude, magnitude)
    return np.clip(np.asarray(whole, dtype=np.int64) + offset, 0, entries - 1)


def _legacy(node: Softmax, x: Integers, source: FixedPoint) -> tuple[Integers, int]:
    t = internal_types(node)
    entries = node.exp_table.size
    n = x.shape[-1]
    one = cast(np.array([1], dtype=np.int64), 0, t.exp)[0]
    outputs = []
    for i in range(n):
        total = np.zeros(x.shape[0], dtype=np.int64)
        for j in range(n):
            if i == j:
                term = np.full(x.shape[0], one)
            else:
                difference = widen(x[:, j], source.width + 12) - x[:, i]
                scaled = difference * entries
                term = node.exp_table[_clamped_index(scaled, source.fraction + 4, entries // 2, entries)]
            total = cast(widen(total, t.exp.width + 2) + term, t.exp.fraction, t.exp)
        scaled = widen(total, t.exp.width + 12) * node.inv_table.size
        outputs.append(node.inv_table[_clamped_index(scaled, t.exp.fraction + 6, 0, node.inv_table.size)])
    return np.stack(outputs, axis=-1), t.inv.fraction


_IMPLEMENTATIONS: dict[SoftmaxImplementation, Callable[[Softmax, Integers, FixedPoint], tuple[Integers, int]]] = {
    SoftmaxImplementation.ARGMAX: _argmax,
    SoftmaxImplementation.STABLE: _stable,
    SoftmaxImplementation.LATENCY: _latency,
    SoftmaxImplementation.LEGACY: _legacy,
}


@precast.register
def _(node: Softmax, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    rows = x.values.reshape(-1, node.shape[-1])
    values, fraction = _IMPLEMENTATIONS[node.implementation](node, rows, x.type)
    return values.reshape(x.values.shape[0], *node.shape), fraction
