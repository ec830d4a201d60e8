"""What a memory with one write port and one registered read port is made of, its read register included."""

from __future__ import annotations

from codesign.estimate.rtl.memory import memory
from codesign.estimate.rtl.pieces import Pieces
from codesign.rtl.family import Family


def stored(family: Family, width: int, depth: int) -> Pieces:
    """The pieces of a memory.

    Args:
        family: of the part.
        width: bits of a word.
        depth: words.
    """
    found = memory(family, width, depth)
    choices = width * (found.banks - 1)
    if found.registers:
        # Every word is a register that is written alone, and chosen on its way into the register that is read.
        return Pieces(ff=width * (depth + 1), select_bits=width * (depth - 1), counter_bits=depth)
    if found.blocks:
        return Pieces(bram=found.blocks, select_bits=choices, ff=found.banks - 1)
    return Pieces(memory_luts=found.luts, ff=width, select_bits=choices, counter_bits=found.banks - 1)
