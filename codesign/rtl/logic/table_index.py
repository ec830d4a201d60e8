"""Where hls4ml's C++ looks a number up in a table that covers an interval."""

from __future__ import annotations

from codesign.rtl.arithmetic import Variable, add_constant, multiply_constant
from codesign.rtl.logic.number import Number, clamp, to_int, towards_zero


def scaled(v: Variable, fraction: int, entries: int, span: int) -> Variable:
    """`int(v * 2**-fraction * entries / span)`, before the C++ int overflows; `span` is a power of two.

    The quotient is first cut off on the grid of v, which matters where that is coarser than whole numbers.
    """
    down = span.bit_length() - 1
    product = multiply_constant(v, entries)
    if fraction > 0:
        return towards_zero(product, down + fraction)
    return towards_zero(towards_zero(product, down), fraction)


def table_index(x: Number, entries: int, span: int, offset: int) -> Variable:
    """`int(x * entries / span) + offset` in a C++ int, moved to the nearest end of the table.

    Args:
        x: a number.
        entries: of the table.
        span: how many numbers it covers.
        offset: the entry of zero.
    """
    place = to_int(scaled(x.value, x.type.fraction, entries, span))
    return clamp(to_int(add_constant(place, offset)), entries - 1)


def symmetric_index(x: Number, entries: int, span: int) -> Variable:
    """As `codesign.simulate.kernels.lookup.symmetric_index`: the middle entry is that of zero."""
    return table_index(x, entries, span, entries // 2)
