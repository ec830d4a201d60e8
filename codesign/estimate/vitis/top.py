"""The function that joins the modules: a pipeline of its own, with a register before and after each of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codesign.estimate.vitis.folding import Folded
from codesign.estimate.vitis.module import Module
from codesign.estimate.vitis.operators import STATE_LUT
from codesign.graph import Dense, Input

_STATE_MACHINE_LUT = 24
_CONTROL_LUT = 2
_CONTROL_FF = 2


@dataclass(frozen=True)
class _Point:
    """When a result is there.

    Attributes:
        clock: that it is there in.
        logic: it comes out of logic without registers.
        given: it is an input of the design.
    """

    clock: int
    logic: bool = False
    given: bool = False


def joined(nodes: Sequence[Folded], rows: Mapping[str, Module], outputs: Sequence[str]) -> tuple[Module, Module]:
    """What stands outside the modules, and the whole design.

    A module with registers starts the clock after its input is there. Logic between modules has a clock of its own. A
    dense layer that starts again every clock keeps its inputs and outputs in registers, which takes one clock beyond
    its own latency where that is 2 or more. What waits between modules is registered; a design that starts again every
    clock needs no state machine.

    Args:
        nodes: of the design, in order.
        rows: the modules by name; nodes without one are wires.
        outputs: names of the nodes whose results leave the design.

    Returns:
        outside: what the top has beyond its modules; latency and interval are those of the whole.
        whole: the row of the top.
    """
    points: dict[str, _Point] = {}
    for item in nodes:
        points[item.node.name] = _point(item, rows.get(item.node.name), points)
    registered = _registered(nodes, rows, points)
    kept_bits = sum(item.values * item.node.result.width for item in nodes if item.node.name in registered)
    interval = max((row.interval for row in rows.values()), default=1)
    latency = max(points[name].clock for name in outputs)
    lut = _CONTROL_LUT if interval == 1 else _STATE_MACHINE_LUT + STATE_LUT * interval
    ff = kept_bits + math.ceil(latency / interval) + interval + _CONTROL_FF
    outside = Module(lut, ff, 0, 0, latency, interval)
    whole = Module(
        lut + sum(row.lut for row in rows.values()),
        ff + sum(row.ff for row in rows.values()),
        sum(row.dsp for row in rows.values()),
        sum(row.bram18 for row in rows.values()),
        latency,
        interval,
    )
    return outside, whole


def _point(item: Folded, row: Module | None, points: Mapping[str, _Point]) -> _Point:
    if isinstance(item.node, Input) or not item.node.inputs:
        return _Point(0, given=True)
    before = max((points[name] for name in item.node.inputs), key=lambda point: (point.clock, not point.given))
    if row is None:
        return before
    if row.latency == 0:
        return before if before.logic else _Point(before.clock + (not before.given), logic=True)
    extra = isinstance(item.node, Dense) and row.interval == 1 and row.latency > 1
    return _Point(before.clock + (not before.given) + row.latency + extra)


def _registered(nodes: Sequence[Folded], rows: Mapping[str, Module], points: Mapping[str, _Point]) -> set[str]:
    """The nodes whose results wait in registers: all that a module reads, but for logic that reads logic."""
    found = set()
    for item in nodes:
        row = rows.get(item.node.name)
        logic = row is not None and row.latency == 0
        for name in item.node.inputs:
            if row is not None and not points[name].given and not (logic and points[name].logic):
                found.add(name)
    return found
