"""What each layer did with some samples: its integers, its range, what wrapped, saturated, or was never used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from codesign.graph import FixedPoint, Graph, Node, Overflow
from codesign.graph.cast import Integers, cast, count
from codesign.simulate.execute import check_inputs, operands_of, widen_input
from codesign.simulate.kernels import Operand, accumulator_overflows, before_result, precast


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
        wrapped: results outside the range before the cast, of a type that wraps.
        saturated: results outside the range before the cast, of a type that saturates.
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
    wrapped: int
    saturated: int
    accumulator_overflowed: int | None
    headroom: int | None
    dead_bits: int | None

    @property
    def overflowed(self) -> int:
        """Results outside the range before the cast."""
        return self.wrapped + self.saturated


_WRAPS = (Overflow.WRAP, Overflow.WRAP_SM)


def _layer(node: Node, operands: Sequence[Operand]) -> LayerTrace:
    before, fraction = precast(node, operands)
    values = cast(before, fraction, node.result, source=before_result(node, [item.type for item in operands]))
    counts = count(before, fraction, node.result)
    wraps = node.result.overflow in _WRAPS
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
        counts.overflowed if wraps else 0,
        0 if wraps else counts.overflowed,
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
    check_inputs(graph, inputs)
    results: dict[str, Integers] = {name: widen_input(values) for name, values in inputs.items()}
    found = []
    for node in graph:
        found.append(_layer(node, operands_of(graph, node, results)))
        results[node.name] = found[-1].values
    return tuple(found)
