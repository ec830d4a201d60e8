"""The ways through the templates of folded layers, windows and what joins units, in the fabric's nanoseconds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from codesign.estimate.rtl.text import Instance
from codesign.estimate.rtl.way import Way
from codesign.rtl.fabric import Fabric
from codesign.rtl.family import Family
from codesign.rtl.folded.dsp import dsp_blocks
from codesign.rtl.folded.price import uses_block


@dataclass(frozen=True)
class Delays:
    """A fabric's delays, put together."""

    fabric: Fabric

    def levels(self, count: float) -> float:
        """Levels of LUTs in a row."""
        return count * self.fabric.level_ns

    def adder(self, bits: int, count: int = 1) -> float:
        """Adders in a row; carries of one run while the next one's begin."""
        return count * self.fabric.chain_ns + bits * self.fabric.bit_ns

    def reduction(self, bits: int) -> float:
        """One bit that depends on so many."""
        return self.levels(max(math.ceil(math.log(max(bits, 1), self.fabric.lut_inputs) - 1e-9), 1))

    def table(self, index_bits: int) -> float:
        """A memory of LUTs."""
        return self.fabric.level_ns + self.fabric.table_bit_ns * max(index_bits - self.fabric.lut_inputs, 0)

    def cast(self, bits: int, rounding: int, overflow: int) -> float:
        """`cs_cast`: an adder where it rounds to nearest, a comparison and a choice where it does not wrap."""
        return (self.adder(bits) if rounding else 0.0) + (self.reduction(bits) + self.levels(1) if overflow else 0.0)


# What a block RAM takes longer than a register from the clock to its word, as nextpnr's reports say.
_BLOCK_RAM_NS = {Family.ECP5: 5.1, Family.ICE40: 0.0, Family.GOWIN: 3.0}

_Found = Iterator[tuple[Way, float]]


def _matvec(p: Mapping[str, int], d: Delays, family: Family) -> _Found:
    number, weight = p["X"] + 1 - p["X_SIGNED"], p["W"]
    wide, narrow = max(number, weight), min(number, weight)
    dsp = p["DSP"] and dsp_blocks(family, (wide, narrow), (True, True), wide + narrow)
    if dsp:
        product = d.fabric.product_ns + d.fabric.product_bit_ns * (wide + narrow)
    elif p["DSP"]:
        product = d.levels(max(math.ceil(math.log(narrow / 2, 1.5)), 1)) + d.adder(wide + narrow)
    else:
        product = d.levels(2) + d.adder(wide + narrow, (narrow + 1) // 2)
    if p["ROUNDED"]:
        product += d.cast(number + weight, p["ROUNDING"], p["OVERFLOW"])
    block = p["DEPTH"] > 1 and uses_block(family, p["PE"] * p["SIMD"] * weight, p["DEPTH"])
    product += _BLOCK_RAM_NS[family] if block else 0.0
    yield (Way.DSP_PRODUCT if dsp else Way.PRODUCT), product
    if p["CHAIN"]:
        link = d.adder(p["ACC"] + 2) + d.cast(p["ACC"] + 2, 0, p["OVERFLOW"])
        yield Way.SUM, d.levels(1) + link * p["SIMD"]
    else:
        floors = (p["SIMD"] - 1).bit_length()
        yield Way.SUM, d.adder(p["ACC"], min(floors, p["SPAN"]))
        yield Way.SUM, d.levels(1) + d.adder(p["ACC"])
    reads = p["SIMD"] * (p["PE"] if p["OWN"] else 1)
    parts = -(-p["LANES"] // reads)
    yield Way.CHOICE, d.levels((parts - 1).bit_length())
    if not block:
        yield Way.CHOICE, d.table(p["ADDRESS"])
    yield Way.CHOICE, d.levels(2) + d.adder(p["ADDRESS"])


def _cast(p: Mapping[str, int], d: Delays, family: Family) -> _Found:
    yield Way.SUM, d.cast(p["IN"], p["ROUNDING"], p["OVERFLOW"])


def _bits(count: int) -> int:
    return max(count.bit_length(), 1)


def _window(p: Mapping[str, int], d: Delays, family: Family) -> _Found:
    yield Way.CONTROL, d.levels(4) + d.adder(_bits(max(p["WIDTH"], p["HEIGHT"])))


def _taps(p: Mapping[str, int], d: Delays, family: Family) -> _Found:
    yield Way.CONTROL, d.levels(6) + d.adder(_bits(p["WIDTH"] * p["HEIGHT"]))


def _running(p: Mapping[str, int], d: Delays, family: Family) -> _Found:
    yield Way.CONTROL, d.levels(4) + d.adder(_bits(max(p["WIDTH"], p["HEIGHT"])))


def _counted(p: Mapping[str, int], d: Delays, family: Family) -> _Found:
    """Any other template: counters with what enables them."""
    yield Way.CONTROL, d.levels(3) + d.adder(4)


_TEMPLATES: Mapping[str, Callable[[Mapping[str, int], Delays, Family], _Found]] = {
    "cs_matvec": _matvec,
    "cs_cast": _cast,
    "cs_window": _window,
    "cs_taps": _taps,
    "cs_running": _running,
}


def instance_ways(instance: Instance, d: Delays, family: Family) -> _Found:
    """The ways through a template.

    Args:
        instance: with its parameters.
        d: delays of the fabric.
        family: of it, one that was calibrated.
    """
    return _TEMPLATES.get(instance.template, _counted)(instance.parameters, d, family)


def instance_size(instance: Instance) -> float:
    """Roughly its LUTs and registers, where it is large."""
    return _matvec_size(instance.parameters) if instance.template == "cs_matvec" else 0.0


def _matvec_size(p: Mapping[str, int]) -> float:
    number, products = p["X"] + 1 - p["X_SIGNED"], p["PE"] * p["SIMD"]
    multiplier = 0 if p["DSP"] else (min(number, p["W"]) + 1) // 2 * (max(number, p["W"]) + 2)
    line = p["OUTS"] if p["COLUMNS"] else 1
    copy = 0 if p["HOLD"] else p["LANES"] * p["X"]
    return copy + products * (multiplier + number + p["W"]) + (products + line * p["PE"]) * p["ACC"]
