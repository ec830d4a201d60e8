"""Between floats and the integers of a fixed-point type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.errors import InputDataError
from codesign.graph.cast import Integers, cast, count, narrow
from codesign.graph.fixed_point import FixedPoint
from codesign.graph.floating import to_doubles
from codesign.graph.grid import Grid, grid_dtype


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


# Numbers brought onto a grid at a time: enough to amortize the calls, few enough to stay in a cache.
_CHUNK = 1 << 16


def check_numbers(array: npt.NDArray[Any], *, name: str) -> None:
    """Refuse what is no number.

    Raises:
        InputDataError: the dtype is none of floats or integers.
    """
    if array.dtype.kind not in "fiub":
        raise InputDataError(f"{name} has dtype {array.dtype}; give floats or integers")


def check_finite(array: npt.NDArray[Any], *, name: str) -> None:
    """Refuse NaN and infinity.

    Raises:
        InputDataError: saying how many.
    """
    if array.dtype.kind != "f":
        return
    flat = array.reshape(-1)
    bad = sum(int(np.count_nonzero(~np.isfinite(flat[i : i + _CHUNK]))) for i in range(0, flat.size, _CHUNK))
    if bad:
        raise InputDataError(f"{name} holds {bad} values that are NaN or infinite; give finite numbers")


def to_integers(values: npt.ArrayLike, to: FixedPoint, *, name: str = "input") -> Quantized:
    """Cast floats as `ap_fixed(double)` does: exactly, by the type's own modes.

    Raises:
        InputDataError: the values are not numbers, or some are NaN or infinite.
    """
    array = np.asarray(values)
    check_numbers(array, name=name)
    dtype = grid_dtype(array, to)
    if dtype is None:
        check_finite(array, name=name)
        return _exactly(array, to)
    grid = Grid(to, dtype, min(_CHUNK, array.size))
    integers = np.empty(array.size, dtype=np.int64)
    rounded = overflowed = 0
    flat = array.reshape(-1)
    for start in range(0, array.size, _CHUNK):
        part = flat[start : start + _CHUNK]
        counts = grid.put(part, integers[start : start + _CHUNK])
        if counts is None:
            check_finite(array, name=name)
            exact = _exactly(part, to)
            integers[start : start + _CHUNK] = exact.values
            counts = exact.rounded, exact.overflowed
        rounded, overflowed = rounded + counts[0], overflowed + counts[1]
    return Quantized(integers.reshape(array.shape), rounded, overflowed)


def _exactly(array: npt.NDArray[Any], to: FixedPoint) -> Quantized:
    """Any finite numbers, in integers as wide as they need."""
    if array.dtype.kind != "f":
        return _cast_all(array.astype(object) if array.dtype == np.uint64 else array.astype(np.int64), 0, to)
    floats = array.astype(np.float64) if array.dtype.itemsize <= 8 else array
    with np.errstate(over="ignore", under="ignore"):
        scaled = np.ldexp(floats, to.fraction)
        back = np.ldexp(scaled, -to.fraction)
    if np.all(np.abs(scaled) < 2.0**52) and np.all(scaled == np.floor(scaled)) and np.array_equal(back, floats):
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


def ap_int_from_float(values: npt.NDArray[np.float64], to: FixedPoint) -> Integers:
    """As `from_float`, but as `ap_int(float)` does it: the fraction cut off, and 1 for what lies between -1/2 and 0."""
    whole = np.trunc(np.where(np.isinf(values), 0.0, values))
    return from_float(np.where((values < 0) & (values > -0.5), 1.0, whole), to)


def _cast_all(values: Integers, fraction: int, to: FixedPoint) -> Quantized:
    values = narrow(values)
    counts = count(values, fraction, to)
    return Quantized(cast(values, fraction, to), counts.rounded, counts.overflowed)


def to_floats(values: Integers, type_: FixedPoint) -> npt.NDArray[np.float64]:
    """The numbers that the integers stand for; exact up to 53 significant bits, nearest beyond."""
    if type_.significant is not None:
        return to_doubles(values, type_)
    if values.dtype == object:
        return (
            np.array([float(v) for v in values.ravel()], dtype=np.float64).reshape(values.shape) * 2.0**-type_.fraction
        )
    if abs(type_.fraction) > 900:
        return np.ldexp(values.astype(np.float64), -type_.fraction)
    return np.multiply(values, 2.0**-type_.fraction, dtype=np.float64)
