"""Between floats and the integers of a fixed-point type."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codesign.errors import InputDataError
from codesign.graph.cast import Integers, cast, count, narrow
from codesign.graph.fixed_point import FixedPoint


@dataclass(frozen=True)
class Quantized:
    """Floats brought onto a type's grid.

    Attributes:
        values: integers of the type, in the shape of the floats.
        rounded: how many floats were not on the grid.
        overflowed: how many were outside the range.
    """

    values: Integers
    rounded: int
    overflowed: int


def to_integers(values: npt.ArrayLike, to: FixedPoint, *, name: str = "input") -> Quantized:
    """Cast floats as `ap_fixed(double)` does: exactly, by the type's own modes.

    Raises:
        InputDataError: the values are not numbers, or some are NaN or infinite.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise InputDataError(f"{name} has dtype {array.dtype}; give floats or integers")
    if array.dtype.kind != "f":
        return _cast_all(array.astype(object) if array.dtype == np.uint64 else array.astype(np.int64), 0, to)
    floats = array.astype(np.float64) if array.dtype.itemsize <= 8 else array
    bad = int(np.count_nonzero(~np.isfinite(floats)))
    if bad:
        raise InputDataError(f"{name} holds {bad} values that are NaN or infinite; give finite numbers")
    scaled = np.ldexp(floats, to.fraction)
    if np.all(np.abs(scaled) < 2.0**52) and np.all(scaled == np.floor(scaled)):
        return _cast_all(scaled.astype(np.int64), to.fraction, to)
    mantissa, exponent = np.frexp(floats)
    whole = np.ldexp(mantissa, 53).astype(np.int64)
    lowest = int(exponent[floats != 0].min()) if np.any(floats != 0) else 0
    shifts = np.where(floats != 0, exponent - lowest, 0)
    exact = np.array([int(m) << int(s) for m, s in zip(whole.ravel(), shifts.ravel(), strict=True)], dtype=object)
    return _cast_all(exact.reshape(floats.shape), 53 - lowest, to)


def from_float(values: npt.NDArray[np.float64], to: FixedPoint) -> Integers:
    """As `to_integers`, with infinities taken as numbers beyond every type, as `ap_fixed(double)` takes them."""
    beyond = float(2.0 ** (to.width + abs(to.integer) + 64))
    return to_integers(np.where(np.isinf(values), np.copysign(beyond, values), values), to).values


def _cast_all(values: Integers, fraction: int, to: FixedPoint) -> Quantized:
    values = narrow(values)
    counts = count(values, fraction, to)
    return Quantized(cast(values, fraction, to), counts.rounded, counts.overflowed)


def to_floats(values: Integers, type_: FixedPoint) -> npt.NDArray[np.float64]:
    """The numbers that the integers stand for; exact up to 53 significant bits, nearest beyond."""
    if values.dtype == object:
        return (
            np.array([float(v) for v in values.ravel()], dtype=np.float64).reshape(values.shape) * 2.0**-type_.fraction
        )
    return np.ldexp(values.astype(np.float64), -type_.fraction)
