"""Frames to feed: random over all that a stream can carry, or the largest, the smallest and their neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rtl_sim.beats import bounds, elements
from rtl_sim.interface import Stream
from rtl_sim.scenario import Words


def corners(stream: Stream) -> list[int]:
    """The largest and the smallest number, those beside them, and those around 0."""
    low, high = bounds(stream)
    near = {low, low + 1, low // 2, -1, 0, 1, high // 2, high - 1, high}
    return sorted(number for number in near if low <= number <= high)


def _uniform(stream: Stream, shape: tuple[int, int], rng: np.random.Generator) -> npt.NDArray[Any]:
    low, high = bounds(stream)
    if stream.bits <= 62:
        return rng.integers(low, high, size=shape, endpoint=True)
    drawn = np.empty(shape, dtype=object)
    for place in np.ndindex(shape):
        drawn[place] = low + int.from_bytes(rng.bytes((stream.bits + 7) // 8), "little") % (high - low + 1)
    return drawn


def draw_frames(stream: Stream, words: Words, count: int, rng: np.random.Generator) -> npt.NDArray[Any]:
    """Frames for an input.

    Args:
        stream: the input.
        words: which numbers.
        count: of frames.
        rng: draws them.

    Returns:
        (count, elements) integers, in an object array where they are wider than 62 bits. EXTREME begins with a frame
        of each corner throughout; then every frame mixes corners, with other numbers among them in every second one.
    """
    shape = (count, elements(stream))
    random = _uniform(stream, shape, rng)
    if words is Words.RANDOM:
        return random
    edge = np.array(corners(stream), dtype=random.dtype)
    frames = edge[rng.integers(0, len(edge), size=shape)]
    mixed = rng.random(shape) < 0.25
    mixed[::2] = False
    frames = np.where(mixed, random, frames)
    for number, corner in enumerate(edge[:count]):
        frames[number] = corner
    return np.asarray(frames)
