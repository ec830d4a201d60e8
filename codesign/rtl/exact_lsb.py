"""alkaid finds a number's lowest set bit in float32; here it is found in float64, so that wide numbers are exact."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from alkaid import _binary
from alkaid.trace import affine_interval, fixed_variable, fixed_variable_array, tracer
from alkaid.trace.passes import canon

_NAME = "get_lsb_loc"
_MODULES = (affine_interval, canon, fixed_variable, fixed_variable_array, tracer)
_LOCK = threading.RLock()


def lowest_bit(x: float) -> int:
    """The exponent of the lowest set bit of a float64; alkaid's own answer for zero."""
    if x == 0:
        return int(_binary.get_lsb_loc(0.0))
    numerator, denominator = math.fabs(float(x)).as_integer_ratio()
    return (numerator & -numerator).bit_length() - denominator.bit_length()


@contextmanager
def exact_lowest_bits() -> Iterator[None]:
    """Inside, alkaid keeps the steps of its ranges exactly for numbers of up to 53 bits."""
    with _LOCK:
        before = [getattr(module, _NAME) for module in _MODULES]
        for module in _MODULES:
            setattr(module, _NAME, lowest_bit)
        try:
            yield
        finally:
            for module, function in zip(_MODULES, before, strict=True):
                setattr(module, _NAME, function)
