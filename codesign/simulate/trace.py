"""What each layer did with some samples: its integers, its range, what wrapped, saturated, or was never used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from codesign.graph import FixedPoint, Graph, Node
from codesign.graph.cast import Integers, count
from codesign.simulate.execute import execute, operands_of
from codesign.simulate.kernels import Operand, accumulator_overflows, precast


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


def _layer(node: Node, values: Integers, operands: Sequence[Operand]) -> LayerTrace:
    before, fraction = precast(node, operands)
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
        accumulator_overflows(node, operands),
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
    return tuple(_layer(node, results[node.name], operands_of(graph, node, results)) for node in graph)
