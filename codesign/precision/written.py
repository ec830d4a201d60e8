"""Numbers that a model gives, in another type, as hls4ml writes them."""

from __future__ import annotations

import numpy as np

from codesign.graph import FixedPoint, IntArray, frozen
from codesign.graph.convert import from_float, to_floats
from codesign.graph.exact import fraction_bits


def rewritten(values: IntArray, old: FixedPoint, new: FixedPoint) -> IntArray:
    """The integers of a new type for the numbers that integers of an old one stand for.

    hls4ml prints a number with as many decimal places as its type has fraction bits (`WeightVariable`), and `ap_fixed`
    takes that text by its modes. A number that the new grid holds comes out as it went in; of others the text may
    already be rounded.

    Args:
        values: integers of `old`, of any shape; at most 53 bits of each may be significant.
        old: a fixed-point type.
        new: a fixed-point type.
    """
    if old.same_grid(new):
        return values
    numbers = to_floats(values, old)
    if numbers.size and fraction_bits(numbers) > new.fraction:
        places = max(new.fraction, 0)
        texts = [f"{number:.{places}f}" for number in numbers.ravel().tolist()]
        numbers = np.array([float(text) for text in texts], dtype=np.float64).reshape(numbers.shape)
    return frozen(from_float(numbers, new))
