"""Convolutions: windows from line buffers; constant weights as adder graphs on each at reuse factor 1, folded above."""

from __future__ import annotations

from codesign.graph import Convolution, DepthwiseConvolution, Node
from codesign.rtl.logic import check_logic_exists
from codesign.rtl.logic.convolution import one_window
from codesign.rtl.stream import Unit, by_place
from codesign.rtl.units.base import Place, Plan, build, plan, prefers_places, reuse_of
from codesign.rtl.units.folded_convolution import build_folded, plan_folded
from codesign.rtl.units.unrolled import logic_module
from codesign.rtl.units.windowed import windowed
from codesign.rtl.windows import Axis, Windows, image_axes


def convolution_axes(node: Convolution | DepthwiseConvolution, source: Node) -> tuple[Axis, Axis]:
    """Where its windows are."""
    axes = zip(source.shape[:-1], node.kernel, node.strides, node.padding_before, node.shape[:-1], strict=True)
    return image_axes(tuple(Axis(*each) for each in axes))


@prefers_places.register(Convolution)
@prefers_places.register(DepthwiseConvolution)
def _(node: Convolution | DepthwiseConvolution) -> bool:
    return True


@plan.register(Convolution)
@plan.register(DepthwiseConvolution)
def _(node: Convolution | DepthwiseConvolution, place: Place) -> Plan:
    if reuse_of(node, place.options) > 1:
        return plan_folded(node, place)
    source = place.sources[0].node
    window, port = one_window(node, source)
    check_logic_exists(window, [port])
    return Plan((by_place(source.shape),), by_place(node.shape))


@build.register(Convolution)
@build.register(DepthwiseConvolution)
def _(node: Convolution | DepthwiseConvolution, place: Place) -> Unit:
    source = place.sources[0].node
    if reuse_of(node, place.options) > 1:
        return build_folded(node, place, convolution_axes(node, source))
    window, port = one_window(node, source)
    logic = logic_module(f"{place.module}_logic", window, (port,), place.options)
    rows, columns = convolution_axes(node, source)
    windows = Windows(rows, columns, source.shape[-1] * source.result.width)
    return windowed(place.module, windows, logic, by_place(source.shape), by_place(node.shape), node.result.width)
