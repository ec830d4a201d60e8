"""Layers that multiply two results, or one and weights, along axes that both have."""

from __future__ import annotations

import math

from codesign.estimate.conditions import Conditions
from codesign.estimate.vitis import fabric
from codesign.estimate.vitis.fabric import Cost
from codesign.estimate.vitis.families import LayerFamily, finished
from codesign.estimate.vitis.matrix import Matrix, matrix_module
from codesign.estimate.vitis.module import Module, module
from codesign.estimate.vitis.streams import pieces, process, streams
from codesign.graph import Dot, Einsum, EinsumDense, FixedPoint, Node


def _sums(
    sums: int,
    terms: int,
    left: FixedPoint,
    right: FixedPoint,
    accumulator: FixedPoint,
    reuse: int,
    conditions: Conditions,
) -> tuple[Cost, int]:
    """What so many sums of products take, and their latency."""
    multipliers = math.ceil(sums * terms / reuse)
    products = fabric.product(left.width, right.width, conditions).times(multipliers)
    added = fabric.add_all(terms, accumulator.width).times(sums)
    cast = fabric.cast(FixedPoint(True, left.width + right.width, left.integer + right.integer), accumulator)
    delay = fabric.product_delay(1) + fabric.add_delay(math.ceil(math.log2(max(1, terms))))
    latency = fabric.stages(delay, conditions) + reuse - 1
    chosen = fabric.multiplex(reuse, left.width).times(2 * multipliers) if reuse > 1 else Cost()
    waiting = fabric.registers(latency * sums, accumulator.width)
    return products + added + cast.times(multipliers) + chosen + waiting, latency


def _buffered(
    node: Node, sources: tuple[Node, ...], cost: Cost, latency: int, reuse: int, conditions: Conditions
) -> Module:
    """In io_stream, both operands are read whole before, and the result is written piece by piece after."""
    if not streams(conditions):
        return finished(LayerFamily.CONTRACTION, cost, latency, reuse)
    for source in sources:
        cost += fabric.held(source.size, source.result.width)
    trips = max(pieces(source.shape) for source in sources)
    cycles = trips + latency + pieces(node.shape) + 2
    return finished(LayerFamily.CONTRACTION, cost + process(trips) + process(2), cycles, cycles + 1)


@module.register
def _(node: Dot, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    left, right = sources
    reuse = conditions.reuse.get(node.name, 1)
    cost, latency = _sums(1, left.size, left.result, right.result, node.accumulator, reuse, conditions)
    return _buffered(node, sources, cost + fabric.cast(node.accumulator, node.result), latency, reuse, conditions)


@module.register
def _(node: Einsum, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    left, right = sources
    reuse = conditions.reuse.get(node.name, 1)
    cost, latency = _sums(node.size, node.n_contract, left.result, right.result, node.accumulator, reuse, conditions)
    cost += fabric.cast(node.accumulator, node.result).times(node.size)
    return _buffered(node, sources, cost, latency, reuse, conditions)


@module.register
def _(node: EinsumDense, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    places, _, _ = node.weight.shape
    free = node.bias.shape[1]
    reuse = conditions.reuse.get(node.name, 1)
    cost, latency = Cost(), 0
    for place in range(places):
        one = matrix_module(
            Matrix(
                node,
                sources[0].result,
                node.weight[place],
                node.weight_type,
                node.bias[place, 0],
                node.bias_type,
                node.accumulator,
                node.result,
                "latency",
                reuse,
                node.product,
                node.exponent_width,
            ),
            conditions,
        )
        cost, latency = cost + one.cost.times(free), max(latency, one.latency)
    return _buffered(node, sources, cost, latency, reuse, conditions)
