"""What each cell of a synthesised netlist takes of an FPGA's fabric, family by family."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from codesign.board.board import Family, Resource

_LUT, _MEMORY, _FF = Resource.LUT, Resource.LUT_MEMORY, Resource.FF
_DSP, _BRAM, _CARRY, _MUX = Resource.DSP, Resource.BRAM, Resource.CARRY, Resource.WIDE_MUX

Takes = Mapping[Resource, "int | Fraction"]


def _each(takes: Takes, *cells: str) -> dict[str, Takes]:
    return dict.fromkeys(cells, takes)


def _memory(luts: int) -> Takes:
    return {_LUT: luts, _MEMORY: luts}


# LUTs of each distributed RAM: AMD UG474, "Distributed RAM Configuration". Yosys writes an inverter that found no
# LUT to merge with as INV; it becomes a LUT1.
_XC7: Mapping[str, Takes] = {
    **_each({_LUT: 1}, "INV", "LUT1", "LUT2", "LUT3", "LUT4", "LUT5", "LUT6", "LUT6_2"),
    **_each(_memory(1), "SRL16", "SRL16E", "SRLC16", "SRLC16E", "SRLC32E", "CFGLUT5", "RAM32X1S", "RAM64X1S"),
    **_each(_memory(2), "RAM32X1D", "RAM64X1D", "RAM128X1S"),
    **_each(_memory(4), "RAM32M", "RAM64M", "RAM128X1D", "RAM256X1S"),
    **_each({_FF: 1}, "FDRE", "FDSE", "FDCE", "FDPE", "FDRE_1", "FDSE_1", "FDCE_1", "FDPE_1", "LDCE", "LDPE"),
    **_each({_DSP: 1}, "DSP48E1"),
    **_each({_BRAM: 1}, "RAMB18E1", "FIFO18E1"),
    **_each({_BRAM: 2}, "RAMB36E1", "FIFO36E1"),
    **_each({_CARRY: 1}, "CARRY4"),
    **_each({_MUX: 1}, "MUXF7", "MUXF8"),
}

# LUTs of each distributed RAM: AMD UG574, "Distributed RAM (SLICEM Only)"; a slice has eight LUTs, and RAMs of eight or
# sixteen bits, or 256 deep with two ports, or 512 deep take them all. A DSP48E2 holds one multiplier (UG579), a
# RAMB18E2 half a block (UG573). Yosys makes chains of CARRY4; Vivado joins two of them to a CARRY8.
_XCUP: Mapping[str, Takes] = {
    **_each({_LUT: 1}, "INV", "LUT1", "LUT2", "LUT3", "LUT4", "LUT5", "LUT6", "LUT6_2"),
    **_each(_memory(1), "SRL16E", "SRLC16E", "SRLC32E", "CFGLUT5", "RAM32X1S", "RAM64X1S"),
    **_each(_memory(2), "RAM32X1D", "RAM64X1D", "RAM128X1S"),
    **_each(_memory(4), "RAM32M", "RAM64M", "RAM128X1D", "RAM256X1S"),
    **_each(_memory(8), "RAM32M16", "RAM64M8", "RAM256X1D", "RAM512X1S", "RAM32X16DR8", "RAM64X8SW"),
    **_each({_FF: 1}, "FDRE", "FDSE", "FDCE", "FDPE", "FDRE_1", "FDSE_1", "FDCE_1", "FDPE_1", "LDCE", "LDPE"),
    **_each({_DSP: 1}, "DSP48E2"),
    **_each({_BRAM: 1}, "RAMB18E2", "FIFO18E2"),
    **_each({_BRAM: 2}, "RAMB36E2", "FIFO36E2"),
    **_each({_CARRY: 1}, "CARRY4"),
    **_each({_CARRY: 2}, "CARRY8"),
    **_each({_MUX: 1}, "MUXF7", "MUXF8", "MUXF9"),
}

# A CCU2C is the two LUTs of a slice in ripple mode; a 16x4 RAM takes three slices, of two LUTs each: Lattice
# FPGA-DS-02012, "Modes of Operation" and "Number of Slices Required to Implement Distributed RAM".
_ECP5: Mapping[str, Takes] = {
    **_each({_LUT: 1}, "INV", "LUT2", "LUT4"),
    **_each({_LUT: 2, _CARRY: 1}, "CCU2C"),
    **_each(_memory(6), "TRELLIS_DPR16X4", "DPR16X4C"),
    **_each({_FF: 1}, "TRELLIS_FF"),
    **_each({_DSP: 1}, "MULT18X18D"),
    **_each({_BRAM: 1}, "DP16KD", "PDPW16KD"),
    **_each({_MUX: 1}, "PFUMX", "L6MUX21"),
}

# Each cell of an UltraPlus part has a LUT, a flip-flop and a carry; a block RAM's name tells the edges of its clocks.
_ICE40: Mapping[str, Takes] = {
    **_each({_LUT: 1}, "SB_LUT4"),
    **_each({_FF: 1}, *(f"SB_DFF{n}{e}{r}" for n in ("", "N") for e in ("", "E") for r in ("", "SR", "R", "SS", "S"))),
    **_each({_DSP: 1}, "SB_MAC16"),
    **_each({_BRAM: 1}, "SB_RAM40_4K", "SB_RAM40_4KNR", "SB_RAM40_4KNW", "SB_RAM40_4KNRNW"),
    **_each({_CARRY: 1}, "SB_CARRY"),
}

_EDGES = ("", "N")
_ENABLES = ("", "E")

# A configurable function unit (CFU) has eight LUTs and six flip-flops; an ALU is a LUT in carry mode: Gowin UG288.
# nextpnr places no logic into a CFU that holds a 16x4 RAM. Two 9x9 multipliers are one of 18x18, a 36x36 one is four:
# UG287.
_GOWIN: Mapping[str, Takes] = {
    **_each({_LUT: 1}, "INV", "LUT1", "LUT2", "LUT3", "LUT4"),
    **_each({_LUT: 1, _CARRY: 1}, "ALU"),
    **_each(_memory(8), "RAM16SDP1", "RAM16SDP2", "RAM16SDP4"),
    **_each({_FF: 1}, *(f"DFF{n}{r}{e}" for n in _EDGES for r in ("", "S", "R", "P", "C") for e in _ENABLES)),
    **_each({_FF: 1}, *(f"DL{n}{r}{e}" for n in _EDGES for r in ("", "P", "C") for e in _ENABLES)),
    **_each({_DSP: Fraction(1, 2)}, "MULT9X9"),
    **_each({_DSP: 1}, "MULT18X18"),
    **_each({_DSP: 4}, "MULT36X36"),
    **_each({_BRAM: 1}, "SP", "SPX9", "SDPB", "SDPX9B", "DPB", "DPX9B", "pROM", "pROMX9"),
    **_each({_MUX: 1}, "MUX2_LUT5", "MUX2_LUT6", "MUX2_LUT7", "MUX2_LUT8"),
}

CELLS: Mapping[Family, Mapping[str, Takes]] = {
    Family.XC7: _XC7,
    Family.XCUP: _XCUP,
    Family.ECP5: _ECP5,
    Family.ICE40: _ICE40,
    Family.GOWIN: _GOWIN,
}

_AMD_FREE = frozenset({"$scopeinfo", "GND", "VCC", "IBUF", "IBUFG", "OBUF", "OBUFT", "IOBUF", "BUFG", "BUFGCTRL"})

# Constants, notes of where a module was, and the pads' and clocks' own buffers: nothing of the fabric.
FREE: Mapping[Family, frozenset[str]] = {
    Family.XC7: _AMD_FREE,
    Family.XCUP: _AMD_FREE | {"BUFGCE"},
    Family.ECP5: frozenset({"$scopeinfo", "VHI", "VLO", "TRELLIS_IO", "DCCA"}),
    Family.ICE40: frozenset({"$scopeinfo", "SB_IO", "SB_GB", "SB_GB_IO"}),
    Family.GOWIN: frozenset({"$scopeinfo", "GND", "VCC", "IBUF", "OBUF", "TBUF", "IOBUF", "BUFG", "BUFS", "GSR"}),
}

_unknown = [family for family in Family if family not in CELLS or family not in FREE]
if _unknown:
    raise TypeError(f"no cells are known for {_unknown}")


def count(family: Family, cells: Mapping[str, int]) -> tuple[dict[Resource, int], dict[str, int]]:
    """What a netlist takes.

    Args:
        family: of the FPGA.
        cells: how many of each type the netlist has.

    Returns:
        How much of each resource, parts of one rounded up; and the cells of types that are not known here, which may
        take more.
    """
    used: dict[Resource, int | Fraction] = dict.fromkeys(Resource, 0)
    other: dict[str, int] = {}
    for cell, number in cells.items():
        if cell in CELLS[family]:
            for resource, each in CELLS[family][cell].items():
                used[resource] += each * number
        elif cell not in FREE[family]:
            other[cell] = number
    return {resource: math.ceil(number) for resource, number in used.items()}, other
