"""`cs_running.sv`: windows that do not overlap, joined as their pixels come."""

from __future__ import annotations

from codesign.estimate.rtl.pieces import Pieces
from codesign.estimate.rtl.templates.registry import Parameters, bits_for, counts
from codesign.estimate.rtl.templates.storage import stored
from codesign.rtl.family import Family


@counts("cs_running")
def _(p: Parameters, family: Family) -> Pieces:
    counters = 0
    for length, stride, count in (("WIDTH", "STRIDE_W", "OUT_W"), ("HEIGHT", "STRIDE_H", "OUT_H")):
        if p[length] > 1:
            counters += bits_for(p[length]) + bits_for(p[stride]) + (bits_for(p[count] + 1) if p[count] > 1 else 0)
    total = Pieces(ff=counters, counter_bits=counters, gate_bits=p["KEPT"])
    if p["OUT_W"] > 1 and p["KERNEL_H"] > 1:
        at = bits_for(p["OUT_W"] + 1)
        kept = stored(family, p["KEPT"], p["OUT_W"])
        total = total + kept + Pieces(ff=at + 1, gate_bits=p["KEPT"])
    return total
