"""What a board is: its part, how much that holds, and its clock."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any


class Family(Enum):
    """An FPGA family that Yosys synthesises for and whose cells we can count."""

    XC7 = "xc7"
    """AMD 7 series and Zynq-7000."""
    XCUP = "xcup"
    """AMD UltraScale+ and Zynq UltraScale+."""
    ECP5 = "ecp5"
    """Lattice ECP5."""
    ICE40 = "ice40"
    """Lattice iCE40 UltraPlus."""
    GOWIN = "gowin"
    """Gowin GW1N and GW1NR."""


class Resource(Enum):
    """A countable part of an FPGA's fabric."""

    LUT = "lut"
    LUT_MEMORY = "lut_memory"
    FF = "ff"
    DSP = "dsp"
    BRAM = "bram"
    CARRY = "carry"
    WIDE_MUX = "wide_mux"


LIMITED = (Resource.LUT, Resource.LUT_MEMORY, Resource.FF, Resource.DSP, Resource.BRAM)
"""What a part has a stated number of. Carry chains and wide multiplexers come with the LUTs beside them."""

BRAM_UNIT_KBITS = {Family.XC7: 18, Family.XCUP: 18, Family.ECP5: 18, Family.ICE40: 4, Family.GOWIN: 18}
"""Block RAM is counted in such blocks: half an AMD block, one Lattice EBR, one Gowin BSRAM."""

if set(BRAM_UNIT_KBITS) != set(Family):
    raise ImportError(f"no unit of block RAM for {set(Family) - set(BRAM_UNIT_KBITS)}")


@dataclass(frozen=True)
class Board:
    """A board.

    Attributes:
        name: as on the command line.
        title: maker and model.
        part: as vendors order it, such as xc7a100tcsg324-1.
        family: of the part.
        device: the part's die, such as xc7a100t.
        package: such as csg324.
        speed_grade: such as -1.
        lut: LUTs (6-input on xc7 and xcup, 4-input on the others).
        lut_memory: of these, how many can serve as distributed RAM or shift registers.
        ff: flip-flops.
        dsp: multipliers: DSP48E1 on xc7, DSP48E2 on xcup, 18x18 ones on ECP5 and Gowin, 16x16 ones on iCE40.
        bram_blocks: physical block RAMs.
        bram_kbits: size of each, in Kb (1024 bits).
        clock_mhz: of the oscillator, in MHz.
        clock_pin: package pin of the oscillator.
        constraints: constraint file (.xdc, .lpf, .pcf, .cst) that places at least the clock.
        provenance: where these facts are from.
        path: the YAML that it was read from.
    """

    name: str
    title: str
    part: str
    family: Family
    device: str
    package: str
    speed_grade: str
    lut: int
    lut_memory: int
    ff: int
    dsp: int
    bram_blocks: int
    bram_kbits: int
    clock_mhz: float
    clock_pin: str
    constraints: Path
    provenance: tuple[str, ...]
    path: Path

    @property
    def bram_unit_kbits(self) -> int:
        """Size of the unit in which block RAM is counted."""
        return BRAM_UNIT_KBITS[self.family]

    @property
    def bram(self) -> int:
        """Block RAMs in units of `bram_unit_kbits`."""
        return self.bram_blocks * (self.bram_kbits // self.bram_unit_kbits)

    def limit(self, resource: Resource) -> int:
        """How much of a resource in `LIMITED` the part holds; block RAM in units of `bram_unit_kbits`."""
        limits = {
            Resource.LUT: self.lut,
            Resource.LUT_MEMORY: self.lut_memory,
            Resource.FF: self.ff,
            Resource.DSP: self.dsp,
            Resource.BRAM: self.bram,
        }
        return limits[resource]

    def document(self) -> dict[str, Any]:
        """The board for machines: plain values, as JSON holds them."""
        return {
            "name": self.name,
            "title": self.title,
            "part": self.part,
            "family": self.family.value,
            "device": self.device,
            "package": self.package,
            "speed_grade": self.speed_grade,
            "resources": {resource.value: self.limit(resource) for resource in LIMITED},
            "bram_unit_kbits": self.bram_unit_kbits,
            "clock": {"mhz": self.clock_mhz, "pin": self.clock_pin},
            "constraints": str(self.constraints),
            "provenance": list(self.provenance),
            "path": str(self.path),
        }
