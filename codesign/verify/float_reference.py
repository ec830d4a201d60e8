"""Where a float32 model cannot be met exactly: declared from the Graph alone, before anything is compared."""

from __future__ import annotations

from functools import singledispatch

import numpy as np

from codesign.graph import Dense, FixedPoint, Graph, IntArray, Node, Normalize, Softmax, SoftmaxImplementation

FLOAT32_BITS = 24


def _bits(magnitude: int, trailing: int) -> int:
    """Significant bits of sums up to `magnitude` whose terms are all multiples of `2**trailing`."""
    return max(magnitude.bit_length() - trailing, 0)


def _trailing_zeros(values: IntArray) -> int:
    nonzero = [int(v) for v in np.unique(values) if v]
    return min(((v & -v).bit_length() - 1 for v in nonzero), default=0)


def _sum_bits(
    reach: int, weight: IntArray, weight_fraction: int, bias: IntArray, bias_fraction: int, source: FixedPoint
) -> int:
    """Bits that float32 must hold so that no partial sum of `x @ weight + bias` is rounded."""
    fraction = max(source.fraction + weight_fraction, bias_fraction)
    up = fraction - source.fraction - weight_fraction
    terms = np.abs(weight).astype(object).sum(axis=0) * reach * (1 << up)
    total = terms + np.abs(bias).astype(object) * (1 << (fraction - bias_fraction))
    step = min(_trailing_zeros(weight) + up, _trailing_zeros(bias) + fraction - bias_fraction if bias.any() else 10**9)
    return max((_bits(int(value), step) for value in np.asarray(total).ravel()), default=0)


@singledispatch
def inexact_in_float32(node: Node, source: FixedPoint) -> str | None:
    """Why float32 arithmetic cannot reproduce this node exactly; None where it does."""
    return None


@inexact_in_float32.register
def _(node: Dense, source: FixedPoint) -> str | None:
    reach = max(source.max_int, -source.min_int)
    bits = _sum_bits(reach, node.weight, node.weight_type.fraction, node.bias, node.bias_type.fraction, source)
    return _too_wide(bits)


@inexact_in_float32.register
def _(node: Normalize, source: FixedPoint) -> str | None:
    reach = max(source.max_int, -source.min_int)
    scale = node.scale.reshape(1, -1)
    return _too_wide(_sum_bits(reach, scale, node.scale_type.fraction, node.bias, node.bias_type.fraction, source))


@inexact_in_float32.register
def _(node: Softmax, source: FixedPoint) -> str | None:
    if node.implementation is SoftmaxImplementation.ARGMAX:
        return None
    return "hardware softmax is a pair of lookup tables"


def _too_wide(bits: int) -> str | None:
    if bits <= FLOAT32_BITS:
        return None
    return f"sums need {bits} bits, the model's float32 holds {FLOAT32_BITS}"


def float32_approximations(graph: Graph) -> dict[str, str]:
    """By node name, why a float32 model meets it only approximately: its own arithmetic, or a node before it."""
    found: dict[str, str] = {}
    for node in graph:
        before = [name for name in node.inputs if name in found]
        own = inexact_in_float32(node, graph[node.inputs[0]].result) if node.inputs else None
        if own is not None:
            found[node.name] = own
        elif before:
            origin = found[before[0]]
            found[node.name] = origin if origin.startswith("follows") else f"follows {before[0]!r}: {origin}"
    return found
