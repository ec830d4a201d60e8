"""Many floats onto the grid of a fixed-point type at once, in float arithmetic that is exact."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.graph.fixed_point import FixedPoint, Overflow, Rounding

Floats = npt.NDArray[Any]

# How ties and the rest are moved from the number cut off towards zero: (up where d is, down where d is), d in (-1, 1).
_NEAREST: dict[Rounding, tuple[np.ufunc, np.ufunc]] = {
    Rounding.RND: (np.greater_equal, np.less),
    Rounding.RND_MIN_INF: (np.greater, np.less_equal),
    Rounding.RND_INF: (np.greater_equal, np.less_equal),
    Rounding.RND_ZERO: (np.greater, np.less),
}
_MANTISSA = {np.dtype(np.float32): 24, np.dtype(np.float64): 53}


def grid_dtype(values: npt.NDArray[Any], to: FixedPoint) -> np.dtype[Any] | None:
    """The float in which `Grid` brings these numbers onto a type's grid; None where neither float can."""
    if abs(to.fraction) > 900 or to.overflow is Overflow.WRAP_SM or values.dtype.itemsize > 8:
        return None
    small = values.dtype == np.float32 and 0 <= to.fraction <= 100
    dtype = np.dtype(np.float32 if small and to.width <= _MANTISSA[np.dtype(np.float32)] else np.float64)
    return dtype if to.width <= _MANTISSA[dtype] else None


class Grid:
    """Brings up to `room` floats at a time onto the grid of a type, as `to_integers` does, in memory of its own."""

    def __init__(self, to: FixedPoint, dtype: np.dtype[Any], room: int) -> None:
        """Memory for `room` floats of a dtype that `grid_dtype` gave."""
        self._to = to
        self._scale, self._back = dtype.type(2.0**to.fraction), dtype.type(2.0**-to.fraction)
        self._scaled = np.empty(room, dtype=dtype)
        self._whole = np.empty(0, dtype=dtype)  # made where `out` cannot serve
        self._room = room
        self._flags = np.empty(room, dtype=np.bool_)
        symmetric = to.overflow is Overflow.SAT_SYM and to.signed and to.width > 1
        self._low, self._high = -to.max_int if symmetric else to.min_int, to.max_int

    def put(self, values: npt.NDArray[Any], out: npt.NDArray[Any]) -> tuple[int, int] | None:
        """Integers of the type for some numbers.

        Args:
            values: floats or integers of any shape.
            out: where the integers go, in the same shape and any dtype that holds them.

        Returns:
            How many numbers were not on the grid, and how many outside the range; None where the arithmetic would
            not be exact, or a number is NaN or infinite: then `out` holds nothing of use.
        """
        if values.size == 0:
            return 0, 0
        scaled = self._scaled[: values.size].reshape(values.shape)
        whole = self._floored(values, out)
        flags = self._flags[: values.size].reshape(values.shape)
        if values.dtype.kind in "iu" and max(int(values.max()), -int(values.min())) >= 1 << 53:
            return None
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            np.multiply(values, self._scale, out=scaled, casting="unsafe", dtype=scaled.dtype)
            if self._to.fraction < 0 and not np.array_equal(np.multiply(scaled, self._back, out=whole), values):
                return None  # the float lost what lies below its range
            np.floor(scaled, out=whole)
            low, high = self._ends(whole)
        if not (np.isfinite(low) and np.isfinite(high)):
            return None
        rounded = 0
        if not np.equal(scaled, whole, out=flags).all():
            rounded = int(flags.size - np.count_nonzero(flags))
            self._round(scaled, whole)
            low, high = whole.min(), whole.max()
        outside = 0
        if low < self._low or high > self._high:
            outside = self._fit(whole, scaled, flags)
        if whole is not out:
            np.copyto(out, whole, casting="unsafe")
        return rounded, outside

    def _floored(self, values: npt.NDArray[Any], out: npt.NDArray[Any]) -> Floats:
        if out.dtype == self._scaled.dtype:
            return out
        if not self._whole.size:
            self._whole = np.empty(self._room, dtype=self._scaled.dtype)
        return self._whole[: values.size].reshape(values.shape)

    def _ends(self, whole: Floats) -> tuple[Any, Any]:
        """The smallest and the largest number, or the ends of the range where all are inside it."""
        if self._low == 0 and whole.dtype == np.float32:
            # As an unsigned word, a float that is negative, infinite or NaN is larger than any that is none of these.
            largest = whole.view(np.uint32).max()
            if largest <= whole.dtype.type(self._high).view(np.uint32):
                return self._low, self._high
        return whole.min(), whole.max()

    def _round(self, scaled: Floats, whole: Floats) -> None:
        """`scaled` rounded into `whole`, which holds it floored."""
        mode = self._to.rounding
        if mode is Rounding.TRN:
            return
        if mode is Rounding.RND_CONV:
            np.rint(scaled, out=whole)
            return
        np.trunc(scaled, out=whole)
        if mode is Rounding.TRN_ZERO:
            return
        up, down = _NEAREST[mode]
        rest = np.subtract(scaled, whole, out=scaled)  # exact, as both have the same sign
        moves = up(rest, 0.5).astype(np.int8) - down(rest, -0.5)
        np.add(whole, moves, out=whole)

    def _fit(self, whole: Floats, scratch: Floats, flags: npt.NDArray[np.bool_]) -> int:
        """Bring integers into the range; returns how many were outside."""
        to, kind = self._to, whole.dtype.type
        low, high = kind(self._low), kind(self._high)
        np.less(whole, low, out=flags)
        outside = int(np.count_nonzero(flags))
        np.greater(whole, high, out=flags)
        outside += int(np.count_nonzero(flags))
        if to.overflow in (Overflow.SAT, Overflow.SAT_SYM):
            np.clip(whole, low, high, out=whole)
        elif to.overflow is Overflow.SAT_ZERO:
            np.logical_or(flags, whole < low, out=flags)
            np.copyto(whole, 0, where=flags)
        else:
            span = kind(2.0**to.width)
            np.floor(np.multiply(whole, kind(2.0**-to.width), out=scratch), out=scratch)
            np.subtract(whole, np.multiply(scratch, span, out=scratch), out=whole)
            np.greater(whole, high, out=flags)
            np.subtract(whole, span, out=whole, where=flags)
        return outside
