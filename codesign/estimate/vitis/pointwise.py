"""Layers that compute every number on its own: rectifiers, thresholds, quantizers, tables of activations."""

from __future__ import annotations

import numpy as np

from codesign.estimate.conditions import Conditions
from codesign.estimate.vitis import fabric
from codesign.estimate.vitis.constant_product import constant_product
from codesign.estimate.vitis.fabric import Cost
from codesign.estimate.vitis.families import FAMILY_OF, finished
from codesign.estimate.vitis.module import Module, module
from codesign.estimate.vitis.streams import loop_cycles, pieces, process, streams
from codesign.graph import (
    BinaryThreshold,
    ClippedRelu,
    Elu,
    HardActivation,
    HardFunction,
    Node,
    PRelu,
    Quantizer,
    Selu,
    TableActivation,
    TernaryTanh,
    TernaryThreshold,
    ThresholdedRelu,
    UnaryTable,
)

_TABLE_READ = 2
"""Clocks from an index to the value of a table: its register and the block RAM's."""
_TABLE_NS = 1.0
"""What a block RAM takes before and after its registers."""


def elementwise(
    node: Node,
    all_numbers: Cost,
    latency: int,
    conditions: Conditions,
    *,
    live_bits: int,
    sources: tuple[Node, ...],
) -> Module:
    """A module that does the same to every number.

    Args:
        node: the layer.
        all_numbers: what the logic of all its numbers takes together, as io_parallel has it.
        latency: clocks of that logic.
        conditions: what is asked for.
        live_bits: bits of one number that a register between two clocks holds.
        sources: the nodes that it reads.
    """
    family = FAMILY_OF[type(node)]
    if not streams(conditions):
        registers = fabric.registers(latency * node.size, live_bits)
        return finished(family, all_numbers + registers + fabric.ports(sources), latency, 1)
    trips, lanes = pieces(node.shape), node.shape[-1]
    share = all_numbers.share(trips)
    depth = latency + (1 if trips == 1 else 2)
    cycles = depth if trips == 1 else loop_cycles(trips, 1, depth)
    cost = share + fabric.registers(latency * lanes, live_bits) + process(trips)
    return finished(family, cost, cycles, cycles + 1)


def _parameters(values: np.ndarray, size: int) -> list[tuple[int, int]]:
    """Each distinct parameter with how many numbers it is used for."""
    distinct, counts = np.unique(values, return_counts=True)
    return [(int(value), int(count) * (size // values.size)) for value, count in zip(distinct, counts, strict=True)]


@module.register
def _(node: PRelu, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    source, one = sources[0].result, 1 << max(0, node.alpha_type.fraction)
    cost, products = fabric.cast(source, node.result).times(node.size), 0
    for alpha, count in _parameters(node.alpha, node.size):
        if alpha == one:  # both branches are the same number: no logic
            continue
        scaled = constant_product(source.width, alpha, conditions)
        products = max(products, scaled.dsp)
        cost += (fabric.compare(source.width) + fabric.choose(node.result.width) + scaled).times(count)
    latency = fabric.stages(fabric.choose_delay(1) + fabric.product_delay(min(1, products)), conditions)
    return elementwise(node, cost, latency, conditions, live_bits=source.width, sources=sources)


def _chosen(node: Node, sources: tuple[Node, ...], choices: int, conditions: Conditions) -> Module:
    """A module of `choices` comparisons with selections a number, and a cast."""
    source = sources[0].result
    width = source.width
    one = (fabric.compare(width) + fabric.choose(node.result.width)).times(choices) + fabric.cast(source, node.result)
    latency = fabric.stages(fabric.choose_delay(choices), conditions)
    return elementwise(node, one.times(node.size), latency, conditions, live_bits=width, sources=sources)


@module.register
def _(node: ThresholdedRelu, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    return _chosen(node, sources, 1, conditions)


@module.register(ClippedRelu)
@module.register(TernaryTanh)
@module.register(TernaryThreshold)
def _two_choices(node: Node, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    return _chosen(node, sources, 2, conditions)


@module.register
def _(node: BinaryThreshold, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    width = sources[0].result.width
    cost = (fabric.compare(width) + fabric.choose(1)).times(node.size)
    return elementwise(
        node, cost, fabric.stages(fabric.choose_delay(1), conditions), conditions, live_bits=1, sources=sources
    )


@module.register
def _(node: Quantizer, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    source, cost = sources[0].result, Cost()
    for type_, places in node.types:
        if type_ is not None:
            cost += (fabric.cast(source, type_) + fabric.cast(type_, node.result)).times(int(places.size))
    return elementwise(node, cost, 0, conditions, live_bits=node.result.width, sources=sources)


@module.register
def _(node: HardActivation, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    source = sources[0].result
    scaled = constant_product(source.width, int(node.slope[0]), conditions)
    width = source.width + node.slope_type.width
    unit = node.shift_type.width  # the line is moved into 0 to 1
    one = scaled + fabric.add(width) + (fabric.compare(width) + fabric.choose(unit)).times(2)
    adders = 1
    if node.function is HardFunction.HARD_TANH:
        one, adders = one + fabric.add(unit), 2
    one += fabric.cast(node.slope_type, node.result)
    delay = fabric.product_delay(min(1, scaled.dsp)) + fabric.add_delay(adders) + fabric.choose_delay(2)
    latency = fabric.stages(delay, conditions)
    return elementwise(node, one.times(node.size), latency, conditions, live_bits=width, sources=sources)


def lookup(
    node: Node,
    sources: tuple[Node, ...],
    entries: np.ndarray,
    index: Cost,
    delay_ns: float,
    live_bits: int,
    conditions: Conditions,
) -> Module:
    """A module with one table lookup a number.

    Args:
        node: the layer.
        sources: the nodes that it reads.
        entries: of the table.
        index: what making an index and choosing a result take for one number.
        delay_ns: of making an index.
        live_bits: bits of a number that wait where making an index takes clocks of its own.
        conditions: what is asked for.
    """
    before = fabric.stages(delay_ns + _TABLE_NS, conditions)
    latency = _TABLE_READ + before
    bits = fabric.value_bits(entries)
    one = index + fabric.registers(before, live_bits)
    family = FAMILY_OF[type(node)]
    if not streams(conditions):
        stored = fabric.table(entries.size, bits, node.size)
        return finished(family, one.times(node.size) + stored + fabric.ports(sources), latency, 1)
    trips, lanes = pieces(node.shape), node.shape[-1]
    cycles = latency if trips == 1 else loop_cycles(trips, 1, latency + 1)
    cost = one.times(lanes) + fabric.table(entries.size, bits, lanes) + process(trips)
    return finished(family, cost, cycles, cycles + 1)


def _index_bits(entries: np.ndarray) -> int:
    return max(1, int(entries.size - 1).bit_length())


@module.register
def _(node: TableActivation, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    source, bits = sources[0].result, _index_bits(node.table)
    rounded = fabric.add(source.width) + fabric.choose(source.width)
    moved = fabric.add(bits + 3)
    clamped = (fabric.compare(bits + 3) + fabric.choose(bits)).times(2)
    index = rounded + moved + clamped + fabric.cast(node.table_type, node.result)
    delay = fabric.add_delay(2) + fabric.choose_delay(2)
    return lookup(node, sources, node.table, index, delay, source.width + bits, conditions)


def _one_sided(node: Elu | Selu, sources: tuple[Node, ...], below: Cost, above: Cost, conditions: Conditions) -> Module:
    """A table for what is negative, and x, perhaps times a constant, for the rest."""
    width, bits = sources[0].result.width, _index_bits(node.table)
    negated = fabric.add(width)
    clamped = fabric.compare(bits) + fabric.choose(bits)
    index = negated + clamped + fabric.choose(node.result.width) + below + above
    delay = fabric.add_delay(2) + fabric.choose_delay(2) + fabric.product_delay(min(1, below.dsp + above.dsp))
    return lookup(node, sources, node.table, index, delay, width + bits + 1, conditions)


@module.register
def _(node: Elu, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    below = constant_product(fabric.value_bits(node.table), int(node.alpha[0]), conditions)
    return _one_sided(node, sources, below, Cost(), conditions)


@module.register
def _(node: Selu, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    above = constant_product(sources[0].result.width, int(node.gain[0]), conditions)
    return _one_sided(node, sources, Cost(), above, conditions)


@module.register
def _(node: UnaryTable, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    index = fabric.cast(node.table_type, node.result)
    return lookup(node, sources, node.table, index, 0.0, sources[0].result.width, conditions)
