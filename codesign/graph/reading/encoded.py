"""Vivado's encoded convolutions: whether their table of instructions sends every number into the right windows."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

from codesign.errors import UnsupportedLayerError


def check_encoded(node: Any, axes: tuple[str, ...]) -> None:
    """Refuse a streamed convolution whose instructions do not make the windows of a convolution.

    Args:
        node: an hls4ml convolution of implementation `encoded`.
        axes: `width`, or `height` and `width`.

    Raises:
        UnsupportedLayerError: naming the layer.
    """
    have = [int(length) for length in node.get_input_variable().shape[: len(axes)]]
    kernel = [int(node.get_attr(f"filt_{axis}")) for axis in axes]
    strides = [int(node.get_attr(f"stride_{axis}")) for axis in axes]
    least = [int(node.get_attr(f"min_{axis}")) for axis in axes]
    table = [int(text) for text in str(node.get_attr("instructions")).split(",")]
    lines = [
        list(range(length)) if length == shortest else [_scaled(at, size, step, length) for at in range(length)]
        for length, shortest, size, step in zip(have, least, kernel, strides, strict=True)
    ]
    if len(set(kernel)) > 1 or not _are_windows(have, kernel, strides, lines, table, least[-1]):
        raise UnsupportedLayerError(
            f"layer {node.name!r} has windows {tuple(kernel)} with strides {tuple(strides)} over {tuple(have)} values, "
            "for which hls4ml's encoded implementation reads beyond its table, or other windows; "
            "use ConvImplementation LineBuffer"
        )


def _scaled(at: int, size: int, step: int, length: int) -> int:
    """Where in the table of the smallest equal line a place is looked up (nnet_conv_stream.h, scale_index_regular)."""
    lead = abs(size - step)
    if at < lead:
        return at
    end = (length - size) // step * step + size
    short = (-(-max(size, step) // min(size, step)) - 1) * step + size
    if at >= end:
        return short
    return short - (end - at) if end - at <= lead else lead + (at - lead) % step


def _are_windows(
    have: list[int], kernel: list[int], strides: list[int], lines: list[list[int]], table: list[int], row: int
) -> bool:
    """Whether the queues that the table fills give the windows of a convolution, in order.

    Args:
        have: lengths of the source.
        kernel: lengths of a window.
        strides: between windows.
        lines: for each axis, where its places are looked up.
        table: for each place, a bit for each of a window's places that take the number.
        row: entries of the table for one place of the first axis.
    """
    count = math.prod(kernel)
    queues: list[deque[int]] = [deque() for _ in range(count)]
    found = []
    heights, widths = (lines[0], lines[1]) if len(lines) > 1 else ([0], lines[0])
    for y, up in enumerate(heights):
        for x, along in enumerate(widths):
            index = up * row + along
            if index >= len(table):
                return False
            for place in range(count):
                if table[index] >> place & 1:
                    queues[place].append(y * len(widths) + x)
            if table[index] >> (count - 1) & 1:
                if not all(queues):
                    return False
                found.append([queue.popleft() for queue in queues])
    tall, wide = (kernel[0], kernel[1]) if len(kernel) > 1 else (1, kernel[0])
    down, right = (strides[0], strides[1]) if len(strides) > 1 else (1, strides[0])
    expected = [
        [(top + y) * len(widths) + left + x for y in range(tall) for x in range(wide)]
        for top in range(0, len(heights) - tall + 1, down)
        for left in range(0, len(widths) - wide + 1, right)
    ]
    return found == expected and not any(queues)
