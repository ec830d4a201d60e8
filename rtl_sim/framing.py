"""What becomes of frames whose TLAST is wrong, in a design that gives each TLAST one answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rtl_sim.beats import elements
from rtl_sim.interface import Stream


def resynced(stream: Stream, frames: npt.NDArray[Any], last: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    """The frames that such a design makes of beats.

    Args:
        stream: an input.
        frames: (n, ...) integers, as they were cut into beats.
        last: (n * beats,) TLAST of each beat.

    Returns:
        (m, ...) integers: one frame for each TLAST but what follows the last of them; beats that lacked are 0, surplus
        ones are dropped.
    """
    count, size = len(frames), elements(stream)
    full = np.zeros((count, stream.beats * stream.lanes), dtype=frames.dtype)
    full[:, :size] = frames.reshape(count, size)
    beats = full.reshape(count * stream.beats, stream.lanes)
    made: list[npt.NDArray[Any]] = []
    begin = 0
    for end in np.flatnonzero(last):
        frame = np.zeros((stream.beats, stream.lanes), dtype=frames.dtype)
        kept = beats[begin : min(int(end) + 1, begin + stream.beats)]
        frame[: len(kept)] = kept
        made.append(frame.reshape(-1)[:size])
        begin = int(end) + 1
    return np.array(made, dtype=frames.dtype).reshape(len(made), *frames.shape[1:])
