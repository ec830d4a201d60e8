"""Pooling: the largest or the mean number of each window."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import prod

from codesign.errors import GraphError
from codesign.graph.fixed_point import FixedPoint, Overflow
from codesign.graph.nodes.base import Node, one_source, register


class PoolingKind(str, Enum):
    """What becomes of a window."""

    MAX = "max"
    AVERAGE = "average"


class PoolingArithmetic(str, Enum):
    """Which of hls4ml's functions computes it; they differ in where numbers are cast, and in what order they are added.

    `PARALLEL` and `CHANNELS_FIRST` are nnet_pooling.h (`*_cl` and `*_cf`), `STREAM` and `RUNNING` are
    nnet_pooling_stream.h (windows, and global pooling).
    """

    PARALLEL = "parallel"
    CHANNELS_FIRST = "channels_first"
    STREAM = "stream"
    RUNNING = "running"


@register("pooling")
@dataclass(frozen=True, eq=False, kw_only=True)
class Pooling(Node):
    """One number for each window and channel.

    The windows start every `stride` numbers over the axes that are not channels, widened by `before` and `after`.

    Attributes:
        window: its length along each axis but the channels'.
        stride: from one window to the next, along the same axes.
        before: cells of padding before the first number, along the same axes.
        after: cells of padding after the last one.
        count_padding: a mean is divided by the whole window, not by the part of it that is no padding.
        accumulator: type of the largest number, or of the sum.
        integer_accumulator: it is an `ap_int`, not an `ap_fixed` without a fraction: numbers are cut to integers
            before they are added, and a signed one below 32 bits is divided as if it were unsigned.
    """

    kind: PoolingKind
    arithmetic: PoolingArithmetic
    window: tuple[int, ...]
    stride: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    count_padding: bool
    accumulator: FixedPoint
    integer_accumulator: bool = False

    @property
    def channels_first(self) -> bool:
        """Whether the channels are the first axis; they are the last one elsewhere."""
        return self.arithmetic is PoolingArithmetic.CHANNELS_FIRST

    @property
    def covered(self) -> tuple[int, ...]:
        """The numbers that a window really takes along each axis: `pooling2d_cf` takes a stride's."""
        return self.stride if self.channels_first else self.window

    def lengths(self, source: tuple[int, ...]) -> tuple[int, ...]:
        """How many numbers a result of that shape has along each axis but the channels'."""
        return source[1:] if self.channels_first else source[:-1]

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        source = one_source(self, sources)
        lengths = self.lengths(source.shape)
        for name in ("window", "stride", "before", "after"):
            values, least = getattr(self, name), int(name in ("window", "stride"))
            if len(values) != len(lengths) or not lengths or min(values) < least:
                raise GraphError(
                    f"node {self.name!r}: {name} is {values}, expected {len(lengths)} integers of at least {least}"
                )
        self._check_arithmetic(lengths)
        if self.integer_accumulator and (self.accumulator.fraction or self.accumulator.overflow is not Overflow.WRAP):
            raise GraphError(f"node {self.name!r}: {self.accumulator} is no type of an integer accumulator")
        counts = self._counts(lengths)
        channels = source.shape[0] if self.channels_first else source.shape[-1]
        shape = (channels, *counts) if self.channels_first else (*counts, channels)
        if self.shape != shape and not (set(counts) == {1} and self.shape == (channels,)):
            raise GraphError(f"node {self.name!r} has shape {self.shape}, but its windows give {shape}")
        if self.kind is PoolingKind.AVERAGE and not self.count_padding:
            self._check_divisors(lengths, counts)

    def _check_arithmetic(self, lengths: tuple[int, ...]) -> None:
        padded = any(self.before + self.after)
        if self.arithmetic is PoolingArithmetic.STREAM and (
            padded or (len(lengths) > 1 and self.window != self.stride)
        ):
            raise GraphError(f"node {self.name!r}: a stream is pooled without padding, in 2D with a stride of a window")
        if self.arithmetic is PoolingArithmetic.RUNNING and (padded or self.window != lengths):
            raise GraphError(f"node {self.name!r}: running pooling takes one window of {lengths}, not of {self.window}")
        if self.channels_first and (len(lengths) != 2 or prod(self.window) != prod(self.stride)):
            raise GraphError(f"node {self.name!r}: channels-first pooling is 2D, with a stride as large as the window")

    def _counts(self, lengths: tuple[int, ...]) -> tuple[int, ...]:
        """How many windows there are along each axis."""
        counts = []
        for length, before, after, size, stride in zip(
            lengths, self.before, self.after, self.covered, self.stride, strict=True
        ):
            padded = length + before + after
            if padded < size:
                raise GraphError(f"node {self.name!r}: a window of {size} does not fit into {padded} numbers")
            counts.append((padded - size) // stride + 1)
        return tuple(counts)

    def _check_divisors(self, lengths: tuple[int, ...], counts: tuple[int, ...]) -> None:
        """Refuse a window of padding alone, whose mean would be divided by zero."""
        for length, before, size, stride, count in zip(
            lengths, self.before, self.covered, self.stride, counts, strict=True
        ):
            if size <= before or (count - 1) * stride >= before + length:
                raise GraphError(f"node {self.name!r}: a window holds nothing but padding, and has no mean")
