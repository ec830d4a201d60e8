"""What a fold takes, roughly, in LUTs: to choose among folds, and to begin a search with; never reported as a cost."""

from __future__ import annotations

from dataclasses import dataclass

from codesign.rtl.family import Family
from codesign.rtl.folded.dsp import dsp_blocks
from codesign.rtl.folded.fold import Fold
from codesign.rtl.folded.matrix import Matrix
from codesign.rtl.folded.multipliers import Multipliers
from codesign.rtl.folded.sums import Sums


@dataclass(frozen=True)
class Fabric:
    """What the choice depends on.

    Attributes:
        inputs: of a LUT.
        multiplier: LUTs of a multiplier over those of six inputs each; measured with Yosys, 8 by 8 bits.
        block: shapes (width, depth) of a block RAM.
        block_worth: LUTs that a block RAM is worth: a third of those that come with one, or less.
        dsp_worth: LUTs that a DSP block is worth.
        flip_flop: a flip-flop without a LUT beside it, in LUTs.
    """

    inputs: int
    multiplier: float
    block: tuple[tuple[int, int], ...]
    block_worth: int
    dsp_worth: int
    flip_flop: float


_BLOCK_18K = ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384))
_XILINX = Fabric(6, 1.0, _BLOCK_18K, 80, 55, 0.05)
FABRICS: dict[Family, Fabric] = {
    Family.XILINX_7SERIES: _XILINX,
    Family.XILINX_ULTRASCALE_PLUS: _XILINX,
    Family.ECP5: Fabric(4, 2.7, _BLOCK_18K, 130, 150, 0.2),
    Family.ICE40: Fabric(4, 2.6, ((16, 256), (8, 512), (4, 1024), (2, 2048)), 60, 100, 1.0),
    Family.GOWIN: Fabric(4, 2.7, _BLOCK_18K, 130, 150, 0.2),
}


def multiplier_luts(fabric: Fabric, a: int, b: int) -> float:
    """LUTs of a product of two signed numbers."""
    narrow, wide = sorted((a, b))
    return fabric.multiplier * -(-narrow // 2) * (wide + 2)


def uses_dsp(family: Family, choice: Multipliers, a: int, b: int) -> bool:
    """Whether a product of two signed numbers of that many bits is left to DSP blocks.

    A product that is too narrow for one would be made of LUTs by synthesis, with several times as many as ours take.
    """
    if choice is Multipliers.LUT or not dsp_blocks(family, (a, b), (True, True), a + b):
        return False
    fabric = FABRICS[family]
    return choice is Multipliers.DSP or multiplier_luts(fabric, a, b) > fabric.dsp_worth


def blocks(fabric: Fabric, width: int, depth: int) -> int:
    """Block RAMs of a memory."""
    return min(-(-width // w) * -(-depth // d) for w, d in fabric.block)


def rom_luts(fabric: Fabric, width: int, depth: int) -> float:
    """LUTs of a memory that is made of them."""
    tables = -(-depth // (1 << fabric.inputs))
    return width * (1 if tables == 1 else tables * (1.3 if fabric.inputs == 6 else 1.6))


def uses_block(family: Family, width: int, depth: int) -> bool:
    """Whether a memory is worth block RAM."""
    fabric = FABRICS[family]
    return blocks(fabric, width, depth) * fabric.block_worth < rom_luts(fabric, width, depth)


def price(fold: Fold, matrix: Matrix, sums: Sums, family: Family, multipliers: Multipliers) -> float:
    """LUTs of a fold, roughly, with a price in LUTs for all that is none."""
    fabric = FABRICS[family]
    number = matrix.number.width + int(not matrix.number.signed)
    product = matrix.weight_bits + number
    dsp = uses_dsp(family, multipliers, number, matrix.weight_bits)
    multiplier = fabric.dsp_worth if dsp else multiplier_luts(fabric, number, matrix.weight_bits)
    total = fold.multipliers * multiplier
    width, depth = fold.multipliers * matrix.weight_bits, fold.steps
    total += min(rom_luts(fabric, width, depth), blocks(fabric, width, depth) * fabric.block_worth)
    # Adders of the tree and of the accumulators; a chain is as many, each with a cast.
    adder = sums.bits * 3.0 if sums.chain else min(product + 1, sums.bits)
    total += fold.pe * (fold.simd - 1) * adder + fold.pe * sums.bits * (1 if fabric.inputs == 6 else 2)
    # Numbers chosen by a multiplexer; a beat's copy; accumulators that go round.
    reads = fold.simd * (fold.pe if fold.own else 1) * matrix.number.width
    chosen = fold.parts * (fold.groups if fold.own else 1)
    total += reads * (chosen - 1) / (3.0 if fabric.inputs == 6 else 1.5)
    total += fabric.flip_flop * fold.input.lanes * matrix.number.width
    if fold.columns and fold.groups > 1:
        total += fold.outputs * sums.bits * max(fabric.flip_flop, 1 / 16)
    if sums.cast:
        total += fold.multipliers * 2
    return total + fold.pe * 1.5 * matrix.result.width + rom_luts(fabric, fold.pe * sums.bits, fold.groups)
