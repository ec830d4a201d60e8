"""Exact integer arithmetic on alkaid's traced variables, with what its internals cannot hold split in parts.

Every variable here stands for an integer; binary points are the caller's business. alkaid keeps ranges in float64,
constant matrices in float32, added constants in 32 bits and tables in int32: wider ones are split so that each part
is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from alkaid.trace import FVArray, HWConfig
from alkaid.trace.fixed_variable import FVariable

from codesign.graph import FixedPoint
from codesign.rtl.extent import Extent, times_matrix

# alkaid has no types that a checker could read.
Variable: TypeAlias = Any

# alkaid's delays count adders: about 1.1 each, and 0.025 more for every 8 bits of carry.
HARDWARE = HWConfig(1, 8, -1)

# float64 holds every bound of a variable of this width exactly, with a bit to spare.
MAX_BITS = 52
_FACTOR_BITS = 20
_CONSTANT_BITS = 30
_LOW_BITS = 24
_TABLE_BITS = 20
_NOT = 0  # alkaid's number for an inversion


def inputs(type_: FixedPoint, size: int) -> list[Variable]:
    """`size` free integers of a type."""
    magnitude = type_.width - int(type_.signed)
    full = np.full(size, magnitude)
    array = FVArray.from_kif(np.full(size, int(type_.signed)), full, np.zeros(size, dtype=np.int64), HARDWARE)
    return list(np.asarray(array).ravel())


def constant(value: int) -> Variable:
    """A constant integer."""
    return FVariable.from_const(float(value), HARDWARE)


def is_constant(v: Variable) -> bool:
    """Whether only one value is possible."""
    return bool(v.low == v.high)


def bits(v: Variable) -> int:
    """Bits that a variable's range takes, the sign included."""
    low, high = int(v.low), int(v.high)
    magnitude = max(high.bit_length() if high > 0 else 0, (-low - 1).bit_length() if low < 0 else 0)
    return magnitude + int(low < 0)


def shift_left(v: Variable, n: int) -> Variable:
    """`v * 2**n`."""
    return v * 2.0**n if n else v


def shift_right(v: Variable, n: int) -> Variable:
    """`floor(v / 2**n)`."""
    if n == 0:
        return v
    if is_constant(v):
        return constant(int(v.low) >> n)
    signed, integers, _ = v.kif
    kept = v.quantize(int(signed), max(int(integers), n) if signed else int(integers), -n)
    return kept * 2.0**-n


def wrap(v: Variable, signed: bool, width: int) -> Variable:
    """The low `width` bits of `v`, read as two's complement where `signed`."""
    if width == 0:
        return constant(0)
    if is_constant(v):
        offset = 1 << (width - 1) if signed else 0
        return constant(((int(v.low) + offset) & ((1 << width) - 1)) - offset)
    return v.quantize(int(signed), width - int(signed), 0)


def is_negative(v: Variable) -> Variable:
    """1 where `v < 0`, else 0."""
    return v.is_negative()


def any_bit(v: Variable) -> Variable:
    """1 where `v != 0`, else 0."""
    if is_constant(v):
        return constant(int(v.low != 0))
    if v.low > 0 or v.high < 0:
        return constant(1)
    return v.unary_bit_op("any")


def all_bits(v: Variable) -> Variable:
    """1 where `v == -1`, else 0."""
    if is_constant(v):
        return constant(int(v.low == -1))
    if v.low >= 0 or v.high < -1 or v.step > 1:
        return constant(0)
    return v.unary_bit_op("all")


def invert(flag: Variable) -> Variable:
    """1 - flag, for a flag of 0 or 1."""
    if is_constant(flag):
        return constant(1 - int(flag.low))
    if getattr(flag, "opr", None) == "bit_unary" and flag._data == _NOT:
        before = flag._from[0]
        if (before.low, before.high, flag._factor) == (0, 1, 1):  # alkaid's own double inversion forgets a sign
            return before
    return ~flag


def both(a: Variable, b: Variable) -> Variable:
    """The product of two flags."""
    for this, other in ((a, b), (b, a)):
        if is_constant(this):
            return other if this.low else constant(0)
    return a & b


def either(a: Variable, b: Variable) -> Variable:
    """1 where one of two flags is, or both."""
    for this, other in ((a, b), (b, a)):
        if is_constant(this):
            return constant(1) if this.low else other
    return a | b


def _is_bit_of_negative(flag: Variable) -> bool:
    """Whether alkaid would look through to the bit that a flag is, and past a minus on the way."""
    while getattr(flag, "opr", None) == "wrap":
        flag = flag._from[0]
        if flag._factor < 0:
            return True
    return False


def choose(flag: Variable, true: Variable, false: Variable) -> Variable:
    """`true` where the flag is 1, else `false`."""
    if is_constant(flag):
        return true if flag.low else false
    if is_constant(true) and is_constant(false) and true.low == false.low:
        return true
    if is_constant(true) and true.low == 0:  # here too alkaid would invert
        return invert(flag).msb_mux(false, true)
    if _is_bit_of_negative(flag):
        return (~flag).msb_mux(false, true)
    return flag.msb_mux(true, false)


def maximum(a: Variable, b: Variable) -> Variable:
    """The larger of two."""
    return b.max_of(a) if is_constant(a) else a.max_of(b)


def minimum(a: Variable, b: Variable) -> Variable:
    """The smaller of two."""
    return b.min_of(a) if is_constant(a) else a.min_of(b)


def add(a: Variable, b: Variable) -> Variable:
    """`a + b`."""
    for this, other in ((a, b), (b, a)):
        if is_constant(this):
            return add_constant(other, int(this.low))
    return a + b


def join(high: Variable, low: Variable, n: int) -> Variable:
    """`high * 2**n + low` for a `low` of n bits that is never below zero: wires."""
    if is_constant(high) and int(high.low) == 0:
        return low
    above = shift_left(high, n)
    if is_constant(above):
        return constant(int(above.low) + int(low.low)) if is_constant(low) else low | above
    return above | low


def subtract(a: Variable, b: Variable) -> Variable:
    """`a - b`."""
    if is_constant(b):
        return add_constant(a, -int(b.low))
    if is_constant(a):
        return add_constant(-b, int(a.low))
    return a - b


def add_constant(v: Variable, value: int) -> Variable:
    """`v + value`; where either is too wide for alkaid's 32-bit constants, in two halves with a carry."""
    if value == 0:
        return v
    if is_constant(v):
        return constant(int(v.low) + value)
    if max(bits(v), value.bit_length()) <= _CONSTANT_BITS:
        return v + float(value)
    mask = (1 << _LOW_BITS) - 1
    low = add_constant(wrap(v, False, _LOW_BITS), value & mask)
    high = add(shift_right(v, _LOW_BITS), shift_right(low, _LOW_BITS))
    total = shift_left(add_constant(high, value >> _LOW_BITS), _LOW_BITS)
    low = wrap(low, False, _LOW_BITS)
    # A constant half is joined bit by bit: added, alkaid would merge it with the constant inside the other half.
    if is_constant(low) != is_constant(total):
        return total | low if is_constant(low) else low | total
    return add(total, low)


def multiply(a: Variable, b: Variable) -> Variable:
    """`a * b`, by a multiplier where neither is constant."""
    for this, other in ((a, b), (b, a)):
        if is_constant(this):
            return multiply_constant(other, int(this.low))
    return a * b


def multiply_by_rows(a: Variable, b: Variable) -> Variable:
    """`a * b` by adders alone: a row for every two bits of the narrower one, each a multiple of the wider one."""
    if is_constant(a) or is_constant(b):
        return multiply(a, b)
    a, b = sorted((a, b), key=bits)
    zero, twice = constant(0), shift_left(b, 1)
    rows, n = [], bits(a)
    for place in range(0, n, 2):
        low, high = (wrap(shift_right(a, place + k), False, 1) for k in range(2))
        ends = a.low < 0 and place + 2 >= n
        if place + 1 == n:
            row = choose(low, -b if ends else b, zero)
        elif ends:
            row = choose(high, choose(low, -b, -twice), choose(low, b, zero))
        else:
            row = choose(high, choose(low, add(b, twice), twice), choose(low, b, zero))
        rows.append(shift_left(row, place))
    return total(rows)


def total(values: Sequence[Variable]) -> Variable:
    """The sum, in pairs of pairs."""
    if not values:
        return constant(0)
    while len(values) > 1:
        paired = [add(a, b) for a, b in zip(values[::2], values[1::2], strict=False)]
        values = [*paired, *values[len(values) - len(values) % 2 :]]
    return values[0]


def multiply_constant(v: Variable, value: int) -> Variable:
    """`v * value` by shifts and adders."""
    if is_constant(v):
        return constant(int(v.low) * value)
    return multiply_matrix([v], np.array([[value]], dtype=object))[0]


def _parts(matrix: npt.NDArray[Any]) -> list[npt.NDArray[np.float64]]:
    """Matrices of at most `_FACTOR_BITS` bits that sum to `matrix` when part k is scaled by 2**(k * _FACTOR_BITS)."""
    found = []
    rest = matrix.astype(object)
    half = 1 << (_FACTOR_BITS - 1)
    while np.any(rest):
        low = ((rest + half) & ((1 << _FACTOR_BITS) - 1)) - half
        found.append(low.astype(np.float64))
        rest = (rest - low) >> _FACTOR_BITS
    return found


def multiply_matrix(x: Sequence[Variable], matrix: npt.NDArray[Any]) -> list[Variable]:
    """`x @ matrix` as alkaid's shared adder graph.

    Args:
        x: n_in integers.
        matrix: (n_in, n_out) integers.
    """
    fixed = [is_constant(v) for v in x]
    if any(fixed):
        rows = matrix.astype(object)
        known = np.array([int(v.low) if known else 0 for v, known in zip(x, fixed, strict=True)], dtype=object)
        offsets = (known[:, None] * rows).sum(axis=0)
        free = [index for index, known in enumerate(fixed) if not known]
        products = multiply_matrix([x[index] for index in free], rows[free])
        return [add_constant(v, int(offset)) for v, offset in zip(products, offsets, strict=True)]
    if not x:
        return [constant(0)] * matrix.shape[1]
    if any(isinstance(v, Extent) for v in x):
        return list(times_matrix(x, matrix))
    # alkaid looks single bits up in tables, but forgets that one of them may be a sign.
    signs = np.array([v.low < 0 and sum(v.kif) == 1 for v in x])
    if np.any(signs):
        x = [wrap(v, False, bits(v)) if sign else v for v, sign in zip(x, signs, strict=True)]
        matrix = np.where(signs[:, None], -matrix.astype(object), matrix)
    totals = [constant(0)] * matrix.shape[1]
    row = FVArray(np.array(x, dtype=object), hwconf=HARDWARE)
    for index, part in enumerate(_parts(matrix)):
        if np.any(part):
            products = list(np.asarray(row @ part).ravel())
            totals = [
                add(total, shift_left(product, index * _FACTOR_BITS))
                for total, product in zip(totals, products, strict=True)
            ]
    return totals


def _table(v: Variable, values: list[int]) -> Variable:
    low, high, step = int(v.low), int(v.high), int(v.step)
    return v.lookup(np.array(values[low : high + 1 : step], dtype=np.float64))


def look_up(index: Variable, values: Sequence[int]) -> Variable:
    """`values[index]`; `index` must stay inside."""
    if is_constant(index):
        return constant(values[int(index.low)])
    mask = (1 << _TABLE_BITS) - 1
    if all(-mask <= value <= mask for value in values):
        return _table(index, list(values))
    high = look_up(index, [value >> _TABLE_BITS for value in values])
    return add(shift_left(high, _TABLE_BITS), _table(index, [value & mask for value in values]))


def top_bits(v: Variable, type_: FixedPoint, entries: int) -> Variable:
    """The top log2(entries) bits of a word of `type_`, as an unsigned index."""
    return shift_right(wrap(v, False, type_.width), type_.width - (entries.bit_length() - 1))
