"""How much of an FPGA a synthesised design takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from codesign.board.board import Family, Resource
from codesign.board.cells import count


@dataclass(frozen=True)
class Utilisation:
    """What synthesis counted; placement and routing may still merge or duplicate some of it.

    Attributes:
        family: synthesised for.
        lut: LUTs, those of `lut_memory` included. On ECP5 each CCU2C counts as two, a 16x4 RAM as six;
            on Gowin an ALU counts as one, a 16x4 RAM as eight.
        lut_memory: LUTs that serve as distributed RAM or shift registers.
        ff: flip-flops and latches.
        dsp: multipliers.
        bram: block RAMs, in units of `codesign.board.board.BRAM_UNIT_KBITS`.
        carry: carry cells: CARRY4 on xc7 and xcup, CCU2C on ECP5, SB_CARRY on iCE40, ALU on Gowin.
        wide_mux: multiplexers that join LUTs: MUXF7, MUXF8, MUXF9; PFUMX, L6MUX21; MUX2_LUT5 … 8.
        other: cells of types that none of these counts, with their number; what they take is unknown.
        cells: every cell type with its number, as Yosys reported it.
        yosys: version of Yosys.
        seconds: that synthesis took.
    """

    family: Family
    lut: int
    lut_memory: int
    ff: int
    dsp: int
    bram: int
    carry: int
    wide_mux: int
    other: tuple[tuple[str, int], ...]
    cells: tuple[tuple[str, int], ...]
    yosys: str
    seconds: float

    @classmethod
    def of(cls, family: Family, cells: Mapping[str, int], yosys: str, seconds: float) -> Utilisation:
        """Count the cells of a netlist."""
        used, other = count(family, cells)
        return cls(
            family=family,
            lut=used[Resource.LUT],
            lut_memory=used[Resource.LUT_MEMORY],
            ff=used[Resource.FF],
            dsp=used[Resource.DSP],
            bram=used[Resource.BRAM],
            carry=used[Resource.CARRY],
            wide_mux=used[Resource.WIDE_MUX],
            other=tuple(sorted(other.items())),
            cells=tuple(sorted(cells.items())),
            yosys=yosys,
            seconds=seconds,
        )

    def used(self, resource: Resource) -> int:
        """How much of a resource is taken."""
        return int(getattr(self, resource.value))

    def document(self) -> dict[str, Any]:
        """The record for machines: plain values, as JSON holds them."""
        return {
            "family": self.family.value,
            **{resource.value: self.used(resource) for resource in Resource},
            "other": dict(self.other),
            "cells": dict(self.cells),
            "yosys": self.yosys,
            "seconds": self.seconds,
        }
