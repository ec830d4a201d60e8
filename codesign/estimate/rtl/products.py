"""What a product of two variables becomes: DSP blocks where Yosys finds it wide enough for them, else LUTs."""

from __future__ import annotations

from codesign.estimate.rtl.pieces import Pieces
from codesign.rtl.family import Family
from codesign.rtl.folded.dsp import dsp_blocks


def product(family: Family, widths: tuple[int, int], signed: tuple[bool, bool], bits: int) -> Pieces:
    """What a product is made of, as `dsp_blocks`."""
    blocks = dsp_blocks(family, widths, signed, bits)
    return Pieces(dsp=blocks) if blocks else Pieces(product_bits=widths[0] * widths[1])
