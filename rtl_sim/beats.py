"""Frames of numbers as the words of a stream's signals, beat by beat, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from rtl_sim.interface import Stream
from rtl_sim.packing import Bytes, pack, unpack, word_bytes


class FrameError(Exception):
    """Numbers that a stream cannot carry."""


def elements(stream: Stream) -> int:
    """Numbers in a frame."""
    return stream.elements or stream.lanes * stream.beats


def slot(stream: Stream) -> int:
    """Bits from one lane to the next."""
    return stream.slot or stream.bits


def bounds(stream: Stream) -> tuple[int, int]:
    """The smallest and the largest number that it carries."""
    if stream.signed:
        return -(1 << (stream.bits - 1)), (1 << (stream.bits - 1)) - 1
    return 0, (1 << stream.bits) - 1


def lanes_of_signal(stream: Stream) -> int:
    """Lanes in each of the data signals.

    Raises:
        FrameError: the lanes cannot be shared out evenly.
    """
    count, rest = divmod(stream.lanes, len(stream.data))
    if rest:
        raise FrameError(f"stream {stream.name!r} has {stream.lanes} lanes for {len(stream.data)} data signals")
    return count


def width(stream: Stream) -> int:
    """Bits of each of the data signals."""
    return lanes_of_signal(stream) * slot(stream)


def lanes_in(stream: Stream, beat: int) -> int:
    """Lanes that hold a number in a beat of the frame: all, but in the last one."""
    return min(stream.lanes, elements(stream) - beat * stream.lanes)


def masks(stream: Stream, beat: int) -> tuple[int, ...]:
    """By data signal, the bits that hold numbers in a beat of the frame; nobody looks at the others."""
    each, step = lanes_of_signal(stream), slot(stream)
    used = lanes_in(stream, beat)
    one = (1 << stream.bits) - 1
    return tuple(
        sum(one << (lane * step) for lane in range(each) if signal * each + lane < used)
        for signal in range(len(stream.data))
    )


def keep(stream: Stream, beat: int) -> int:
    """TKEEP of a beat of the frame: the bytes that numbers reach into."""
    return (1 << word_bytes(lanes_in(stream, beat) * slot(stream))) - 1


def to_beats(stream: Stream, frames: npt.NDArray[Any]) -> dict[str, Bytes]:
    """The words that carry frames.

    Args:
        stream: that carries them.
        frames: (n, ...) integers, flattened in row-major order.

    Returns:
        By data signal, (n * beats, bytes) little-endian words; lanes without a number hold 0.

    Raises:
        FrameError: the frames are of another size, no integers, or beyond the stream's bits.
    """
    size, count = elements(stream), len(frames)
    flat = np.asarray(frames).reshape(count, -1 if count else size)
    if flat.shape[1] != size or (flat.dtype.kind not in "iu" and flat.dtype != object):
        raise FrameError(
            f"stream {stream.name!r} carries frames of {size} integers, not {flat.dtype} of shape {np.shape(frames)}"
        )
    low, high = (
        (-(1 << (stream.bits - 1)), (1 << (stream.bits - 1)) - 1) if stream.signed else (0, (1 << stream.bits) - 1)
    )
    if flat.size and (int(flat.min()) < low or int(flat.max()) > high):
        raise FrameError(
            f"stream {stream.name!r} carries integers in [{low}, {high}], but the frames span "
            f"[{flat.min()}, {flat.max()}]"
        )
    full = np.zeros((count, stream.beats * stream.lanes), dtype=flat.dtype)
    full[:, :size] = flat.reshape(count, size)
    each, step = lanes_of_signal(stream), slot(stream)
    lanes = full.reshape(count * stream.beats, len(stream.data), each)
    if step != stream.bits:
        # The bits between a number and the next lane hold 0, whatever its sign.
        lanes = np.asarray(lanes.astype(object) & ((1 << stream.bits) - 1))
        lanes = lanes.astype(np.int64) if step <= 62 else lanes
    return {signal: pack(lanes[:, index], step) for index, signal in enumerate(stream.data)}


def from_beats(stream: Stream, words: Mapping[str, Bytes], frames: int) -> npt.NDArray[Any]:
    """The numbers that the first `frames * beats` words carry.

    Returns:
        (frames, elements) int64, or Python integers in an object array where a slot is wider than 62 bits.
    """
    each, step = lanes_of_signal(stream), slot(stream)
    beats = frames * stream.beats
    columns = [unpack(words[signal][:beats], each, step, signed=False) for signal in stream.data]
    slots = np.stack(columns, axis=1).reshape(frames, stream.beats * stream.lanes)[:, : elements(stream)]
    one, sign = (1 << stream.bits) - 1, 1 << (stream.bits - 1)
    numbers = slots & one
    return np.asarray((numbers ^ sign) - sign if stream.signed else numbers)
