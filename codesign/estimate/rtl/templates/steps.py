"""`cs_steps.sv`: when the steps of a recurrent layer begin and end."""

from __future__ import annotations

from codesign.estimate.rtl.pieces import Pieces
from codesign.estimate.rtl.templates.registry import Parameters, bits_for, counts
from codesign.rtl.family import Family


@counts("cs_steps")
def _(p: Parameters, family: Family) -> Pieces:
    steps = bits_for(p["STEPS"] + 1)
    counters = 2 * steps + bits_for(max(p["CLOCKS"], p["LAST"]) + 1) + bits_for(p["LOOP"] + 1)
    if p["BACK"] and p["EVERY"]:
        counters += steps
    return Pieces(ff=counters + p["BEFORE"] + 4, counter_bits=counters, handshakes=2)
