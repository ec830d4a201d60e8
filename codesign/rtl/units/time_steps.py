"""Loops over time steps as units: their beats pass as they are, each step a frame of its own to what stands between."""

from __future__ import annotations

from codesign.graph import Node, ReadTimeStep, WriteTimeStep
from codesign.rtl.stream import Layout, Unit, by_place, every_beat
from codesign.rtl.units.base import Place, Plan, build, plan, prefers_places
from codesign.rtl.units.text import module, pipeline


@prefers_places.register
def _(node: ReadTimeStep) -> bool:
    return True


@plan.register
def _(node: ReadTimeStep, place: Place) -> Plan:
    given = by_place(place.sources[0].node.shape)
    return Plan((given,), Layout(given.lanes, given.beats // node.n_time_steps))


@plan.register
def _(node: WriteTimeStep, place: Place) -> Plan:
    layout = place.sources[0].layout
    return Plan((layout,), Layout(layout.lanes, layout.beats * node.shape[0]))


@build.register(ReadTimeStep)
@build.register(WriteTimeStep)
def _(node: Node, place: Place) -> Unit:
    planned = plan(node, place)
    bits = planned.output.lanes * node.result.width
    text = module(place.module, [bits], bits, [*pipeline(1, 0), "assign out_data = in0_data;"])
    beats = max(planned.inputs[0].beats, planned.output.beats)
    files = {f"{place.module}.v": text}
    return Unit(place.module, planned.inputs, planned.output, every_beat(1, beats, 0), files)
