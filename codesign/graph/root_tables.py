"""The constants of hls4ml's layer normalization: its table of inverse square roots, and what makes sums means."""

from __future__ import annotations

import numpy as np

from codesign.graph.convert import from_float
from codesign.graph.fixed_point import FixedPoint
from codesign.graph.nodes import IntArray, frozen


def inverse_roots(epsilon_power: int, range_power: int, entries: int, type_: FixedPoint) -> IntArray:
    """Inverse square roots as the C++ makes them, in `float` (nnet_layernorm.h).

    Args:
        epsilon_power: the first entry is that of `10**-epsilon_power`.
        range_power: the table reaches to `2**-range_power` beyond it.
        entries: of the table.
        type_: of its entries.

    Returns:
        (entries,) integers of `type_`.
    """
    low, high = np.float32(10.0**-epsilon_power), np.float32(2.0**-range_power)
    step = high / np.float32(entries)
    places = low + step * np.arange(entries).astype(np.float32)
    with np.errstate(divide="ignore"):
        return frozen(from_float(1.0 / np.sqrt(places).astype(np.float64), type_))


def mean_factor(length: int, accumulator: FixedPoint) -> int:
    """What a sum of `length` numbers is multiplied by to be their mean, as the integer of the accumulator's type."""
    return int(from_float(np.array([1.0 / length]), accumulator)[0])
