"""Pooling: the largest or the mean number of each window, as hls4ml's functions compute it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from math import prod

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from codesign.graph import FixedPoint, Input, IntArray, Node, Pooling, PoolingArithmetic, PoolingKind
from codesign.graph.cast import Integers
from codesign.rtl.arithmetic import (
    Variable,
    add,
    add_constant,
    any_bit,
    choose,
    constant,
    invert,
    is_negative,
    maximum,
    wrap,
)
from codesign.rtl.logic.base import Wires, precast
from codesign.rtl.logic.division import divided, floor_divide
from codesign.rtl.logic.number import INT, Number
from codesign.rtl.logic.sums import add_up, balanced
from codesign.simulate.ap import Ap
from codesign.simulate.kernels import Operand
from codesign.simulate.kernels import before_result as kernel_before_result
from codesign.simulate.kernels import precast as kernel
from codesign.simulate.kernels.movement import surrounded
from codesign.simulate.kernels.pooling import lowest_word, mean_of, overlaps

_UNSIGNED = FixedPoint(False, 32, 32)


@dataclass(frozen=True, eq=False, kw_only=True)
class MarkedWindow(Node):
    """The mean of one window, some of whose numbers are padding; it reads the numbers, and marks of those that are not.

    Attributes:
        pooling: of one window.
        counts: how many numbers may be marked.
    """

    pooling: Pooling
    counts: tuple[int, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class MeanOfSums(Node):
    """The means of one window whose numbers are added already.

    Attributes:
        pooling: of one window.
    """

    pooling: Pooling


@dataclass(frozen=True, eq=False, kw_only=True)
class JoinedNumbers(Node):
    """What is accumulated, joined number by number with what comes: their sum, or the larger of two of one type.

    Attributes:
        kind: of pooling.
    """

    kind: PoolingKind


def one_window(node: Pooling, channels: int) -> tuple[Pooling, tuple[int, ...]]:
    """The pooling of one window without padding, and the shape that it reads."""
    none, ones = (0,) * len(node.window), (1,) * len(node.window)
    shape, reads = (channels, *ones), (channels, *node.covered)
    if not node.channels_first:
        shape, reads = (*ones, channels), (*node.covered, channels)
    return replace(node, shape=shape, before=none, after=none), reads


def _mean(node: Pooling, total: Number, size: int) -> Number:
    """`total / size` for an `unsigned` size."""
    accumulator = node.accumulator
    if not (node.integer_accumulator and accumulator.signed and accumulator.width < _UNSIGNED.width):
        return divided(total, size, _UNSIGNED)
    # ap_private divides the bits of a negative number as an unsigned one of 33 bits; multiples of the size move it up.
    times, rest = divmod(1 << (_UNSIGNED.width + 1), size)
    multiples = -(accumulator.min_int // size)
    below = is_negative(total.value)
    lifted = add(total.value, choose(below, constant(rest + multiples * size), constant(0)))
    quotient = floor_divide(wrap(lifted, False, max(accumulator.width, (2 * size).bit_length()) + 1), size)
    offset = (times - multiples) & ((1 << accumulator.width) - 1)
    moved = add(wrap(quotient, False, accumulator.width), choose(below, constant(offset), constant(0)))
    return Number(wrap(moved, True, accumulator.width), accumulator)


def _scaled(node: Pooling, average: Number, source: FixedPoint, overlap: int) -> Number:
    """`pooling2d_cf`: a mean over the whole window, scaled up by what of it is padding."""

    def unsigned(value: int) -> Ap:
        return Ap(np.asarray(value, dtype=np.int64), _UNSIGNED)

    height, width = (unsigned(length).to(source) for length in node.window)
    factor = ((height * width) / unsigned(overlap)).to(source)
    return average * Number.constant(int(factor.values), factor.type)


def _finished(node: Pooling, total: Number, source: FixedPoint, overlap: int) -> Number:
    """The mean of a window's sum, up to the cast into the result."""
    if node.arithmetic is PoolingArithmetic.CHANNELS_FIRST:
        average = _mean(node, total, prod(node.window)).to(node.accumulator).to(node.result)
        return _scaled(node, average, source, prod(node.covered) if node.count_padding else overlap)
    if node.arithmetic is PoolingArithmetic.STREAM:
        return divided(total, prod(node.window), INT).to(node.accumulator)
    if node.arithmetic is PoolingArithmetic.RUNNING:
        return _mean(node, total, prod(node.window))
    size = prod(node.covered) if node.count_padding else overlap
    return _mean(node, total, size).to(node.accumulator)


def casts_first(node: Pooling) -> bool:
    """Whether every number is cast into the accumulator before anything is done."""
    streamed = node.arithmetic in (PoolingArithmetic.STREAM, PoolingArithmetic.RUNNING)
    return streamed or (node.integer_accumulator and node.kind is PoolingKind.AVERAGE)


def _largest(values: Sequence[Number]) -> Number:
    if len(values) == 1:
        return values[0]
    half = len(values) // 2
    first, second = _largest(values[:half]), _largest(values[half:])
    return Number(maximum(first.value, second.value), first.type)


def _total(node: Pooling, values: Sequence[Number]) -> Number:
    accumulator, integers = node.accumulator, [value.value for value in values]
    if node.arithmetic is PoolingArithmetic.STREAM:
        return Number(balanced(integers, accumulator), accumulator)
    return Number(add_up(integers, values[0].type.fraction, 0, accumulator), accumulator)


def _pooled(node: Pooling, values: Sequence[Number], overlap: int) -> Number:
    source = values[0].type
    if casts_first(node):
        values = [value.to(node.accumulator) for value in values]
    if node.kind is PoolingKind.MAX:
        return _largest(values).to(node.accumulator)
    return _finished(node, _total(node, values), source, overlap)


def _slide(node: Pooling, indices: IntArray) -> IntArray:
    """The windows of (*lengths, channels) as (windows, channels, numbers in one)."""
    padded = surrounded(indices[None], (*node.before, 0), (*node.after, 0), 0)[0]
    axes = tuple(range(padded.ndim - 1))
    views = sliding_window_view(padded, node.covered, axis=axes)[tuple(slice(None, None, s) for s in node.stride)]
    return np.asarray(views.reshape(-1, padded.shape[-1], prod(node.covered)))


@precast.register
def _(node: Pooling, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    (x,) = operands
    cell = lowest_word(x.type) if node.kind is PoolingKind.MAX else 0
    numbers = [Number(value, x.type) for value in (constant(cell), *x.values)]  # the padding is number 0
    indices = np.arange(1, len(numbers)).reshape(x.shape)
    slid = _slide(node, np.moveaxis(indices, 0, -1) if node.channels_first else indices)
    counts = overlaps(node, x.shape).ravel()
    found = [
        [_pooled(node, [numbers[index] for index in channel], int(count)) for channel in window]
        for window, count in zip(slid.tolist(), counts, strict=True)
    ]
    ordered = list(zip(*found, strict=True)) if node.channels_first else found
    values = [value for row in ordered for value in row]
    return [value.value for value in values], values[0].type.fraction


@precast.register
def _(node: MarkedWindow, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    x, marks = operands
    pooling = node.pooling
    marked = reduce(add, marks.values)
    indices = np.arange(len(x.values)).reshape(x.shape)
    slid = _slide(pooling, np.moveaxis(indices, 0, -1) if pooling.channels_first else indices)
    found, fraction = [], 0
    for channel in slid[0].tolist():
        numbers = [Number(x.values[index], x.type) for index in channel]
        total = _total(
            pooling, [number.to(pooling.accumulator) for number in numbers] if casts_first(pooling) else numbers
        )
        value: Variable = None
        for count in node.counts:
            mean_ = _finished(pooling, total, x.type, count)
            fraction = mean_.type.fraction
            here = invert(any_bit(add_constant(marked, -count)))
            value = mean_.value if value is None else choose(here, mean_.value, value)
        found.append(value)
    return found, fraction


@precast.register
def _(node: JoinedNumbers, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    total, x = operands
    pairs = list(zip(total.values, x.values, strict=True))
    if node.kind is PoolingKind.MAX:
        return [maximum(a, b) for a, b in pairs], x.type.fraction
    sums = [Number(a, total.type) + Number(b, x.type) for a, b in pairs]
    return [value.value for value in sums], sums[0].type.fraction


@kernel.register
def _(node: JoinedNumbers, operands: Sequence[Operand]) -> tuple[Integers, int]:
    total, x = operands
    if node.kind is PoolingKind.MAX:
        return np.maximum(total.values, x.values), x.type.fraction
    joined = Ap(total.values, total.type) + Ap(x.values, x.type)
    return joined.values, joined.type.fraction


@precast.register
def _(node: MeanOfSums, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    (x,) = operands
    found = [_finished(node.pooling, Number(value, x.type), x.type, prod(node.pooling.covered)) for value in x.values]
    return [value.value for value in found], found[0].type.fraction


@kernel.register
def _(node: MeanOfSums, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    pooling, size = node.pooling, np.asarray(prod(node.pooling.window), dtype=np.int64)
    total = Ap(x.values, x.type)
    if pooling.arithmetic is PoolingArithmetic.STREAM:
        average = (total / Ap(size, INT)).to(pooling.accumulator)
    else:
        average = mean_of(pooling, total, Ap(size, _UNSIGNED))
        if pooling.arithmetic is PoolingArithmetic.PARALLEL:
            average = average.to(pooling.accumulator)
    return average.values, average.type.fraction


@kernel_before_result.register
def _(node: MeanOfSums, types: Sequence[FixedPoint]) -> FixedPoint | None:
    return kernel_before_result(node.pooling, types)


@kernel_before_result.register
def _(node: MarkedWindow, types: Sequence[FixedPoint]) -> FixedPoint | None:
    return kernel_before_result(node.pooling, types[:1])


def marks_port(node: Pooling) -> Node:
    """The marks that a `MarkedWindow` reads."""
    return Input(name=f"{node.name}_marks", inputs=(), shape=(prod(node.covered),), result=FixedPoint(False, 1, 1))
