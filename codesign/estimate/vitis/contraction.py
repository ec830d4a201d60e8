"""Layers that multiply two results, or one and weights, along axes that both have."""

from __future__ import annotations

import math

from codesign.estimate.conditions import Conditions
from codesign.estimate.vitis import fabric
from codesign.estimate.vitis.fabric import Cost
from codesign.estimate.vitis.families import LayerFamily, finished
from codesign.estimate.vitis.matrix import Matrix, matrix_module
from codesign.estimate.vitis.module import Module, module
from codesign.estimate.vitis.streams import require_parallel
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


@module.register
def _(node: Dot, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    require_parallel(node, conditions)
    left, right = sources
    reuse = conditions.reuse.get(node.name, 1)
    cost, latency = _sums(1, left.size, left.result, right.result, node.accumulator, reuse, conditions)
    cost += fabric.cast(node.accumulator, node.result) + fabric.ports(sources)
    return finished(LayerFamily.CONTRACTION, cost, latency, reuse)


@module.register
def _(node: Einsum, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    require_parallel(node, conditions)
    left, right = sources
    reuse = conditions.reuse.get(node.name, 1)
    cost, latency = _sums(node.size, node.n_contract, left.result, right.result, node.accumulator, reuse, conditions)
    cost += fabric.cast(node.accumulator, node.result).times(node.size)
    return finished(LayerFamily.CONTRACTION, cost + fabric.ports(sources), latency, reuse)


@module.register
def _(node: EinsumDense, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    require_parallel(node, conditions)
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
    return finished(LayerFamily.CONTRACTION, cost + fabric.ports(sources), latency, reuse)
