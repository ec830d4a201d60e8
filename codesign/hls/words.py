"""Integers as the raw bits of `ap_fixed`, in little-endian 64-bit words, and back; floats as those of doubles."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from codesign.graph import FixedPoint
from codesign.graph.cast import Integers
from codesign.graph.floating import from_doubles, to_doubles

Words = npt.NDArray[np.uint64]

BITS = 64
_MASK = (1 << BITS) - 1
_INT64_BITS = 62  # wider types are kept as Python integers, as the simulator keeps them


def words_each(type_: FixedPoint) -> int:
    """64-bit words that one number of a type takes."""
    return 1 if type_.significant is not None else -(-type_.width // BITS)


def to_words(values: Integers, type_: FixedPoint) -> Words:
    """The bits of integers, the lowest word first, zero above the type's width.

    Args:
        values: (samples, ...) integers of `type_`.
        type_: their type.

    Returns:
        (samples, numbers * words of each).
    """
    flat = values.reshape(values.shape[0], math.prod(values.shape[1:]))
    if type_.significant is not None:
        return to_doubles(flat, type_).view("<u8")
    if type_.width <= _INT64_BITS:
        return (flat.astype(np.int64) & ((1 << type_.width) - 1)).astype("<u8")
    mask = (1 << type_.width) - 1
    whole = np.array([int(value) & mask for value in flat.ravel()], dtype=object).reshape(flat.shape)
    limbs = [(whole >> (BITS * index)) & _MASK for index in range(words_each(type_))]
    return np.stack(limbs, axis=-1).astype("<u8").reshape(flat.shape[0], flat.shape[1] * len(limbs))


def from_words(words: Words, type_: FixedPoint, shape: tuple[int, ...]) -> Integers:
    """The integers of a type whose bits are in `words`; the inverse of `to_words`.

    Args:
        words: (samples, numbers * words of each).
        type_: of the numbers.
        shape: of one sample.

    Returns:
        (samples, *shape): int64, or Python integers in an object array where the type is wider than 62 bits.

    Raises:
        PrecisionError: a float is infinite or not a number.
    """
    samples = words.shape[0]
    if type_.significant is not None:
        doubles = np.ascontiguousarray(words).view("<f8")
        return from_doubles(doubles, type_).reshape(samples, *shape)
    if type_.width <= _INT64_BITS:
        values = words.astype(np.int64)
        if type_.signed:
            half = 1 << (type_.width - 1)
            values = (values ^ half) - half
        return values.reshape(samples, *shape)
    limbs = words.astype(object).reshape(samples, math.prod(shape), words_each(type_))
    whole = np.zeros(limbs.shape[:2], dtype=object)
    for index in range(limbs.shape[2]):
        whole = whole + (limbs[:, :, index] << (BITS * index))
    if type_.signed:
        half = 1 << (type_.width - 1)
        whole = (whole ^ half) - half
    return whole.reshape(samples, *shape)
