"""The narrowest type that holds given numbers exactly."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from codesign.errors import WeightError
from codesign.graph.fixed_point import FixedPoint, narrowest

MAX_EXACT_WIDTH = 63


def fraction_bits(values: npt.NDArray[np.float64]) -> int:
    """Fraction bits that hold every value exactly; negative where all are multiples of a higher power of two."""
    nonzero = values[values != 0]
    if nonzero.size == 0:
        return 0
    mantissa, exponent = np.frexp(nonzero)
    whole = np.ldexp(mantissa, 53).astype(np.int64)
    trailing = np.log2((whole & -whole).astype(np.float64)).astype(np.int64)
    return int((53 - trailing - exponent).max())


def exact_type(values: npt.ArrayLike, *, name: str) -> FixedPoint:
    """The narrowest type (TRN, WRAP) that holds every value exactly, with at least 0 fraction bits.

    Args:
        values: finite floats.
        name: what they are, for messages.

    Raises:
        WeightError: a value is NaN or infinite, or more than 63 bits would be needed.
    """
    array = np.asarray(values, dtype=np.float64)
    check_finite(array, name=name)
    fraction = max(fraction_bits(array), 0)
    low = Fraction(float(array.min())) if array.size else Fraction(0)
    high = Fraction(float(array.max())) if array.size else Fraction(0)
    found = narrowest(min(low, Fraction(0)), max(high, Fraction(0)), fraction)
    if found.width > MAX_EXACT_WIDTH:
        raise WeightError(
            f"{name} needs {found.width} bits to be held exactly, at most {MAX_EXACT_WIDTH} are supported; "
            "quantize it in the model (for example quantized_bits(8,0,alpha=1)) or state its type in --precision"
        )
    return found


def holds_exactly(type_: FixedPoint, values: npt.ArrayLike) -> bool:
    """Whether every value is one of the type's numbers."""
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0:
        return True
    if fraction_bits(array) > type_.fraction:
        return False
    return type_.low <= Fraction(float(array.min())) and Fraction(float(array.max())) <= type_.high


def check_finite(values: npt.NDArray[np.float64], *, name: str) -> None:
    """Refuse NaN and infinity.

    Raises:
        WeightError: saying how many.
    """
    bad = int(np.count_nonzero(~np.isfinite(values)))
    if bad:
        raise WeightError(f"{name} holds {bad} values that are NaN or infinite; train the model again or mend them")
