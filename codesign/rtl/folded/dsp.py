"""DSP blocks: how wide a product must be for Yosys to use one, and how many it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from codesign.rtl.family import Family


@dataclass(frozen=True)
class Block:
    """A family's DSP block, as Yosys uses it.

    Attributes:
        wide: bits of its wider operand, signed.
        narrow: bits of the other one.
        least: bits that a product must have to be worth one.
        narrowest: bits that each operand must have.
        half: bits up to which both operands take half of one.
        unsigned: it multiplies unsigned numbers of that many bits, too; else these take one bit more.
    """

    wide: int
    narrow: int
    least: int
    narrowest: int
    half: int
    unsigned: bool


# Widths and least sizes: what Yosys 0.70 gives its pass mul2dsp for each family.
BLOCKS: Mapping[Family, Block] = {
    Family.XILINX_7SERIES: Block(25, 18, 9, 2, 0, False),
    Family.XILINX_ULTRASCALE_PLUS: Block(27, 18, 9, 2, 0, False),
    Family.ECP5: Block(18, 18, 0, 2, 0, True),
    Family.ICE40: Block(16, 16, 11, 2, 0, True),
    Family.GOWIN: Block(18, 18, 0, 4, 9, True),
}

if set(BLOCKS) != set(Family):
    raise ImportError(f"no DSP block for {set(Family) - set(BLOCKS)}")


def dsp_blocks(family: Family, widths: tuple[int, int], signed: tuple[bool, bool], bits: int) -> float:
    """DSP blocks of a product; 0 where it is left to LUTs.

    Args:
        family: of the part.
        widths: of the operands.
        signed: whether each is.
        bits: of the product that are used.
    """
    block = BLOCKS[family]
    both = block.unsigned and signed[0] == signed[1]
    a, b = (width if both or sign else width + 1 for width, sign in zip(widths, signed, strict=True))
    if min(a, b) < block.narrowest or min(a + b, bits) < block.least:
        return 0
    if max(a, b) <= block.half:
        return 0.5
    wide, narrow = max(a, b), min(a, b)
    return _slices(block, wide, block.wide, narrow) * _slices(block, narrow, block.narrow, min(wide, block.wide))


def _slices(block: Block, width: int, most: int, other: int) -> int:
    """Blocks beside each other that an operand takes; what is left over is made of LUTs where it is too narrow."""
    whole, rest = divmod(width, most)
    worth = rest >= block.narrowest and rest + other >= block.least
    return max(whole + int(worth), 1)
