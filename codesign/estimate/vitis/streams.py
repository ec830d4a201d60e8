"""What io_stream adds: loops over the numbers of a stream, line buffers, and FIFOs between layers."""

from __future__ import annotations

import math

from codesign.errors import UnsupportedLayerError
from codesign.estimate.conditions import Conditions, IoType
from codesign.estimate.vitis.fabric import Cost
from codesign.graph import Node, Reshape

_PROCESS = Cost(lut=38, ff=3)
"""A process of one step: what starts and ends it."""
_LOOP = Cost(lut=62, ff=8)
"""A process with a loop: its counter and its comparison too."""
_COUNTERS, _COUNTERS_CALLED = Cost(lut=288, ff=92), Cost(lut=288, ff=131)
"""Two counters of 32 bits along an axis (place and stride); in a function of its own they are copied at its start."""
_WINDOW_CALL = Cost(lut=139, ff=16)
"""The loop around a function that computes one window."""
_ROW_LUTS_PER_BIT, _SHIFT_LUTS = 1.75, 9
"""A line of a line buffer is shift registers; a place of a copied window is written through a multiplexer."""
_ROW_CONTROL = 4
LINE_NS = 1.3
"""What shifting a line buffer takes before a window is computed."""
_SRL_DEPTH, _SRL_BITS = 2, 1024
"""A FIFO of at most that depth, or as many bits, is made of shift registers (UG1399, config_storage)."""
_BLOCK_WORDS, _BLOCK_BITS = 1024, 18


def streams(conditions: Conditions) -> bool:
    """Whether tensors pass between layers piece by piece."""
    return conditions.io_type is IoType.STREAM


def require_parallel(node: Node, conditions: Conditions) -> None:
    """Refuse a layer that hls4ml has in io_parallel only.

    Raises:
        UnsupportedLayerError: naming it.
    """
    if streams(conditions):
        raise UnsupportedLayerError(
            f"layer {node.name!r}: hls4ml has no C++ of {type(node).__name__} for io_stream; use io_parallel, or "
            "--flow rtl"
        )


def pieces(shape: tuple[int, ...]) -> int:
    """The pieces in which a tensor passes through a stream: all along its last axis at once."""
    return math.prod(shape[:-1])


def loop_cycles(trips: int, interval: int, depth: int) -> int:
    """Latency of a process: a pipelined loop, its start and its end.

    Args:
        trips: iterations.
        interval: clocks from one to the next.
        depth: clocks of one iteration.
    """
    return (trips - 1) * interval + depth + 1


def process(trips: int) -> Cost:
    """What starts, counts and ends a process."""
    return _PROCESS if trips <= 1 else _LOOP


def window_counters(axes: int, *, called: bool) -> Cost:
    """The places and strides along each axis that say when a window is complete.

    Args:
        axes: of the window.
        called: the window is computed by a function of its own.
    """
    return (_COUNTERS_CALLED if called else _COUNTERS).times(axes)


def window_call() -> Cost:
    """The loop around a function for one window."""
    return _WINDOW_CALL


def line_buffer(kernel: tuple[int, ...], channels: int, width: int, *, copied: bool) -> Cost:
    """Rows that wait, and the window that they shift into, once more where it is computed a clock later.

    Args:
        kernel: lengths of the window.
        channels: of the stream.
        width: bits of a number.
        copied: the window is computed a clock after it shifts.
    """
    rows, columns = (1, *kernel)[-2:]
    waiting = (rows - 1) * width * _ROW_LUTS_PER_BIT
    window = math.prod(kernel) * width
    if not copied:
        return Cost(lut=waiting, ff=window).times(channels)
    shifting = _SHIFT_LUTS * rows * (columns - 1) + _ROW_CONTROL * (rows - 1)
    return Cost(lut=waiting + shifting, ff=2 * window).times(channels)


def fifo(width: int, depth: int) -> Cost:
    """A FIFO with what it is read and written through.

    Args:
        width: bits of a piece.
        depth: pieces.
    """
    if depth <= _SRL_DEPTH:
        return Cost(lut=width + 50, ff=2 * width)
    if width * depth <= _SRL_BITS:
        return Cost(lut=width + 50, ff=width + 99)
    blocks = math.ceil(width / _BLOCK_BITS) * math.ceil(depth / _BLOCK_WORDS)
    return Cost(lut=50, ff=width + 153, bram18=blocks)


def repacks(node: Reshape, source: Node) -> bool:
    """Whether a reshape of a stream is a process of its own: where its pieces change, unless it is flattened."""
    return len(node.shape) > 1 and source.shape[-1] != node.shape[-1]
