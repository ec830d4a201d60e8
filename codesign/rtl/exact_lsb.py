"""What of alkaid's own passes is not exact, put right while our logic is traced.

alkaid finds a number's lowest set bit in float32; here it is found in float64, so that wide numbers are exact. And it
takes a bit of a shifted number for the highest one of the number itself where both have the same weight; here not.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alkaid import _binary
from alkaid.trace import affine_interval, fixed_variable, fixed_variable_array, tracer
from alkaid.trace.passes import canon
from alkaid.types import CombLogic

_LSB = "get_lsb_loc"
_MSB = "canonicalize_msb_wraps"
_MODULES = (affine_interval, canon, fixed_variable, fixed_variable_array, tracer)
_LOCK = threading.RLock()


def lowest_bit(x: float) -> int:
    """The exponent of the lowest set bit of a float64; alkaid's own answer for zero."""
    if x == 0:
        return int(_binary.get_lsb_loc(0.0))
    numerator, denominator = math.fabs(float(x)).as_integer_ratio()
    return (numerator & -numerator).bit_length() - denominator.bit_length()


def _unchanged(logic: CombLogic) -> CombLogic:
    return logic


@contextmanager
def exact_lowest_bits() -> Iterator[None]:
    """Inside, alkaid keeps the steps of its ranges exactly for numbers of up to 53 bits, and bits where they are."""
    replaced: list[tuple[Any, str, Any]] = [(module, _LSB, lowest_bit) for module in _MODULES]
    replaced.append((canon, _MSB, _unchanged))
    with _LOCK:
        before = [getattr(module, name) for module, name, _ in replaced]
        for module, name, function in replaced:
            setattr(module, name, function)
        try:
            yield
        finally:
            for (module, name, _), function in zip(replaced, before, strict=True):
                setattr(module, name, function)
