"""`cs_cast.sv`: a cast between fixed-point types."""

from __future__ import annotations

from codesign.estimate.rtl.pieces import Pieces
from codesign.estimate.rtl.templates.registry import Parameters, counts
from codesign.rtl.family import Family

_WRAP, _TRN = 0, 0


def cast(bits: int, shift: int, out: int, *, rounding: int, overflow: int) -> Pieces:
    """A cast.

    Args:
        bits: of the number.
        shift: fraction bits that go; negative where some come.
        out: bits of the result.
        rounding: as in the template; 0 for TRN.
        overflow: as in the template; 0 for WRAP.
    """
    found = Pieces()
    kept = max(bits - max(shift, 0), 1)
    if rounding != _TRN and shift > 0:
        found = found + Pieces(constant_adder_bits=min(kept + 1, out + 2), adders=1, cast_bits=max(shift - 1, 0) / 3)
    if overflow != _WRAP:
        above = max(kept + 1 - max(shift * -1, 0) - out, 0)
        found = found + Pieces(cast_bits=out + above / 3)
    return found


@counts("cs_cast")
def _(p: Parameters, family: Family) -> Pieces:
    return cast(p["IN"], p["SHIFT"], p["OUT"], rounding=p["ROUNDING"], overflow=p["OVERFLOW"])
