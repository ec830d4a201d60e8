"""What stands between units: `cs_fifo.sv`, `cs_fork.sv`, `cs_gather.sv`, `cs_scatter.sv`."""

from __future__ import annotations

from codesign.estimate.rtl.pieces import Pieces
from codesign.estimate.rtl.templates.registry import Parameters, bits_for, counts
from codesign.estimate.rtl.templates.storage import stored
from codesign.rtl.family import Family


@counts("cs_fifo")
def _(p: Parameters, family: Family) -> Pieces:
    counters = 3 * bits_for(p["DEPTH"] + 1)
    control = Pieces(ff=counters + 1, counter_bits=counters, handshakes=1)
    return control + stored(family, p["WIDTH"], p["DEPTH"])


@counts("cs_fork")
def _(p: Parameters, family: Family) -> Pieces:
    return Pieces(ff=p["N"], handshakes=p["N"])


@counts("cs_gather")
def _(p: Parameters, family: Family) -> Pieces:
    count = bits_for(p["N"] + 1)
    return Pieces(ff=p["N"] * p["WIDTH"] + count, counter_bits=count, handshakes=1)


@counts("cs_scatter")
def _(p: Parameters, family: Family) -> Pieces:
    count = bits_for(p["N"] + 1)
    beats = p["N"] * p["WIDTH"]
    return Pieces(ff=beats + count, gate_bits=beats - p["WIDTH"], counter_bits=count, handshakes=1)
