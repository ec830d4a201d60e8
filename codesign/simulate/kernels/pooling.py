"""Pooling (nnet_pooling.h, nnet_pooling_stream.h)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from codesign.graph import FixedPoint, Overflow, Pooling, PoolingArithmetic, PoolingKind
from codesign.graph.cast import Integers, cast, count, magnitude_bits, widen
from codesign.simulate.ap import Ap
from codesign.simulate.kernels.movement import surrounded
from codesign.simulate.kernels.operand import Operand, accumulator_overflows, before_result, precast
from codesign.simulate.kernels.softmax import tree_sum

_UNSIGNED = FixedPoint(False, 32, 32)
_INT = FixedPoint(True, 32, 32)


def _unsigned(values: Integers | int) -> Ap:
    return Ap(np.asarray(values, dtype=np.int64), _UNSIGNED)


def _slide(values: Integers, node: Pooling) -> Integers:
    """The windows of (samples, *lengths, channels) as (samples, *windows, channels, numbers in one)."""
    axes = tuple(range(1, values.ndim - 1))
    windows = sliding_window_view(values, node.covered, axis=axes)
    steps = (slice(None), *(slice(None, None, stride) for stride in node.stride))
    windows = windows[steps]
    return np.asarray(windows.reshape(*windows.shape[: axes[-1] + 2], -1))


def _padded(node: Pooling, values: Integers, cell: int) -> Integers:
    return surrounded(values, (*node.before, 0), (*node.after, 0), cell)


def _channels_last(node: Pooling, values: Integers) -> Integers:
    return np.moveaxis(values, 1, -1) if node.channels_first else values


def lowest_word(type_: FixedPoint) -> int:
    """What `pad_val` makes of a type for the largest number: the word whose top bit alone is set.

    That is the most negative number of a signed type, but half of the range of an unsigned one.
    """
    return -(1 << (type_.width - 1)) if type_.signed else 1 << (type_.width - 1)


def _windows(node: Pooling, x: Operand) -> Ap:
    """The numbers of every window, padding included, along the last axis, in the order in which C++ reads them."""
    cell = lowest_word(x.type) if node.kind is PoolingKind.MAX else 0
    padded = any(node.before + node.after)
    values = _channels_last(node, widen(x.values, x.type.width) if padded else x.values)
    return Ap(_slide(_padded(node, values, cell), node), x.type)


def overlaps(node: Pooling, shape: tuple[int, ...]) -> Integers:
    """(windows..., 1) how many numbers of each window of a sample of that shape are no padding."""
    lengths = node.lengths(shape)
    image = _padded(node, np.ones((1, *lengths, 1), dtype=np.int64), 0)
    return np.asarray(_slide(image, node).sum(axis=-1)[0])


def _divisors(node: Pooling, x: Operand) -> Ap:
    return _unsigned(prod(node.covered) if node.count_padding else overlaps(node, x.values.shape[1:]))


def _sum(node: Pooling, windows: Ap) -> Ap:
    """`y += x[i]`, first to last: partial sums are cast into the accumulator; the terms only if that is an ap_int."""
    accumulator = node.accumulator
    if node.integer_accumulator:
        windows = windows.to(accumulator)
    values, fraction = windows.values, windows.type.fraction
    if fraction <= accumulator.fraction and accumulator.overflow is Overflow.WRAP:
        # Nothing is rounded, and sums modulo 2**width do not depend on where they wrap.
        bits = magnitude_bits(values) + int(values.shape[-1]).bit_length()
        return Ap(cast(widen(values, bits).sum(axis=-1), fraction, accumulator), accumulator)
    total = Ap(np.zeros(values.shape[:-1], dtype=np.int64), accumulator)
    for index in range(values.shape[-1]):
        total = (total + Ap(values[..., index], windows.type)).to(accumulator)
    return total


def mean_of(node: Pooling, total: Ap, size: Ap) -> Ap:
    """`total / size` for an `unsigned` size."""
    accumulator = node.accumulator
    if node.integer_accumulator and accumulator.signed and accumulator.width < _UNSIGNED.width:
        # ap_private divides a narrower ap_int in the wider operand's signedness, with one bit more.
        words = total.values & ((1 << (_UNSIGNED.width + 1)) - 1)
        return Ap(cast(words // size.values, 0, accumulator), accumulator)
    return total / size


def _largest(windows: Ap) -> Ap:
    return Ap(np.asarray(windows.values.max(axis=-1)), windows.type)


def _parallel(node: Pooling, x: Operand) -> Ap:
    windows = _windows(node, x)
    if node.kind is PoolingKind.MAX:
        return _largest(windows).to(node.accumulator)
    return mean_of(node, _sum(node, windows), _divisors(node, x)).to(node.accumulator)


def _channels_first(node: Pooling, x: Operand) -> Ap:
    """`pooling2d_cf`: the mean over the whole window, then scaled up by what of it is padding."""
    windows = _windows(node, x)
    if node.kind is PoolingKind.MAX:
        return _largest(windows).to(node.accumulator)
    size = _unsigned(prod(node.window))
    mean = mean_of(node, _sum(node, windows), size).to(node.accumulator).to(node.result)
    height, width = (_unsigned(length).to(x.type) for length in node.window)
    return mean * ((height * width) / _divisors(node, x)).to(x.type)


def _stream(node: Pooling, x: Operand) -> Ap:
    """Every number is cast into the accumulator before anything is done; sums are balanced trees."""
    windows = _windows(node, x).to(node.accumulator)
    if node.kind is PoolingKind.MAX:
        return _largest(windows)
    total = Ap(tree_sum(windows.values, node.accumulator), node.accumulator)
    return (total / Ap(np.asarray(prod(node.window), dtype=np.int64), _INT)).to(node.accumulator)


def _running(node: Pooling, x: Operand) -> Ap:
    """Every number is cast into the accumulator, then added; the mean goes right into the result."""
    windows = _windows(node, x).to(node.accumulator)
    if node.kind is PoolingKind.MAX:
        return _largest(windows)
    return mean_of(node, _sum(node, windows), _unsigned(prod(node.window)))


_ARITHMETIC: dict[PoolingArithmetic, Callable[[Pooling, Operand], Ap]] = {
    PoolingArithmetic.PARALLEL: _parallel,
    PoolingArithmetic.CHANNELS_FIRST: _channels_first,
    PoolingArithmetic.STREAM: _stream,
    PoolingArithmetic.RUNNING: _running,
}


@before_result.register
def _(node: Pooling, types: Sequence[FixedPoint]) -> FixedPoint | None:
    scaled = node.arithmetic in (PoolingArithmetic.RUNNING, PoolingArithmetic.CHANNELS_FIRST)
    return None if scaled and node.kind is PoolingKind.AVERAGE else node.accumulator


@precast.register
def _(node: Pooling, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    pooled = _ARITHMETIC[node.arithmetic](node, x)
    values = np.moveaxis(pooled.values, -1, 1) if node.channels_first else pooled.values
    return values.reshape(values.shape[0], *node.shape), pooled.type.fraction


@accumulator_overflows.register
def _(node: Pooling, operands: Sequence[Operand]) -> int:
    (x,) = operands
    windows = _windows(node, x)
    if node.kind is PoolingKind.MAX:
        return count(_largest(windows).values, x.type.fraction, node.accumulator).overflowed
    bits = magnitude_bits(windows.values) + int(windows.values.shape[-1]).bit_length()
    total = widen(windows.values, bits).sum(axis=-1)
    return count(np.asarray(total), x.type.fraction, node.accumulator).overflowed
