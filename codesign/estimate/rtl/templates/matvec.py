"""`cs_matvec.sv`: a constant matrix times a vector, folded."""

from __future__ import annotations

from codesign.estimate.rtl.pieces import Pieces
from codesign.estimate.rtl.templates.casts import cast
from codesign.estimate.rtl.templates.registry import Parameters, bits_for, counts
from codesign.rtl.family import Family
from codesign.rtl.folded.dsp import dsp_blocks

# Registers that are nothing but delays become memories of LUTs from this length on.
_DELAY = 3
_DELAYING = (Family.XILINX_7SERIES, Family.XILINX_ULTRASCALE_PLUS)


def _control(p: Parameters, parts: int, stages: int) -> Pieces:
    """Counters of steps, parts and groups, and the flags that go along with the numbers."""
    counters = bits_for(p["DEPTH"]) + bits_for(parts)
    group = bits_for(p["OUTS"])
    counters += group
    if p["OWN"]:
        counters += bits_for(parts // p["OUTS"])
    flags = 6 + 3 * stages + 1 + int(bool(p["COLUMNS"]))
    passed = group * (1 + stages)
    return Pieces(counter_bits=counters, ff=counters + flags + passed, handshakes=1)


def _products(p: Parameters, family: Family, product: int, term: int) -> Pieces:
    number = product - p["W"]
    multipliers = p["PE"] * p["SIMD"]
    blocks = dsp_blocks(family, (number, p["W"]), (True, True), product) if p["DSP"] else 0
    if blocks:
        each = Pieces(dsp=blocks, dsp_ff=p["W"] + term)
    elif p["DSP"]:
        each = Pieces(product_bits=number * p["W"])
    else:
        narrow, wide = sorted((number, p["W"]))
        each = Pieces(booth_bits=(narrow + 1) // 2 * (wide + 2))
    if p["ROUNDED"]:
        each = each + cast(product, p["DOWN"], p["TERM"], rounding=p["ROUNDING"], overflow=p["OVERFLOW"])
    return _times(each, multipliers) + Pieces(ff=multipliers * term)


def _times(pieces: Pieces, count: int) -> Pieces:
    total = Pieces()
    scaled = pieces.vector() * count
    return total + Pieces(*scaled.tolist())


def _tree(p: Parameters, term: int) -> Pieces:
    """Adders that make one number of a row's terms, with their registers."""
    levels = bits_for(p["SIMD"])
    total = Pieces()
    before = p["SIMD"]
    for level in range(1, levels + 1):
        after = (before + 1) // 2
        bits = min(term + p["UP"] + level, p["ACC"])
        pairs = before // 2 * p["PE"]
        # Bits below those that terms are moved up by are zero.
        total = total + Pieces(adder_bits=pairs * max(bits - p["UP"], 1), adders=pairs)
        if level % p["SPAN"] == 0 or level == levels:
            total = total + Pieces(ff=after * p["PE"] * max(bits - p["UP"], 1))
        before = after
    return total


def _accumulators(p: Parameters, family: Family) -> Pieces:
    line = p["OUTS"] if p["COLUMNS"] else 1
    bits = p["PE"] * p["ACC"]
    delayed = line - 1 if family in _DELAYING and line - 1 >= _DELAY else 0
    kept = Pieces(ff=bits * (line - delayed), delay_ff=bits * delayed, delays=bits * -(-delayed // 16))
    if p["CHAIN"]:
        links = p["PE"] * p["SIMD"]
        link = cast(p["ACC"] + 2, 0, p["ACC"], rounding=0, overflow=p["OVERFLOW"])
        return kept + _times(link + Pieces(adder_bits=p["ACC"] + 2, adders=1), links) + Pieces(gate_bits=bits)
    return kept + Pieces(adder_bits=bits, adders=p["PE"], gate_bits=bits)


@counts("cs_matvec")
def _(p: Parameters, family: Family) -> Pieces:
    reads = p["PE"] * p["SIMD"] if p["OWN"] else p["SIMD"]
    parts = -(-p["LANES"] // reads)
    product = p["X"] + int(not p["X_SIGNED"]) + p["W"]
    term = p["TERM"] if p["ROUNDED"] else product
    levels = 0 if p["CHAIN"] else bits_for(p["SIMD"])
    total = _control(p, parts, -(-levels // p["SPAN"]))
    if not p["HOLD"]:
        total = total + Pieces(ff=p["LANES"] * p["X"] + 1)
    total = total + Pieces(ff=reads * p["X"], select_bits=reads * p["X"] * (parts - 1))
    products = _products(p, family, product, term)
    total = total + products + _accumulators(p, family)
    if products.dsp:
        added = p["SIMD"] // 2 * p["PE"] * (term + 1) if p["SIMD"] > 1 else p["PE"] * p["ACC"]
        total = total + Pieces(dsp_ff=reads * p["X"], dsp_adder_bits=added)
    return total if p["CHAIN"] else total + _tree(p, term)
