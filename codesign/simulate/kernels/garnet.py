"""GarNet's layers (nnet_garnet.h)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.errors import InputDataError
from codesign.graph import FixedPoint, GarNet, GarNetReference, VertexCollapse
from codesign.graph.cast import Integers
from codesign.graph.nodes.garnet import DISTANCE
from codesign.simulate.ap import Ap, Flags, choose
from codesign.simulate.kernels.operand import Operand, before_result, precast


def _at(numbers: Ap, *place: slice | int | None) -> Ap:
    """`numbers[..., place]`."""
    where = (Ellipsis, *place)
    return Ap(numbers.values[where], numbers.type)


def _vertex(numbers: Ap, vertex: int) -> Ap:
    """The numbers of one vertex; the axis of vertices is the second."""
    return Ap(numbers.values[:, vertex], numbers.type)


def _zeros(type_: FixedPoint, *shape: int) -> Ap:
    return Ap(np.zeros(shape, dtype=np.int64), type_)


def _numbers(operands: Sequence[Operand]) -> tuple[Ap, Ap]:
    """The features, and how many vertices count: (samples, vertices, features) and (samples,)."""
    features, count = operands
    first = count.values.reshape(count.values.shape[0], -1)[:, 0]
    return Ap(features.values, features.type), Ap(first, count.type)


def _refuse(node: GarNet | GarNetReference, count: Ap, wrong: Flags, why: str) -> None:
    if wrong.any():
        sample = int(np.argmax(wrong))
        raise InputDataError(
            f"node {node.name!r}: in sample {sample} the number of vertices that count is the integer "
            f"{count.values[sample]} of {count.type}, {why}"
        )


def _edge_weights(node: GarNet | GarNetReference, distance: Ap) -> Ap:
    index = np.asarray(distance.to(DISTANCE).values, dtype=np.int64) & ((1 << DISTANCE.width) - 1)
    return Ap(node.table[index], node.table_type)


def visited_vertices(node: GarNet, count: Ap, vertices: int) -> Integers:
    """How many vertices the C++'s loops visit.

    They end group by group where the count is no whole number, and not at all where it is negative: it is compared
    with an unsigned number as C would.
    """
    group, fraction = vertices >> node.log2_reuse_factor, max(count.type.fraction, 0)
    numbers = count.values.astype(object) << max(-count.type.fraction, 0)
    whole = numbers >> fraction
    grouped = -(-numbers // (group << fraction)) * group
    found = np.where(whole << fraction == numbers, whole, grouped)
    most = node.reuse_factor * group
    return np.asarray(np.minimum(np.where(numbers < 0, most, found), most), dtype=np.int64)


def _means(node: GarNet, features: Ap, weights: Ap, count: Ap, visited: Integers) -> tuple[Ap, Ap]:
    """Of edges' weights and of the features times them: (samples, aggregators) and (…, aggregators, features)."""
    samples, vertices, n_in = features.values.shape
    aggregators, group = node.distance_bias.size, vertices >> node.log2_reuse_factor
    down = int(np.log2(vertices)) - node.log2_reuse_factor
    terms = (_at(features, None, slice(None)) * _at(weights, None)).to(features.type)

    def both() -> tuple[Ap, Ap]:
        return (
            _zeros(node.weight_accumulator, samples, aggregators),
            _zeros(node.accumulator, samples, aggregators, n_in),
        )

    def added(condition: Flags, sums: tuple[Ap, Ap], more: tuple[Ap, Ap]) -> tuple[Ap, Ap]:
        (weight, feature), (weight_more, feature_more) = sums, more
        return (
            choose(condition[:, None], weight + weight_more, weight, weight.type),
            choose(condition[:, None, None], feature + feature_more, feature, feature.type),
        )

    total = both()
    for start in range(0, min(vertices, node.reuse_factor * group), group):
        local = both()
        for vertex in range(start, min(start + group, vertices)):
            local = added(vertex < visited, local, (_vertex(weights, vertex), _vertex(terms, vertex)))
        total = added(start < visited, total, (local[0].shifted(-down), local[1].shifted(-down)))
    weight, feature = total
    if not node.mean_by_count:
        shift = -node.log2_reuse_factor
        return weight.shifted(shift).to(node.table_type), feature.shifted(shift).to(node.accumulator)
    dividend = Ap(np.full(samples, vertices // node.reuse_factor), FixedPoint(False, 32, 32))
    norm = (dividend / count).to(node.norm_type)
    return (weight * _at(norm, None)).to(node.table_type), (feature * _at(norm, None, None)).to(node.accumulator)


def _output_base(node: GarNet, weight: Ap, feature: Ap) -> Ap:
    """(samples, n_out, aggregators)."""
    input_weight = Ap(node.input_weight, node.input_weight_type)
    sums = (_at(weight, None, slice(None)) * Ap(node.input_bias, node.input_bias_type)).to(node.accumulator)
    for index in range(node.input_weight.shape[-1]):
        mean = Ap(feature.values[:, None, :, index], feature.type)
        sums = (sums + mean * _at(input_weight, index)).to(node.accumulator)
    return sums


def _mean_result(node: GarNet, weight: Ap, base: Ap, count: Ap, vertices: int) -> Ap:
    bias = Ap(node.output_bias, node.output_bias_type)
    if not node.mean_by_count:
        scaled = (bias.to(node.accumulator) * _at(count, None)).to(node.accumulator)
        bias = scaled.shifted(-int(np.log2(vertices))).to(node.output_bias_type)
    result = bias.to(node.result)
    for index in range(base.values.shape[-1]):
        result = (result + _at(weight, index, None) * _at(base, index)).to(node.result)
    return result


@before_result.register
def _(node: GarNet, types: Sequence[FixedPoint]) -> FixedPoint:
    return node.result


@precast.register
def _(node: GarNet, operands: Sequence[Operand]) -> tuple[Integers, int]:
    features, count = _numbers(operands)
    samples, vertices, n_in = features.values.shape
    visited = visited_vertices(node, count, vertices)
    _refuse(node, count, visited > vertices, f"and hls4ml's C++ would read past the {vertices} there are")
    if node.mean_by_count:
        _refuse(node, count, np.asarray(count.values == 0, dtype=bool), "which hls4ml's C++ would divide by")
        negative = np.asarray((count.values < 0) & (count.type.fraction == 0), dtype=bool)
        _refuse(node, count, negative, "and hls4ml's C++ divides by what it takes for another number")
    distance = Ap(node.distance_bias, node.distance_bias_type).to(DISTANCE)
    for index in range(n_in):
        weight = Ap(node.distance_weight[:, index], node.distance_weight_type)
        distance = (distance + (_at(features, index, None) * weight).to(DISTANCE)).to(DISTANCE)
    weights = _edge_weights(node, distance)
    mean, feature = _means(node, features, weights, count, visited)
    base = _output_base(node, mean, feature)
    if node.collapse is VertexCollapse.MEAN:
        result = _mean_result(node, mean, base, count, vertices)
        return np.broadcast_to(result.values, (samples, *node.shape)), node.result.fraction
    _refuse_partial(node, count, visited, vertices)
    result = Ap(node.output_bias, node.output_bias_type).to(node.result)
    for index in range(base.values.shape[-1]):
        term = _at(weights, index, None) * Ap(base.values[:, None, :, index], base.type)
        result = (result + term.to(node.result)).to(node.result)
    return _counted(result.values, visited), node.result.fraction


def _refuse_partial(node: GarNet | GarNetReference, count: Ap, visited: Integers, vertices: int) -> None:
    if not node.partial:
        why = f"and hls4ml's C++ never sets the results of the others; let all {vertices} count"
        _refuse(node, count, visited < vertices, why)


def _counted(values: Integers, visited: Integers) -> Integers:
    """Zeros for what the C++ never sets, and nothing reads."""
    inside = np.arange(values.shape[1]) < visited[:, None]
    return np.where(inside[..., None], values, np.zeros((), dtype=np.int64))


@before_result.register
def _(node: GarNetReference, types: Sequence[FixedPoint]) -> FixedPoint:
    return node.accumulator


@precast.register
def _(node: GarNetReference, operands: Sequence[Operand]) -> tuple[Integers, int]:
    features, count = _numbers(operands)
    _, vertices, n_in = features.values.shape
    accumulator = node.accumulator
    # This loop ends at a vertex of exactly that number, or never.
    numbers, fraction = count.values.astype(object) << max(-count.type.fraction, 0), max(count.type.fraction, 0)
    ends = (numbers >= 0) & (numbers < vertices << fraction) & (numbers >> fraction << fraction == numbers)
    visited = np.asarray(np.where(ends, numbers >> fraction, vertices), dtype=np.int64)
    _refuse_partial(node, count, visited, vertices)
    if node.mean_by_count:
        _refuse(node, count, np.asarray(count.values == 0, dtype=bool), "which hls4ml's C++ would divide by")

    propagated = Ap(node.input_bias, node.input_bias_type).to(accumulator)
    distance = Ap(node.distance_bias, node.distance_bias_type).to(accumulator)
    for index in range(n_in):
        feature = _at(features, index, None)
        propagated = (propagated + feature * Ap(node.input_weight[:, index], node.input_weight_type)).to(accumulator)
        weight = Ap(node.distance_weight[:, index], node.distance_weight_type)
        distance = (distance + feature * weight).to(accumulator)
    weights = _edge_weights(node, distance)

    aggregated = _zeros(accumulator, 1, 1, 1)
    terms = _at(weights, None) * _at(propagated, None, slice(None))  # (samples, vertices, aggregators, n_propagate)
    for vertex in range(vertices):
        inside = (vertex < visited)[:, None, None]
        aggregated = choose(inside, aggregated + _vertex(terms, vertex), aggregated, accumulator)
    divisor = count if node.mean_by_count else Ap(np.full(len(visited), vertices), FixedPoint(False, 32, 32))
    aggregated = (aggregated / _at(divisor, None, None)).to(accumulator)

    sums = _zeros(accumulator, 1, 1, 1)
    for index in range(node.input_bias.size):
        weight = Ap(node.output_weight[:, :, index], node.output_weight_type)
        sums = (sums + weight * Ap(aggregated.values[:, None, :, index], accumulator)).to(accumulator)
    result = Ap(node.output_bias, node.output_bias_type).to(accumulator)
    for index in range(sums.values.shape[-1]):
        result = (result + _at(weights, index, None) * Ap(sums.values[:, None, :, index], accumulator)).to(accumulator)
    return _counted(result.values, visited), accumulator.fraction
