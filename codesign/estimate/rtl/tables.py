"""LUTs of a function of some bits that is given as a table: its different parts, each of one LUT."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def columns(words: npt.NDArray[np.object_] | list[int], width: int) -> npt.NDArray[np.uint8]:
    """(width, entries) bits of each word, the lowest first."""
    numbers = np.array([int(word) for word in words], dtype=object)
    return np.array([[(number >> bit) & 1 for number in numbers] for bit in range(width)], dtype=np.uint8)


def table_luts(bits: npt.NDArray[np.uint8], inputs: int) -> int:
    """LUTs of several functions of the same bits.

    A function of more bits than a LUT has inputs is cut into parts that fix the upper ones; equal parts count once, and
    those that are constant or a single bit not at all. Multiplexers between the parts are not counted: all families
    but iCE40 have some that are no LUTs.

    Args:
        bits: (functions, entries) values, the entries a power of two.
        inputs: of a LUT.
    """
    entries = bits.shape[1]
    size = min(entries, 1 << inputs)
    parts = np.unique(np.packbits(bits.reshape(-1, size), axis=1), axis=0)
    values = np.unpackbits(parts, axis=1)[:, :size]
    index = np.arange(size)
    single = [((index >> bit) & 1).astype(np.uint8) for bit in range(size.bit_length() - 1)]
    trivial = values.min(axis=1) == values.max(axis=1)
    for column in single:
        trivial |= (values == column).all(axis=1) | (values == 1 - column).all(axis=1)
    # A part and its opposite are one LUT with an inverter that the next one takes in.
    kept = values[~trivial]
    folded = np.where(kept[:, :1] == 1, 1 - kept, kept)
    return int(np.unique(folded, axis=0).shape[0]) if len(folded) else 0
