"""Numbers in and out of packed buses: element i at bits [i*bits + bits - 1 : i*bits], two's complement if signed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]


def word_bytes(bits: int) -> int:
    """Bytes that hold a word of so many bits."""
    return (bits + 7) // 8


def pack(values: npt.NDArray[Any], bits: int) -> Bytes:
    """Words of a bus, little-endian bytes.

    Args:
        values: (n, elements) integers; of each the low `bits` bits are taken.
        bits: of an element.

    Returns:
        (n, ceil(elements * bits / 8)) bytes.
    """
    count, elements = values.shape
    if bits <= 62 and values.dtype != object:
        fields = (values.astype(np.int64)[:, :, None] >> np.arange(bits)) & 1
        flat = fields.astype(np.uint8).reshape(count, elements * bits)
        return np.packbits(flat, axis=1, bitorder="little")
    mask = (1 << bits) - 1
    size = word_bytes(elements * bits)
    rows = []
    for row in values.tolist():
        word = 0
        for index, value in enumerate(row):
            word |= (int(value) & mask) << (index * bits)
        rows.append(np.frombuffer(word.to_bytes(size, "little"), dtype=np.uint8))
    return np.array(rows, dtype=np.uint8).reshape(count, size)


def unpack(words: Bytes, elements: int, bits: int, *, signed: bool) -> npt.NDArray[Any]:
    """The numbers in words of a bus.

    Returns:
        (n, elements) int64, or Python integers in an object array where elements are wider than 62 bits.
    """
    count = words.shape[0]
    if bits <= 62:
        flat = np.unpackbits(words, axis=1, bitorder="little")[:, : elements * bits]
        fields = flat.reshape(count, elements, bits).astype(np.int64)
        weights = np.int64(1) << np.arange(bits, dtype=np.int64)
        if signed:
            weights[-1] = -weights[-1]
        return np.asarray(fields @ weights, dtype=np.int64)
    mask, sign = (1 << bits) - 1, 1 << (bits - 1)
    found = np.empty((count, elements), dtype=object)
    for row in range(count):
        word = int.from_bytes(words[row].tobytes(), "little")
        for index in range(elements):
            value = (word >> (index * bits)) & mask
            found[row, index] = value - (1 << bits) if signed and value & sign else value
    return found


def to_words(rows: Bytes) -> list[int]:
    """Each row of little-endian bytes as one integer."""
    return [int.from_bytes(row.tobytes(), "little") for row in rows]


def to_rows(words: Sequence[int], bits: int) -> Bytes:
    """Integers as rows of little-endian bytes, for a bus of so many bits."""
    size = word_bytes(bits)
    joined = b"".join(word.to_bytes(size, "little") for word in words)
    return np.frombuffer(joined, dtype=np.uint8).reshape(len(words), size)
