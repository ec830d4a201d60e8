"""`cs_window.sv` and `cs_taps.sv`: windows over images, whole or pixel by pixel."""

from __future__ import annotations

from codesign.estimate.rtl.pieces import Pieces
from codesign.estimate.rtl.templates.registry import Parameters, bits_for, counts
from codesign.estimate.rtl.templates.storage import stored
from codesign.rtl.family import Family

# Not parameters of the template, but what is left of it: bits of the window, and of a word of the rows above, that the
# logic behind the window needs.
LIVE_WINDOW, LIVE_WORD = "live_window", "live_word"


def _window_axis(count: int, first: int, stride: int) -> int:
    """Bits of the counters of an axis."""
    return bits_for(count + 1) + bits_for(max(first, stride - 1) + 2)


@counts("cs_window")
def _(p: Parameters, family: Family) -> Pieces:
    first_row, first_col = p["KERNEL_H"] - 1 - p["TOP"], p["KERNEL_W"] - 1 - p["LEFT"]
    last_row = first_row + (p["OUT_H"] - 1) * p["STRIDE_H"]
    last_col = first_col + (p["OUT_W"] - 1) * p["STRIDE_W"]
    start_row, start_col = min(first_row, 0), min(first_col, 0)
    rows = max(last_row + 1, p["HEIGHT"]) - start_row
    cols = max(last_col + 1, p["WIDTH"]) - start_col
    bits, kernel = p["BITS"], p["KERNEL_H"] * p["KERNEL_W"]
    counters = _window_axis(rows, first_row - start_row, p["STRIDE_H"]) if rows > 1 else 0
    counters += _window_axis(cols, first_col - start_col, p["STRIDE_W"]) if cols > 1 else 0
    held = p.get(LIVE_WINDOW, kernel * bits)
    total = Pieces(ff=held + counters + 1, counter_bits=counters, handshakes=1)
    if start_row < 0 or start_col < 0:
        total = total + Pieces(ff=bits + 2, gate_bits=bits)
    if rows != p["HEIGHT"] or cols != p["WIDTH"] or p["TOP"] > 0:
        total = total + Pieces(gate_bits=p["KERNEL_H"] * bits)
    if p["LEFT"] > 0:
        total = total + Pieces(gate_bits=p["KERNEL_H"] * (p["KERNEL_W"] - 1) * bits, ff=1)
    if p["KERNEL_H"] > 1:
        word = p.get(LIVE_WORD, (p["KERNEL_H"] - 1) * bits)
        if not word:
            return total
        at = bits_for(p["WIDTH"])
        above = Pieces(ff=word) if p["WIDTH"] == 1 else stored(family, word, p["WIDTH"])
        total = total + above + Pieces(ff=at, counter_bits=2 * at)
    return total


@counts("cs_taps")
def _(p: Parameters, family: Family) -> Pieces:
    turn = p["STRIDE_H"] * p["WIDTH"] - (p["OUT_W"] - 1) * p["STRIDE_W"]
    reach = max((p["KERNEL_H"] - 1 - p["TOP"]) * p["WIDTH"] + p["KERNEL_W"] - p["LEFT"], 1)
    owed = bits_for(max(reach, p["STRIDE_W"], abs(turn)) + 1) + 1
    left = bits_for(p["HEIGHT"] * p["WIDTH"] + 1)
    waits = bits_for(p["AHEAD"] + 1)
    loops = sum(bits_for(p[name]) for name in ("KERNEL_W", "KERNEL_H", "OUT_W", "OUT_H"))
    address = max(bits_for(p["DEPTH"]), 1)
    counters = owed + left + waits + loops + 2 * address
    total = Pieces(ff=counters + 3, counter_bits=counters, handshakes=1) + stored(family, p["BITS"], p["DEPTH"])
    high = (p["OUT_H"] - 1) * p["STRIDE_H"] + p["KERNEL_H"]
    wide = (p["OUT_W"] - 1) * p["STRIDE_W"] + p["KERNEL_W"]
    if p["TOP"] > 0 or p["LEFT"] > 0 or high > p["TOP"] + p["HEIGHT"] or wide > p["LEFT"] + p["WIDTH"]:
        places = bits_for(high + 1) + bits_for(wide + 1)
        total = total + Pieces(ff=places + 1, counter_bits=2 * places, gate_bits=p["BITS"])
    return total
