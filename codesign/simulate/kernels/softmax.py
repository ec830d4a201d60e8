"""hls4ml's softmax: lookup tables for the exponential and the inverse (nnet_activation.h, nnet_activation_stream.h)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from codesign.graph import FixedPoint, Softmax, SoftmaxDifference, SoftmaxImplementation
from codesign.graph.cast import Integers, cast, widen
from codesign.graph.softmax_tables import internal_types
from codesign.simulate.ap import Ap
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
    if node.difference is SoftmaxDifference.X_MINUS_MAX:
        distance = -distance
    return _tables(node, cast(distance, source.fraction, norm), norm)


def _latency(node: Softmax, x: Integers, source: FixedPoint) -> tuple[Integers, int]:
    return _tables(node, x, source)


def _clamped(index: Integers, offset: int, entries: int) -> Integers:
    """A C++ `int` index, with an offset added in 32 bits, moved to the nearest end of the table."""
    return np.clip(Ap(index + offset, FixedPoint(True, 34, 34)).to_int(), 0, entries - 1)


def _legacy(node: Softmax, x: Integers, source: FixedPoint) -> tuple[Integers, int]:
    table_type = internal_types(node).exp
    exp_entries, inv_entries = Ap.constant(node.exp_table.size), Ap.constant(node.inv_table.size)
    one = Ap.constant(1).to(table_type)
    outputs = []
    for i in range(x.shape[-1]):
        own = Ap(x[:, i], source)
        total = Ap(np.zeros(x.shape[0], dtype=np.int64), table_type)
        for j in range(x.shape[-1]):
            if i == j:
                term = one
            else:
                rounded = ((Ap(x[:, j], source) - own) * exp_entries / Ap.constant(16)).to_int()
                index = _clamped(rounded, node.exp_table.size // 2, node.exp_table.size)
                term = Ap(node.exp_table[index], table_type)
            total = (total + term).to(table_type)
        index = _clamped((total * inv_entries / Ap.constant(64)).to_int(), 0, node.inv_table.size)
        outputs.append(node.inv_table[index])
    return np.stack(outputs, axis=-1), internal_types(node).inv.fraction


_IMPLEMENTATIONS: dict[SoftmaxImplementation, Callable[[Softmax, Integers, FixedPoint], tuple[Integers, int]]] = {
    SoftmaxImplementation.ARGMAX: _argmax,
    SoftmaxImplementation.STABLE: _stable,
    SoftmaxImplementation.LATENCY: _latency,
    SoftmaxImplementation.LEGACY: _legacy,
}


@precast.register
def _(node: Softmax, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    samples, n = x.values.shape[0], node.slice_length
    slices = np.moveaxis(x.values.reshape(samples, -1, n, node.n_inner), 2, 3)
    values, fraction = _IMPLEMENTATIONS[node.implementation](node, slices.reshape(-1, n), x.type)
    values = np.moveaxis(values.reshape(slices.shape), 3, 2)
    return values.reshape(samples, *node.shape), fraction
