"""What each layer did with some samples: its integers, its range, what wrapped, saturated, or was never used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import singledispatch

import numpy as np

from codesign.graph import Dense, FixedPoint, Graph, Node
from codesign.graph.cast import Integers, count, magnitude_bits, round_to, widen
from codesign.simulate.execute import execute
from codesign.simulate.kernels import precast


@dataclass(frozen=True)
class LayerTrace:
    """One node's work on some samples.

    Attributes:
        node: its name.
        layer: the user's layer behind it ('' where there is none).
        type: of its result.
        values: (samples, *shape) integers of that type.
        low: smallest integer; None where there are no samples.
        high: largest integer; None where there are no samples.
        rounded: results that were not on the grid before the cast.
        overflowed: results outside the range before the cast (they wrapped or saturated, as the type says).
        accumulator_overflowed: sums outside the accumulator's range; None where there is no accumulator.
        headroom: high bits of the type that no sample used; None where there are no samples.
        dead_bits: low bits of the type that are zero in every sample; None where all values are zero.
    """

    node: str
    layer: str
    type: FixedPoint
    values: Integers
    low: int | None
    high: int | None
    rounded: int
    overflowed: int
    accumulator_overflowed: int | None
    headroom: int | None
    dead_bits: int | None


@singledispatch
def accumulator_overflows(node: Node, x: Integers, source: FixedPoint) -> int | None:
    """How many sums left the accumulator's range; None for a node without an accumulator."""
    return None


@accumulator_overflows.register
def _(node: Dense, x: Integers, source: FixedPoint) -> int | None:
    flat = x.reshape(x.shape[0], -1)
    accumulator = node.accumulator
    fraction = source.fraction + node.weight_type.fraction
    bits = magnitude_bits(flat) + magnitude_bits(node.weight) + 1
    total = np.broadcast_to(round_to(node.bias, node.bias_type.fraction, accumulator), (flat.shape[0], node.shape[0]))
    for row, weight in enumerate(node.weight):
        product = round_to(widen(flat[:, row : row + 1], bits) * weight, fraction, accumulator)
        total = widen(total, max(magnitude_bits(total), magnitude_bits(product)) + 1) + product
    return count(total, accumulator.fraction, accumulator).overflowed


def _layer(node: Node, values: Integers, x: Integers, source: FixedPoint) -> LayerTrace:
    before, fraction = precast(node, x, source)
    counts = count(before, fraction, node.result)
    low = int(values.min()) if values.size else None
    high = int(values.max()) if values.size else None
    headroom = dead = None
    if low is not None and high is not None:
        used = max(high.bit_length(), (-low - 1).bit_length() if low < 0 else 0)
        headroom = node.result.width - int(node.result.signed) - used
        union = int(np.bitwise_or.reduce(values.ravel()))
        dead = (union & -union).bit_length() - 1 if union else None
    return LayerTrace(
        node.name,
        node.source,
        node.result,
        values,
        low,
        high,
        counts.rounded,
        counts.overflowed,
        accumulator_overflows(node, x, source),
        headroom,
        dead,
    )


def trace(graph: Graph, inputs: Mapping[str, Integers]) -> tuple[LayerTrace, ...]:
    """What every node did, in the Graph's order.

    Args:
        graph: the design.
        inputs: by port, (samples, *shape) integers of its type.

    Raises:
        InputDataError: the inputs do not fit the ports.
    """
    results = execute(graph, inputs)
    found = []
    for node in graph:
        source = graph[node.inputs[0]] if node.inputs else node
        found.append(_layer(node, results[node.name], results[source.name], source.result))
    return tuple(found)
