"""What RTL is made of, counted before any synthesis: the features that a family's calibration gives a price."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from operator import add, attrgetter

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Pieces:
    """Counts of what synthesis will turn into cells; they add up.

    Attributes:
        adder_bits: bits of carry chains where both operands vary.
        carry_bits: other bits of these chains: where one operand has ended, and carries pass the other one's bits.
        constant_adder_bits: bits of those that add or subtract a constant.
        adders: carry chains.
        soft_luts: LUTs of logic bit by bit (and, or, multiplexers, relu), those packed that read one another alone.
        table_luts: LUTs of lookup tables: their different columns' different parts, of a LUT each.
        rom_luts: the same for the weights of folded layers.
        booth_bits: bits of the rows of multipliers that are made of LUTs.
        product_bits: bits of one operand times bits of the other, of products that neither are DSP blocks.
        select_bits: bits that multiplexers choose from, beyond the first input of each.
        cast_bits: bits of casts in folded layers: rounding and saturation.
        counter_bits: bits of counters.
        gate_bits: bits that are masked, cleared or chosen between two values on their way into a register.
        handshakes: pairs of valid and ready.
        ff: flip-flops.
        delay_ff: flip-flops that are nothing but delays of three clocks and more, with their enable and no reset.
        delays: chains of these, in pieces of at most sixteen clocks.
        memory_luts: LUTs of distributed memory.
        dsp: DSP blocks.
        dsp_ff: flip-flops around products in DSP blocks, which these may take in.
        dsp_adder_bits: bits of adders of two such products, likewise; they are among `adder_bits`, too.
        bram: block RAMs.
    """

    adder_bits: float = 0.0
    carry_bits: float = 0.0
    constant_adder_bits: float = 0.0
    adders: float = 0.0
    soft_luts: float = 0.0
    table_luts: float = 0.0
    rom_luts: float = 0.0
    booth_bits: float = 0.0
    product_bits: float = 0.0
    select_bits: float = 0.0
    cast_bits: float = 0.0
    counter_bits: float = 0.0
    gate_bits: float = 0.0
    handshakes: float = 0.0
    ff: float = 0.0
    delay_ff: float = 0.0
    delays: float = 0.0
    memory_luts: float = 0.0
    dsp: float = 0.0
    dsp_ff: float = 0.0
    dsp_adder_bits: float = 0.0
    bram: float = 0.0

    def __add__(self, other: Pieces) -> Pieces:
        return Pieces(*map(add, _values(self), _values(other)))

    def times(self, count: float) -> Pieces:
        """So many of them."""
        return Pieces(*(value * count for value in _values(self)))

    def vector(self) -> npt.NDArray[np.float64]:
        """The counts in order of `NAMES`."""
        return np.array(_values(self), dtype=np.float64)


NAMES: tuple[str, ...] = tuple(item.name for item in fields(Pieces))
_values: Callable[[Pieces], tuple[float, ...]] = attrgetter(*NAMES)
