"""Sums of products with constants: what of a matrix counts for the logic that it becomes, without tracing any.

alkaid turns a matrix of constants into adders that its outputs share. How many there are, how wide they are and in how
many pipeline stages they stand follows from the signed digits of the constants to within some percent:
`codesign.estimate.rtl.quick_model` says how.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codesign.estimate.rtl.spans import Span
from codesign.graph import FixedPoint
from codesign.rtl.fabric import Cut

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_WIDEST = 1 << 60


@dataclass(frozen=True, eq=False)
class Problem:
    """`x @ weight + bias` as a layer has it.

    Attributes:
        weight: (n_in, n_out) integers.
        bias: (n_out,) integers.
        shift: places that the bias stands higher than the products; below 0 where it has bits below these.
        source: type of the numbers.
        reads: the bits that vary of each number; none where all do.
        bottom: the lowest place of a sum that anything needs, counted from the products' lowest.
        top: the place above the highest one that is left of a sum.
    """

    weight: Integers
    bias: Integers
    shift: int
    source: FixedPoint
    bottom: int
    top: int
    reads: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Sums:
    """What of `x @ weight + bias` counts for its logic, whatever the clock.

    Attributes:
        adders: that it would take if no two outputs shared one: signed digits but one, of every output.
        digits: signed digits that are not 0, of all weights.
        inputs: numbers that are read at all.
        outputs: sums of at least one digit.
        input_bits: of a number that is read.
        signed: numbers that are read may be negative.
        widths: mean bits of a sum, from its lowest digit on.
        widest: bits of the widest sum.
        depth: levels of adders of the longest sum, if joined in pairs.
        mean_depth: the same of all, on average.
        zero_share: of the weights.
        biased_bits: bits of sums with a constant to add, from its lowest digit on.
        biased: sums with one.
        negative: sums of negative products alone.
        repeated: share of the columns that are equal to others before them.
        kept_bits: of all sums, as the layer gives them.
        spans: of each output, the bits that vary, counted from the products' lowest.
    """

    adders: float
    digits: float
    inputs: float
    outputs: float
    input_bits: float
    signed: bool
    widths: float
    widest: float
    depth: float
    mean_depth: float
    zero_share: float
    biased_bits: float
    biased: float
    negative: float
    repeated: float
    kept_bits: float
    spans: tuple[Span, ...]


def _lengths(values: Integers) -> Integers:
    """Bits of each magnitude; 0 for 0. Exact below 2**52, one more at most above."""
    found: Integers = np.frexp(np.abs(values).astype(np.float64))[1].astype(np.int64)
    return found


def _digits(values: Integers) -> Integers:
    """Signed digits of each integer that are not 0, in the form that has fewest: set bits of `n ^ 3n`."""
    magnitude = np.abs(values)
    left = magnitude ^ (3 * magnitude)
    if left.size and left.max() < _TABLE.size:
        found: Integers = _TABLE[left]
        return found
    count = np.zeros(values.shape, dtype=np.int64)
    while left.any():
        count += _TABLE[left & (_TABLE.size - 1)]
        left = left >> 16
    return count


_TABLE: Integers = np.array([bin(value).count("1") for value in range(1 << 16)], dtype=np.int64)


def _lowest_bits(values: Integers) -> Integers:
    """The place of the lowest bit that is 1; -1 for 0."""
    return _lengths(values & -values) - 1


def sums_of(problem: Problem) -> Sums | None:
    """What counts of a matrix; None where no digit is left, or where its sums are too wide for int64."""
    weight, bias, source = problem.weight, problem.bias, problem.source
    widths = np.full(weight.shape[0], source.width, dtype=np.int64)
    if problem.reads:
        # Bits that are always 0 at the bottom make the weight larger, those at the top the number smaller.
        widths = np.array([max(span.high - span.low, 0) for span in problem.reads], dtype=np.int64)
        lows = np.array([0 if span.is_constant else span.low for span in problem.reads], dtype=np.int64)
        weight = np.where(widths[:, None] > 0, weight << lows[:, None], 0)
    largest = int(np.abs(weight).max(initial=0))
    offsets = int(np.abs(bias).max(initial=0)) << max(problem.shift, 0)
    if largest == 0 or max(largest * (source.max_int + 1) * weight.shape[0], offsets) > _WIDEST:
        return None
    columns = _digits(weight).sum(axis=0)
    used = columns > 0
    up, down = np.maximum(weight, 0), np.minimum(weight, 0)
    most = (np.int64(1) << np.maximum(widths - int(source.signed), 0)) - 1
    least = -(most + 1) if source.signed else np.zeros_like(most)
    offset = bias << problem.shift if problem.shift >= 0 else bias >> -problem.shift
    high = most @ up + least @ down + np.maximum(offset, 0)
    low = least @ up + most @ down + np.minimum(offset, 0)
    reach = np.maximum(_lengths(high), _lengths(np.minimum(low, 0) + 1)) + (low < 0)
    zeros = _lowest_bits(np.bitwise_or.reduce(np.abs(weight), axis=0))
    ends = np.minimum(reach, problem.top)
    lengths = np.where(used, np.maximum(ends - zeros, 1), 0)
    biased = used & (bias != 0)
    lowest = _lowest_bits(bias) + problem.shift
    constants = np.maximum(ends - np.maximum(lowest, zeros), 1)
    kept = np.maximum(ends - np.maximum(np.where(biased, np.minimum(lowest, zeros), zeros), problem.bottom), 0)
    levels = np.log2(np.maximum(columns[used], 1))
    distinct = len({column.tobytes() for column in np.ascontiguousarray(weight.T)})
    count = float(used.sum())
    return Sums(
        adders=float(np.maximum(columns - 1, 0).sum()),
        digits=float(columns.sum()),
        inputs=float((weight != 0).any(axis=1).sum()),
        outputs=count,
        input_bits=float(widths[(weight != 0).any(axis=1)].mean()),
        signed=source.signed,
        widths=float(lengths.sum() / count),
        widest=float(lengths.max()),
        depth=float(np.ceil(levels.max())),
        mean_depth=float(levels.mean()),
        zero_share=float((weight == 0).mean()),
        biased_bits=float(constants[biased].sum()),
        biased=float(biased.sum()),
        negative=float((used & (up.max(axis=0) == 0)).sum()),
        repeated=1 - distinct / weight.shape[1],
        kept_bits=float(kept[used].sum()),
        spans=tuple(
            Span(low, high) if moves else Span(0, 0)
            for low, high, moves in zip(zeros.tolist(), ends.tolist(), used.tolist(), strict=True)
        ),
    )


def packed_stages(sums: Sums, cut: Cut) -> tuple[float, float]:
    """(pipeline stages of a tree of adders as deep as the longest sum, the same without rounding).

    Each level is an adder as wide as its sums may be, and a stage holds as many as the clock leaves time for.
    """
    fabric, room = cut.fabric, cut.logic_ns
    levels = int(sums.depth) + int(sums.biased > 0)
    if levels == 0:
        return 1.0, 0.1
    start, stages, spent, whole = sums.input_bits + 1, 1.0, 0.0, 0.0
    for level in range(1, levels + 1):
        width = start + (sums.widest - start) * level / levels
        delay = fabric.chain_ns + fabric.bit_ns * width
        whole += delay
        if spent + delay > room and spent > 0:
            stages, spent = stages + 1, 0.0
        spent += delay
    return stages, whole / room


def features(sums: Sums, cut: Cut) -> Floats:
    """What the regressions are of: logarithms of sizes, and times in stages."""
    stages, whole = packed_stages(sums, cut)
    log = np.log
    return np.array(
        [
            log(sums.adders + 1),
            log(sums.inputs),
            log(sums.outputs),
            log(sums.digits / sums.outputs),
            log(sums.digits / (sums.inputs * sums.outputs)),
            log(sums.input_bits),
            log(sums.widths),
            log(sums.widest),
            float(sums.signed),
            sums.depth,
            sums.mean_depth,
            sums.zero_share,
            sums.repeated,
            log(sums.biased_bits + 1) - log(sums.outputs * sums.widths + 1),
            log(sums.kept_bits + 1) - log(sums.outputs * sums.widths + 1),
            # Times, from here on.
            log(stages),
            log(whole),
        ]
    )


TIMED = 2
"""So many of the features are times, the last ones; the others are of the logic itself."""
