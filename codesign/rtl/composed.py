"""A design's units, what joins them to its ports, and what it does in time: all that is known before it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from codesign.graph import Graph, Node
from codesign.rtl.facing import Facing
from codesign.rtl.network import Planned, build_units, connect
from codesign.rtl.schedule import Schedule, schedule
from codesign.rtl.shell import Shell, shell
from codesign.rtl.stream import Unit
from codesign.rtl.units import Place, build


@dataclass(frozen=True)
class Composed:
    """A design before it is written.

    Attributes:
        units: by node name.
        border: its parts with what stands at its ports.
        timing: latency, interval and the depths of its FIFOs.
    """

    units: Mapping[str, Unit]
    border: Shell
    timing: Schedule


def compose(
    graph: Graph, planned: tuple[Planned, ...], facing: Facing, *, build: Callable[[Node, Place], Unit] = build
) -> Composed:
    """Build a design's units and join them.

    Args:
        graph: the design.
        planned: from `plan_units`.
        facing: what is asked of its ports.
        build: makes a unit.

    Raises:
        UnsupportedLayerError: something inside a unit is too wide to be held exactly.
        BoardError: one operation alone takes longer than the clock period.
    """
    units = build_units(planned, build)
    in_a_row = planned[0].place.options.cut.units_in_a_row

    def faced(fifos: Mapping[str, int], frames: int = 1) -> Shell:
        return shell(graph, connect(graph, units, fifos, in_a_row=in_a_row), facing, fifos, frames)

    timing = schedule(lambda fifos: faced(fifos).network)
    return Composed(units, faced(timing.fifos, 1 + timing.latency // timing.interval), timing)
