"""Layers that bring two results together, number by number or side by side."""

from __future__ import annotations

from codesign.estimate.conditions import Conditions
from codesign.estimate.vitis import fabric
from codesign.estimate.vitis.fabric import Cost
from codesign.estimate.vitis.families import LayerFamily, finished
from codesign.estimate.vitis.module import Module, module
from codesign.estimate.vitis.pointwise import elementwise
from codesign.estimate.vitis.streams import loop_cycles, pieces, process, streams
from codesign.graph import Broadcast, Concatenate, FixedPoint, Merge, MergeOperation, Node

_SUMS = (MergeOperation.ADD, MergeOperation.SUBTRACT, MergeOperation.AVERAGE)
_CHOICES = (MergeOperation.MAXIMUM, MergeOperation.MINIMUM)


def _aligned(left: FixedPoint, right: FixedPoint) -> int:
    """Bits of a type that holds both."""
    signed = left.signed or right.signed
    integer = max(t.integer + (signed and not t.signed) for t in (left, right))
    return max(1, integer + max(left.fraction, right.fraction))


@module.register
def _(node: Merge, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    left, right = (source.result for source in sources)
    width = _aligned(left, right)
    if node.operation in _SUMS:
        one, delay, inner = fabric.add(width + 1), fabric.add_delay(1), width + 1
    elif node.operation in _CHOICES:
        one, delay, inner = fabric.compare(width) + fabric.choose(width), fabric.choose_delay(1), width
    else:
        one, inner = fabric.product(left.width, right.width, conditions), left.width + right.width
        delay = fabric.product_delay(1)
    whole = FixedPoint(True, inner, inner - max(left.fraction, right.fraction))
    one += fabric.cast(whole, node.result)
    return elementwise(
        node, one.times(node.size), fabric.stages(delay, conditions), conditions, live_bits=inner, sources=sources
    )


@module.register
def _(node: Broadcast, sources: tuple[Node, ...], conditions: Conditions) -> Module | None:
    one = fabric.cast(sources[0].result, node.result)
    if not streams(conditions) and not one.lut:
        return None  # wires
    return elementwise(node, one.times(node.size), 0, conditions, live_bits=node.result.width, sources=sources)


@module.register
def _(node: Concatenate, sources: tuple[Node, ...], conditions: Conditions) -> Module | None:
    casts = Cost()
    for source in sources:
        casts += fabric.cast(source.result, node.result).times(source.size)
    if not streams(conditions):
        return finished(LayerFamily.CONCATENATE, casts, 0, 1) if casts.lut else None  # else wires
    trips = [pieces(source.shape) for source in sources]
    bits = node.shape[-1] * node.result.width
    if node.axis == len(node.shape) - 1 and len(node.shape) > 1:  # both are read at once
        cycles, cost = loop_cycles(max(trips), 1, 2), process(max(trips))
    else:  # one after the other
        cycles, cost = sum(loop_cycles(count, 1, 2) for count in trips), process(2).times(len(trips))
    if pieces(node.shape) == 1:  # the whole result is put together first
        cost += fabric.held(node.shape[-1], node.result.width)
        cycles += 1
    else:
        cost += fabric.registers(1, bits)
    return finished(LayerFamily.CONCATENATE, casts.share(pieces(node.shape)) + cost, cycles, cycles + 1)
