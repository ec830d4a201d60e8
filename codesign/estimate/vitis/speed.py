"""How much logic fits between two registers: delays of operators as Vitis HLS knows them, by family and speed grade.

For the 7 series, grade -2, the delays are those that reports state: an adder of 21 bits 1.795 ns, a DSP product of 8 by
8 bits 3.815 ns. An adder of three numbers lies between the 2.917 ns that it does not fit into and the 4.375 ns that it
does. UltraScale+ is taken to be faster by one factor, such that the one clock of 5 ns comes out that a published report
states for a dense layer of 16-bit numbers on an xcu50-2; more is not known.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

from codesign.estimate.conditions import Conditions
from codesign.rtl import Family

_FACTORS = {Family.XILINX_7SERIES: 1.0, Family.XILINX_ULTRASCALE_PLUS: 0.42}
_GRADES = {1: 1.22, 2: 1.0, 3: 0.87}
_GRADE = re.compile(r"-(\d)")


@dataclass(frozen=True)
class Speed:
    """What fits into a clock.

    Attributes:
        budget: nanoseconds between two registers.
        factor: by which every delay differs from that of a 7-series part of grade -2.
    """

    budget: float
    factor: float

    def adder(self, bits: int) -> float:
        """Delay of an adder in ns."""
        return self.factor * (1.33 + 0.0222 * bits)

    def three_adder(self, bits: int) -> float:
        """Delay of an adder of three numbers in ns."""
        return 2 * self.adder(bits)

    def rectifier(self, rounds: bool) -> float:
        """Delay of max(x, 0) and its cast in ns."""
        return self.factor * (3.545 if rounds else 2.35)

    def dsp(self, bits: int) -> float:
        """Delay of a product of `bits` bits in a DSP block without registers, in ns."""
        return self.factor * (2.33 + 0.0929 * bits)

    def dsp_stages(self, bits: int) -> int:
        """Clocks that such a product takes beyond the one it starts in: 0, or as many as its registers."""
        delay = self.dsp(bits)
        return 0 if delay <= self.budget else 2 if delay <= 1.5 * self.budget else 3

    def three_adders(self, bits: int, left: float | None = None) -> int:
        """How many adders of three numbers fit one after another into a clock, or into what is left of one."""
        room = self.budget if left is None else left
        return max(0, math.floor(room / self.three_adder(bits)))

    def clocks(self, delay: float) -> int:
        """Clocks of logic with that delay, at least 1."""
        return max(1, math.ceil(delay / self.budget - 1e-9))


def speed_of(conditions: Conditions) -> Speed:
    """What fits into a clock of the conditions asked for.

    A part without a readable grade is taken as -2.
    """
    target = conditions.target
    return _speed(target.part, target.family, conditions.clock_ns * (1 - conditions.clock_uncertainty))


@lru_cache(maxsize=64)
def _speed(part: str, family: Family, budget: float) -> Speed:
    grades = _GRADE.findall(part)
    grade = _GRADES.get(int(grades[-1]), 1.0) if grades else 1.0
    return Speed(budget, _FACTORS[family] * grade)
