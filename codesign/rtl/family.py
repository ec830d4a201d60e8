"""FPGA families, and how much logic between two registers each is trusted with at a clock period."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Family(str, Enum):
    """The families that RTL projects are pipelined and scripted for."""

    XILINX_7SERIES = "xilinx_7series"
    XILINX_ULTRASCALE_PLUS = "xilinx_ultrascale_plus"
    ECP5 = "ecp5"
    ICE40 = "ice40"
    GOWIN = "gowin"


@dataclass(frozen=True)
class Timing:
    """A straight line from logic depth to clock period.

    Attributes:
        base_ns: of a stage with no logic: clock to output, routing, setup.
        unit_ns: for each unit of alkaid's delay (an adder is about 1.1).
        ternary_adders: whether one LUT level adds three numbers.
        measured: the line bounds measured clocks from above; otherwise it is a cautious guess.
        provenance: where the numbers come from.
    """

    base_ns: float
    unit_ns: float
    ternary_adders: bool
    measured: bool
    provenance: str


TIMING: dict[Family, Timing] = {
    Family.ECP5: Timing(
        10.1, 2.2, False, True, "8-8-4 network, Yosys and nextpnr, LFE5U-25F-6: 82, 69, 61, 48 MHz at cuts 1, 2, 3, 5"
    ),
    Family.XILINX_7SERIES: Timing(2.0, 2.0, True, False, "guess for speed grade -1; not measured"),
    Family.XILINX_ULTRASCALE_PLUS: Timing(1.2, 1.1, True, False, "guess for speed grade -2; not measured"),
    Family.ICE40: Timing(16.0, 8.0, False, False, "guess for UP5K; not measured"),
    Family.GOWIN: Timing(10.0, 4.0, False, False, "guess for GW1N; not measured"),
}

SMALLEST_CUT = 1.0


def cut_for(family: Family, clock_ns: float) -> float:
    """The most delay, in alkaid's units, to leave between two registers for a clock period in nanoseconds.

    Never below one unit: an adder is not cut, whatever the period.
    """
    timing = TIMING[family]
    return max((clock_ns - timing.base_ns) / timing.unit_ns, SMALLEST_CUT)
