"""What FPGAs are made of, in nanoseconds, and what a clock period leaves for logic."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fabric:
    """Delays of a family's cells with the wires between them, in nanoseconds.

    Attributes:
        lut_inputs: of one level of logic.
        stage_ns: of a register to register path without logic: clock to output, a wire, setup.
        level_ns: of a level of LUTs.
        chain_ns: into a carry chain and out of it.
        bit_ns: along a carry chain, for each bit.
        table_bit_ns: for each bit of a table's index that one LUT does not take.
        product_ns: of a multiplier.
        product_bit_ns: for each bit of a multiplier's result.
        ready_ns: for each unit that a ready signal passes on its way back through a design.
    """

    lut_inputs: int
    stage_ns: float
    level_ns: float
    chain_ns: float
    bit_ns: float
    table_bit_ns: float
    product_ns: float
    product_bit_ns: float
    ready_ns: float


@dataclass(frozen=True)
class Cut:
    """What may stand between two registers.

    Attributes:
        fabric: that the logic is built of.
        period_ns: clock period in nanoseconds.
        stages: logic may be cut; where not, it takes one clock, however long.
    """

    fabric: Fabric
    period_ns: float
    stages: bool = True

    @property
    def units_in_a_row(self) -> int:
        """How many units a ready signal may pass within a clock."""
        return max(int(self.logic_ns / self.fabric.ready_ns), 1)

    @property
    def logic_ns(self) -> float:
        """The part of the period that is left for logic."""
        return self.period_ns - self.fabric.stage_ns


# In the order of Fabric's attributes; `benchmarks/fmax.py` measures what bounds them.
ECP5 = Fabric(4, 2.2, 0.75, 1.75, 0.03, 1.15, 5.0, 0.03, 1.55)
ICE40 = Fabric(4, 8.5, 3.6, 1.65, 0.265, 4.35, 0.2, 0.0, 4.5)
GOWIN = Fabric(4, 2.8, 1.4, 1.95, 0.06, 1.6, 6.0, 0.1, 2.2)
XC7 = Fabric(6, 1.0, 0.75, 1.5, 0.03, 0.35, 3.0, 0.1, 1.0)
XCUP = Fabric(6, 0.6, 0.45, 0.9, 0.018, 0.2, 1.8, 0.06, 0.6)
