"""FPGA families, and how much logic between two registers each is trusted with at a clock period."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from codesign.rtl import fabric
from codesign.rtl.fabric import Cut, Fabric


class Family(str, Enum):
    """The families that RTL projects are pipelined and scripted for."""

    XILINX_7SERIES = "xilinx_7series"
    XILINX_ULTRASCALE_PLUS = "xilinx_ultrascale_plus"
    ECP5 = "ecp5"
    ICE40 = "ice40"
    GOWIN = "gowin"


@dataclass(frozen=True)
class Timing:
    """What is known of a family's speed.

    Attributes:
        fabric: the delays of its cells.
        ternary_adders: adders are joined in threes. Yosys makes two levels of each: on 7 series the breast cancer
            classifier took 2,610 LUTs and 30 cycles with them, 2,324 and 26 without.
        measured: place and route kept to these delays in every design that was tried; otherwise they are a guess.
        provenance: where they come from.
    """

    fabric: Fabric
    ternary_adders: bool
    measured: bool
    provenance: str


_NEXTPNR = "Yosys 0.70 and nextpnr 0.11.1 placed and routed the designs of fmax.json for"

TIMING: dict[Family, Timing] = {
    Family.ECP5: Timing(fabric.ECP5, False, True, f"{_NEXTPNR} LFE5U-25F-6"),
    Family.ICE40: Timing(fabric.ICE40, False, True, f"{_NEXTPNR} iCE40UP5K"),
    Family.GOWIN: Timing(fabric.GOWIN, False, True, f"{_NEXTPNR} GW1NR-9C C6/I5"),
    Family.XILINX_7SERIES: Timing(
        fabric.XC7,
        False,
        False,
        "not placed or routed: the Artix-7 delays of Project X-Ray as Yosys 0.70 ships them (clock to output 0.30 ns, "
        "LUT 0.13 to 0.64, CARRY4 S0 to CO3 0.51, CI to CO3 0.11, CI to O3 0.31) with 0.5 ns for every wire",
    ),
    Family.XILINX_ULTRASCALE_PLUS: Timing(fabric.XCUP, False, False, "a guess: 0.6 of the delays for 7 series"),
}


def cut_for(family: Family, clock_ns: float) -> Cut:
    """What may stand between two registers of a family at a clock period in nanoseconds."""
    return Cut(TIMING[family].fabric, clock_ns)
