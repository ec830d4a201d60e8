"""The longest ways from register to register in a composed design, by what they lead through.

Each is in nanoseconds of the model that logic is cut by (`codesign.rtl.fabric`): a register to register path without
logic, levels of LUTs, carry chains with their bits, tables, multipliers. How the model's nanoseconds relate to those
after place and route is the calibration's to know (`codesign.estimate.rtl.fmax`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from alkaid.types import CombLogic

from codesign.estimate.rtl.template_ways import Delays, instance_size, instance_ways
from codesign.estimate.rtl.text import Instance, instances
from codesign.estimate.rtl.way import Way, Ways
from codesign.rtl.composed import Composed
from codesign.rtl.delay import longest_path
from codesign.rtl.fabric import Fabric
from codesign.rtl.family import Family
from codesign.rtl.network import Network
from codesign.rtl.opcodes import ADDERS, WIRING, Opcode
from codesign.rtl.parts import Fifo, Gather, Part, Scatter, UnitPart
from codesign.rtl.stream import Unit
from codesign.rtl.units import Options

_TABLES = frozenset({Opcode.PRODUCT, Opcode.TABLE})
_BITWISE = frozenset({Opcode.UNARY, Opcode.BINARY})


def _instances(unit: Unit) -> Iterator[Instance]:
    """The templates that a unit instantiates; what these instantiate in turn is theirs to know."""
    if unit.templates:
        for text in unit.files.values():
            yield from instances(text)


def _in_a_row(network: Network) -> int:
    """Parts with logic that a ready signal passes on its way back, until a FIFO ends it."""
    passed: dict[str, int] = {}
    longest = 0
    for part in network.parts:
        wires = isinstance(part, UnitPart) and part.unit.behaviour.latency == 0
        here = int(not wires) + max((passed.get(channel.name, 0) for channel in part.reads), default=0)
        longest = max(longest, here)
        for channel in part.gives:
            passed[channel.name] = 0 if isinstance(part, Fifo) else here
    return longest


def _stage_way(stage: CombLogic) -> Way:
    codes = {op.opcode for op in stage.ops}
    if codes & _TABLES:
        return Way.TABLE
    if codes <= WIRING | ADDERS:
        return Way.ADDERS
    return Way.CAST if codes & _BITWISE and Opcode.SUBTRACT not in codes else Way.CHOOSE


def _part_size(part: Part) -> int:
    """Registers of what stands between units."""
    if isinstance(part, Fifo | Gather | Scatter):
        return max(channel.width for channel in (*part.reads, *part.gives))
    return 0


@lru_cache(maxsize=2048)
def _of_unit(unit: Unit, family: Family, fabric: Fabric) -> Ways:
    """A unit's part; the same unit of many designs is looked at once."""
    d = Delays(fabric)
    longest: dict[Way, float] = {}
    size = 0.0
    behind = d.levels(2) if "cs_running.sv" in unit.templates else 0.0
    for stage in unit.stages:
        way, ns = _stage_way(stage), longest_path(stage, fabric) - fabric.stage_ns + behind
        longest[way] = max(longest.get(way, 0.0), ns)
        size += float(stage.out_kifs.sum())
        size += sum(sum(op.qint.kif) for op in stage.ops if op.opcode not in WIRING)
    for instance in _instances(unit):
        for way, ns in instance_ways(instance, d, family):
            longest[way] = max(longest.get(way, 0.0), ns)
        size += instance_size(instance)
    return Ways(longest, size)


def ways(composed: Composed, options: Options) -> Ways:
    """What the clock of a design depends on.

    Args:
        composed: the design.
        options: that it was planned with, for a family that was calibrated.
    """
    fabric, network = options.cut.fabric, composed.border.network
    d = Delays(fabric)
    parts = [_of_unit(unit, options.family, fabric) for unit in composed.units.values()]
    longest = {Way.READY: d.levels(1 + _in_a_row(network) / (fabric.lut_inputs - 1))}
    if any(isinstance(part, Fifo | Gather | Scatter) for part in network.parts):
        longest[Way.CONTROL] = d.levels(3) + d.adder(4)
    for part in parts:
        for way, ns in part.longest_ns.items():
            longest[way] = max(longest.get(way, 0.0), ns)
    size = sum(part.size for part in parts) + sum(_part_size(part) for part in network.parts)
    return Ways({way: longest[way] for way in Way if way in longest}, size)
