"""Units without arithmetic: a design's inputs, which are registered, and tensors that only change their shape."""

from __future__ import annotations

from codesign.graph import Input, Node, Reshape
from codesign.rtl.stream import Unit, every_beat
from codesign.rtl.units.base import Place, Plan, build, plan
from codesign.rtl.units.text import module, pipeline


def pass_on(node: Node, place: Place, latency: int) -> Unit:
    """A unit that hands its beats on, through one register or none."""
    layout = place.sources[0].layout
    bits = layout.lanes * node.result.width
    body = pipeline(1, latency)
    if latency:
        body += [
            f"reg [{bits - 1}:0] held;",
            "always @(posedge clk) if (ce) held <= in0_data;",
            "assign out_data = held;",
        ]
    else:
        body.append("assign out_data = in0_data;")
    text = module(place.module, [bits], bits, body)
    behaviour = every_beat(1, layout.beats, latency)
    return Unit(place.module, (layout,), layout, behaviour, {f"{place.module}.v": text}, passes=True)


@plan.register(Input)
@plan.register(Reshape)
def _(node: Input | Reshape, place: Place) -> Plan:
    layout = place.sources[0].layout
    return Plan((layout,), layout)


@build.register
def _(node: Input, place: Place) -> Unit:
    return pass_on(node, place, 1)


@build.register
def _(node: Reshape, place: Place) -> Unit:
    return pass_on(node, place, 0)
