"""GarNet's layers (nnet_garnet.h), number by number as `codesign.simulate.kernels.garnet` computes them."""

from __future__ import annotations

from collections.abc import Sequence
from math import log2

import numpy as np

from codesign.errors import UnsupportedLayerError
from codesign.graph import FixedPoint, GarNet, GarNetReference, IntArray, VertexCollapse
from codesign.graph.nodes.garnet import DISTANCE
from codesign.rtl.arithmetic import (
    Variable,
    any_bit,
    bits,
    choose,
    constant,
    either,
    is_negative,
    join,
    look_up,
    shift_left,
    shift_right,
    wrap,
)
from codesign.rtl.logic.base import LARGEST_TABLE_BITS, Wires, check_parameters, precast
from codesign.rtl.logic.division import divided
from codesign.rtl.logic.number import Number, select
from codesign.simulate.ap import Ap

_UNSIGNED = FixedPoint(False, 32, 32)

# By vertex, or by output.
Rows = list[list[Number]]


def _features(x: Wires) -> Rows:
    n = x.shape[1]
    return [[Number(v, x.type) for v in x.values[start : start + n]] for start in range(0, len(x.values), n)]


def _line(
    row: Sequence[Number], weight: IntArray, weight_type: FixedPoint, start: Number, to: FixedPoint, *, casts: bool
) -> Number:
    """`start` and the products of a row with constants, every sum cast; every product too where `casts` says so."""
    found = start.to(to)
    for number, value in zip(row, weight, strict=True):
        product = number * Number.constant(int(value), weight_type)
        found = (found + (product.to(to) if casts else product)).to(to)
    return found


def _edge_weight(node: GarNet | GarNetReference, distance: Number) -> Number:
    word = wrap(distance.to(DISTANCE).value, False, DISTANCE.width)
    return Number(look_up(word, [int(value) for value in node.table]), node.table_type)


def _whole(count: Number, vertices: int) -> tuple[Variable, Variable, int]:
    """The whole part of a count, whether it has a fraction, and how many bits the vertices' number takes."""
    fraction = count.type.fraction
    whole = shift_right(count.value, min(fraction, bits(count.value) + 1)) if fraction > 0 else count.value
    part = any_bit(wrap(count.value, False, fraction)) if fraction > 0 else constant(0)
    return shift_left(whole, max(-fraction, 0)), part, vertices.bit_length()


def _reaches(whole: Variable, vertices: int) -> Variable:
    """Whether a whole number is not below the number of vertices."""
    type_ = FixedPoint(True, bits(whole) + 1, bits(whole) + 1)
    return Number(whole, type_) >= Number.constant(vertices)


def _visits(node: GarNet, count: Number, vertices: int) -> list[Variable]:
    """For every vertex, whether hls4ml's loops visit it."""
    group = vertices >> node.log2_reuse_factor
    most = node.reuse_factor * group
    whole, part, width = _whole(count, vertices)
    index = join(wrap(whole, False, width), part, 1)
    visited = [min((w // group + 1) * group if p else w, most) for w in range(1 << width) for p in range(2)]
    all_of_them = either(is_negative(count.value), _reaches(whole, vertices))
    flags = [look_up(index, [int(reached > vertex) for reached in visited]) for vertex in range(vertices)]
    return [choose(all_of_them, constant(int(most > vertex)), flag) for vertex, flag in enumerate(flags)]


def _visits_until(count: Number, vertices: int) -> list[Variable]:
    """The same for the reference: its loop ends at a vertex of exactly that number, or never."""
    whole, part, width = _whole(count, vertices)
    never = either(either(is_negative(count.value), part), _reaches(whole, vertices))
    index = wrap(whole, False, width)
    flags = [look_up(index, [int(w > vertex) for w in range(1 << width)]) for vertex in range(vertices)]
    return [either(never, flag) for flag in flags]


def _reciprocal(node: GarNet, count: Number, vertices: int) -> Number:
    """What sums are multiplied by to be means over the vertices that count."""
    width = count.type.width
    if width > LARGEST_TABLE_BITS:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: it divides by a count of {width} bits, the RTL flow has reciprocals of at most "
            f"{LARGEST_TABLE_BITS}; state a narrower type for the count with --precision"
        )
    words = np.arange(1 << width)
    numbers = np.where(words > count.type.max_int, words - (1 << width), words)
    dividend = Ap(np.full(words.size, vertices // node.reuse_factor), _UNSIGNED)
    found = (dividend / Ap(np.where(numbers == 0, 1, numbers), count.type)).to(node.norm_type)
    return Number(look_up(wrap(count.value, False, width), [int(v) for v in found.values]), node.norm_type)


def _means(
    node: GarNet, features: Rows, weights: Rows, count: Number, visits: Sequence[Variable]
) -> tuple[list[Number], Rows]:
    """Of edges' weights, and of the features times them, by aggregator."""
    vertices, n_in, aggregators = len(features), len(features[0]), node.distance_bias.size
    group = vertices >> node.log2_reuse_factor
    down = int(log2(vertices)) - node.log2_reuse_factor
    scale = _reciprocal(node, count, vertices) if node.mean_by_count else None

    def summed(terms: Sequence[Number], type_: FixedPoint) -> Number:
        total = Number(constant(0), type_)
        for start in range(0, min(vertices, node.reuse_factor * group), group):
            local = Number(constant(0), type_)
            for vertex in range(start, min(start + group, vertices)):
                local = select(visits[vertex], local + terms[vertex], local, type_)
            total = select(visits[start], total + local.shifted(-down), total, type_)
        return total.shifted(-node.log2_reuse_factor) if scale is None else total * scale

    source = features[0][0].type
    weight = [
        summed([row[a] for row in weights], node.weight_accumulator).to(node.table_type) for a in range(aggregators)
    ]
    feature = [
        [
            summed([(x[f] * w[a]).to(source) for x, w in zip(features, weights, strict=True)], node.accumulator).to(
                node.accumulator
            )
            for f in range(n_in)
        ]
        for a in range(aggregators)
    ]
    return weight, feature


def _base(node: GarNet, weight: Sequence[Number], feature: Rows) -> Rows:
    """By output and aggregator."""
    found = []
    for output in range(node.output_bias.size):
        row = []
        for a, mean in enumerate(feature):
            start = weight[a] * Number.constant(int(node.input_bias[output, a]), node.input_bias_type)
            values = node.input_weight[output, a]
            row.append(_line(mean, values, node.input_weight_type, start, node.accumulator, casts=False))
        found.append(row)
    return found


def _mean_result(node: GarNet, weight: Sequence[Number], base: Rows, count: Number, vertices: int) -> list[Number]:
    found = []
    for output, row in enumerate(base):
        bias = Number.constant(int(node.output_bias[output]), node.output_bias_type)
        if not node.mean_by_count:
            scaled = (bias.to(node.accumulator) * count).to(node.accumulator)
            bias = scaled.shifted(-int(log2(vertices))).to(node.output_bias_type)
        result = bias.to(node.result)
        for mean, value in zip(weight, row, strict=True):
            result = (result + mean * value).to(node.result)
        found.append(result)
    return found


def _counted(result: Rows, visits: Sequence[Variable]) -> list[Variable]:
    """By vertex; 0 for those that are not visited."""
    return [
        choose(visit, number.value, constant(0)) for row, visit in zip(result, visits, strict=True) for number in row
    ]


@precast.register
def _(node: GarNet, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    features, count = _features(operands[0]), Number(operands[1].values[0], operands[1].type)
    visits = _visits(node, count, len(features))
    weights = [
        [
            _edge_weight(
                node,
                _line(
                    row,
                    node.distance_weight[a],
                    node.distance_weight_type,
                    Number.constant(int(node.distance_bias[a]), node.distance_bias_type),
                    DISTANCE,
                    casts=True,
                ),
            )
            for a in range(node.distance_bias.size)
        ]
        for row in features
    ]
    weight, feature = _means(node, features, weights, count, visits)
    base = _base(node, weight, feature)
    if node.collapse is VertexCollapse.MEAN:
        return [n.value for n in _mean_result(node, weight, base, count, len(features))], node.result.fraction
    result = []
    for edges in weights:
        row = []
        for output, values in enumerate(base):
            total = Number.constant(int(node.output_bias[output]), node.output_bias_type).to(node.result)
            for edge, value in zip(edges, values, strict=True):
                total = (total + (edge * value).to(node.result)).to(node.result)
            row.append(total)
        result.append(row)
    return _counted(result, visits), node.result.fraction


@check_parameters.register
def _(node: GarNetReference) -> None:
    if node.mean_by_count:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: the RTL flow has no division of GarNet's reference by the number of vertices; "
            "let hls4ml compute the layer without ref_impl, or with the mean over all vertices"
        )


@precast.register
def _(node: GarNetReference, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    features, count = _features(operands[0]), Number(operands[1].values[0], operands[1].type)
    accumulator, vertices = node.accumulator, len(features)
    visits = _visits_until(count, vertices)

    def lines(row: Sequence[Number], weight: IntArray, type_: FixedPoint, starts: Sequence[Number]) -> list[Number]:
        return [
            _line(row, values, type_, start, accumulator, casts=False)
            for values, start in zip(weight, starts, strict=True)
        ]

    input_bias = [Number.constant(int(value), node.input_bias_type) for value in node.input_bias]
    distance_bias = [Number.constant(int(value), node.distance_bias_type) for value in node.distance_bias]
    propagated = [lines(row, node.input_weight, node.input_weight_type, input_bias) for row in features]
    distances = [lines(row, node.distance_weight, node.distance_weight_type, distance_bias) for row in features]
    weights = [[_edge_weight(node, distance) for distance in row] for row in distances]
    zero = Number(constant(0), accumulator)
    result: Rows = [
        [Number.constant(int(bias), node.output_bias_type).to(accumulator) for bias in node.output_bias]
        for _ in features
    ]
    for a in range(node.distance_bias.size):
        means = []
        for p in range(node.input_bias.size):
            aggregated = zero
            for vertex in range(vertices):
                more = aggregated + weights[vertex][a] * propagated[vertex][p]
                aggregated = select(visits[vertex], more, aggregated, accumulator)
            means.append(divided(aggregated, vertices, _UNSIGNED).to(accumulator))
        for output in range(node.output_bias.size):
            values = node.output_weight[output, a]
            total = _line(means, values, node.output_weight_type, zero, accumulator, casts=False)
            for row, edges in zip(result, weights, strict=True):
                row[output] = (row[output] + edges[a] * total).to(accumulator)
    return _counted(result, visits), accumulator.fraction
