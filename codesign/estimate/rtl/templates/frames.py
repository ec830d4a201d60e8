"""`cs_frame.sv` and `cs_resize.sv`: samples and rows of pixels that are kept and read again."""

from __future__ import annotations

from codesign.estimate.rtl.pieces import Pieces
from codesign.estimate.rtl.templates.registry import Parameters, bits_for, counts
from codesign.estimate.rtl.templates.storage import stored
from codesign.rtl.family import Family


@counts("cs_frame")
def _(p: Parameters, family: Family) -> Pieces:
    counters = bits_for(p["WORDS"]) + sum(bits_for(p[f"COUNT_{loop}"]) for loop in range(3))
    control = Pieces(ff=counters + 2, counter_bits=counters, handshakes=1)
    return control + stored(family, p["BITS"], p["WORDS"])


@counts("cs_resize")
def _(p: Parameters, family: Family) -> Pieces:
    counters = bits_for(p["HEIGHT"]) + bits_for(p["WIDTH"])
    counters += (p["ROW_BITS"] if p["REPEATS"] else 0) + p["COL_BITS"]
    total = Pieces(ff=counters + p["BITS"] + 1, counter_bits=counters, gate_bits=p["BITS"], handshakes=1)
    if not p["REPEATS"]:
        return total
    return total + (stored(family, p["BITS"], p["WIDTH"]) if p["WIDTH"] > 1 else Pieces(ff=p["BITS"]))
